/** Runs the built command as a user would and gathers what it leaves. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { workFolder } from '../guests/build.ts';

export const TRAPGATE = fileURLToPath(new URL('../../dist/trapgate.js', import.meta.url));

export interface CommandResult {
  /** Undefined when a signal ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  /** Written to standard input, which is then closed; without it standard input is /dev/null. */
  readonly input?: string;
  /** Sent once this text has appeared on standard output. */
  readonly signalAfter?: string;
}

export function trapgate(args: readonly string[], { input, signalAfter }: CommandOptions = {}): Promise<CommandResult> {
  const child = spawn(process.execPath, [TRAPGATE, ...args], {
    cwd: workFolder(),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let signalled = false;
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
    if (signalAfter === undefined || signalled || !stdout.includes(signalAfter)) return;
    signalled = true;
    child.kill('SIGINT');
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  if (input !== undefined) child.stdin?.end(input, 'latin1');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? undefined, stdout, stderr }));
  });
}

export interface JsonLine {
  readonly reason: string;
  readonly status: number;
  readonly steps: number;
  readonly seconds: number;
  readonly failed: string | null;
  readonly message: string;
}

/** The line that --json puts last on standard output. */
export function lastJson({ stdout }: CommandResult): JsonLine {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as JsonLine;
}

/** Path of a file in the folder the command runs in. */
export function workFile(name: string): string {
  return join(workFolder(), name);
}

export function readWorkFile(name: string): string {
  return readFileSync(workFile(name), 'latin1');
}
