/**
 * Real gdb against a stub: ours, or QEMU's with the same guest, so that a script can run on both and the
 * differences stand in a test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tool, workFolder } from '../guests/build.ts';
import { TRAPGATE } from './command.ts';

const GUESTS = fileURLToPath(new URL('../guests/', import.meta.url));
const READY_MS = 20_000;
/** A gdb that takes longer waits for something that will not come; its output says for what. */
const GDB_MS = 100_000;
let sockets = 0;
let debuggee: string | undefined;

/** A machine that waits for gdb. */
export interface Stub {
  readonly socket: string;
  readonly process: ChildProcess;
  /** What it printed so far. */
  output(): string;
  /** Resolves with its exit status. */
  readonly ended: Promise<number | undefined>;
  kill(): void;
}

/** The guest of the gdb tests: C without optimisation, with debug information, flat at 1 MiB. */
export function debuggeePath(): string {
  if (debuggee !== undefined) return debuggee;
  const out = join(workFolder(), 'debuggee');
  const flags = ['-m32', '-march=i386', '-O0', '-g', '-ffreestanding', '-fno-pic', '-fno-stack-protector'];
  tool('as', ['--32', '-g', '-I', GUESTS, '-o', `${out}-start.o`, 'debuggee.S'], GUESTS);
  tool(
    'gcc',
    [...flags, '-fcf-protection=none', '-fno-asynchronous-unwind-tables', '-c', '-o', `${out}-c.o`, 'debuggee.c'],
    GUESTS,
  );
  const link = ['-m', 'elf_i386', '--build-id=none', '-z', 'noexecstack', '-T', join(GUESTS, 'default.ld')];
  tool('ld', [...link, '-o', `${out}.elf`, `${out}-start.o`, `${out}-c.o`]);
  debuggee = `${out}.elf`;
  return debuggee;
}

function newSocket(): string {
  return join(workFolder(), `stub${++sockets}`);
}

/** `trapgate run IMAGE --gdb SOCKET`. */
export function trapgateStub(image: string, options: readonly string[] = []): Promise<Stub> {
  const socket = newSocket();
  return start(process.execPath, [TRAPGATE, 'run', image, '--gdb', socket, ...options], socket);
}

/** QEMU with the same guest, stopped at its reset vector; a shutdown keeps the machine for inspection. */
export function qemuStub(image: string, kind: 'kernel' | 'disk' = 'kernel'): Promise<Stub> {
  const socket = newSocket();
  const quiet = ['-display', 'none', '-serial', 'null', '-monitor', 'none', '-no-reboot', '-no-shutdown'];
  const stub = ['-S', '-gdb', `unix:${socket},server=on,wait=off`];
  return start(
    'qemu-system-i386',
    [
      ...(kind === 'kernel' ? ['-kernel', image] : ['-drive', `file=${image},format=raw`]),
      '-m',
      '128',
      ...quiet,
      ...stub,
    ],
    socket,
  );
}

async function start(command: string, args: readonly string[], socket: string): Promise<Stub> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd: workFolder() });
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<number | undefined>((resolve) =>
    child.on('close', (status) => resolve(status ?? undefined)),
  );
  const limit = Date.now() + READY_MS;
  // The socket's file is there a moment before somebody listens; ours says when.
  while (!existsSync(socket) || (command === process.execPath && !text.includes('target remote'))) {
    if (Date.now() > limit || child.exitCode !== null) throw new Error(`no stub came up: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return { socket, process: child, output: () => text, ended, kill: () => child.kill('SIGKILL') };
}

export interface GdbRun {
  /** What it and the guest printed, errors among it, in the order in which it came. */
  readonly output: string;
  /** Without errors: those come by another stream and could be anywhere. */
  readonly answers: string;
  readonly status: number | undefined;
}

const SETTINGS = ['set pagination off', 'set confirm off', 'set width 0', 'set remotetimeout 20'];

/**
 * Runs gdb in batch mode. `@CONNECT` in the script stands for connecting.
 * @param interruptAfter sends SIGINT, as ^C does, once gdb has printed this
 */
export function gdb(
  stub: Stub,
  image: string | undefined,
  script: readonly string[],
  interruptAfter?: string,
): Promise<GdbRun> {
  const commands = [...SETTINGS, ...script.map((line) => line.replace('@CONNECT', `target remote ${stub.socket}`))];
  const args = ['-q', '-nx', '-batch', ...commands.flatMap((line) => ['-ex', line])];
  const child = spawn('gdb', image === undefined ? args : [...args, image], {
    cwd: GUESTS,
    // Bytes that are no ASCII are escapes, and not characters of whoever runs the tests.
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let answers = '';
  let interrupted = false;
  const take = (part: string) => {
    output += part;
    if (interruptAfter === undefined || interrupted || !output.includes(interruptAfter)) return;
    interrupted = true;
    // The text comes just before the packet that starts the guest.
    setTimeout(() => child.kill('SIGINT'), 300);
  };
  child.stdout.setEncoding('latin1').on('data', (part: string) => {
    answers += part;
    take(part);
  });
  child.stderr.setEncoding('latin1').on('data', take);
  const patience = setTimeout(() => {
    output += '\n[gdb did not end in time]\n';
    child.kill('SIGKILL');
  }, GDB_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      clearTimeout(patience);
      resolve({ output, answers, status: status ?? undefined });
    });
  });
}

/** Starts a stub, runs the script, ends the stub. */
export async function onStub(
  open: Promise<Stub>,
  image: string | undefined,
  script: readonly string[],
  interruptAfter?: string,
): Promise<string> {
  const stub = await open;
  try {
    return (await gdb(stub, image, script, interruptAfter)).output;
  } finally {
    stub.kill();
  }
}

/** The same script on both. */
export async function onBoth(
  image: string,
  script: readonly string[],
  interruptAfter?: string,
): Promise<{ ours: string; qemu: string }> {
  const ours = await onStub(trapgateStub(image), image, script, interruptAfter);
  const qemu = await onStub(qemuStub(image), image, script, interruptAfter);
  return { ours, qemu };
}
