/**
 * vFile: read-only access to the booted image (GDB manual, appendix E.7 "Host I/O Packets").
 * Answers are `F result[,errno][;data]`, numbers in hexadecimal.
 */
import { hex, hexToBytes } from '../../../core/index.ts';
import { type Command, command } from '../command.ts';
import { fromLatin1, MAX_PACKET } from '../packet.ts';
import { type Answer, reply, type Stub } from '../stub.ts';
import { hexNumber, hexNumbers } from '../text.ts';

// File-I/O errno values; not the host's.
const ENOENT = 2;
const EBADF = 9;
const EINVAL = 22;
const EROFS = 30;

const ACCESS_MODE = 3;
const S_IFREG_READABLE = 0o100444;

function result(value: number, data = ''): Answer {
  return reply(`F${hex(value, 1)}${data === '' ? '' : `;${data}`}`);
}

function failure(errno: number): Answer {
  return reply(`F-1,${hex(errno, 1)}`);
}

/** `hexpath,flags,mode` */
function parseOpen(rest: string): { path: string; flags: number } | undefined {
  const [pathText, flagsText, modeText, ...more] = rest.split(',');
  const path = hexToBytes(pathText ?? '');
  const flags = hexNumber(flagsText ?? '');
  if (path === undefined || flags === undefined || hexNumber(modeText ?? '') === undefined || more.length > 0) {
    return undefined;
  }
  return { path: new TextDecoder().decode(path), flags };
}

function open(stub: Stub, { path, flags }: { path: string; flags: number }): Answer {
  if ((flags & ACCESS_MODE) !== 0) return failure(EROFS);
  const descriptor = stub.files.open(path);
  return descriptor === undefined ? failure(ENOENT) : result(descriptor);
}

function pread(stub: Stub, [descriptor, count, offset]: readonly number[]): Answer {
  const content = stub.files.content(descriptor);
  if (content === undefined) return failure(EBADF);
  const start = Math.min(offset, content.length);
  const part = content.subarray(start, Math.min(start + Math.min(count, MAX_PACKET / 2), content.length));
  // The `;` stands even before no data at all.
  return reply(`F${hex(part.length, 1)};${fromLatin1(part)}`);
}

/** struct stat of the File-I/O protocol: big-endian words dev ino mode nlink uid gid rdev, then size … */
function fstat(stub: Stub, [descriptor]: readonly number[]): Answer {
  const content = stub.files.content(descriptor);
  if (content === undefined) return failure(EBADF);
  const bytes = new Uint8Array(64);
  const view = new DataView(bytes.buffer);
  view.setUint32(8, S_IFREG_READABLE);
  view.setUint32(12, 1);
  view.setUint32(32, content.length); // st_size, low half of 8 bytes at 28
  view.setUint32(40, 4096); // st_blksize
  view.setUint32(48, Math.ceil(content.length / 512)); // st_blocks
  return result(bytes.length, fromLatin1(bytes));
}

function close(stub: Stub, [descriptor]: readonly number[]): Answer {
  return stub.files.close(descriptor) ? result(0) : failure(EBADF);
}

const numbers = (count: number) => (rest: string) => hexNumbers(rest, count);

export const fileCommands: readonly Command[] = [
  command(
    'vFile:setfs:',
    (rest) => hexNumber(rest),
    () => result(0),
  ),
  command('vFile:open:', parseOpen, open),
  command('vFile:pread:', numbers(3), pread),
  command('vFile:fstat:', numbers(1), fstat),
  command('vFile:close:', numbers(1), close),
  command(
    'vFile:readlink:',
    () => true,
    () => failure(EINVAL),
  ),
  command(
    'vFile:pwrite:',
    () => true,
    () => failure(EROFS),
  ),
  command(
    'vFile:unlink:',
    () => true,
    () => failure(EROFS),
  ),
];
