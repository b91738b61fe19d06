/** Host files: reading what the user names and opening what the user asked to be written, mistakes in one line. */
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { UserError } from '../core/index.ts';

const REASONS: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EISDIR: 'it is a directory',
  EACCES: 'permission denied',
  ENOTDIR: 'part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  ENAMETOOLONG: 'the name is too long',
  EMFILE: 'too many open files',
};

/** How a failed system call is told to the user. */
export function systemReason(error: unknown): string {
  const code = errorCode(error);
  return REASONS[code] ?? (code === '' ? String(error) : code);
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** @param what for the message: `image`, `module`, `scenario` @throws UserError */
export function readInput(path: string, what: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === '') throw error;
    throw new UserError('file', `cannot read ${what} ${path}: ${systemReason(error)}`);
  }
}

/** @throws UserError */
export function writeOutput(path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

/** @throws UserError */
export function openOutput(path: string): number {
  try {
    return openSync(path, 'w');
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

export function cannotWrite(path: string, error: unknown): UserError {
  return new UserError('file', `cannot write ${path}: ${systemReason(error)}`);
}

export { closeSync as closeOutput };

/** Somebody closed the other end of our output: nobody is left to write to. */
export class OutputClosed extends Error {}

/**
 * Writes all of `bytes` before it returns. A pipe may be non-blocking (its reader shares it with somebody who
 * made it so): then we wait for room, as a blocking write would.
 * @throws OutputClosed when the reader is gone
 */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at, bytes.length - at);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EPIPE') throw new OutputClosed('the reader of the output is gone');
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
  }
}
