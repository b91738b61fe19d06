/**
 * Finds vectors in a file or folder: `.jsonl` (hwvec), `.MOO`, each also as `.gz` or `.xz`, and `.tar.xz`
 * of them. Anything else in a folder is left alone.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { UserError } from '../../../core/util/errors.ts';
import { parseHwvec } from './hwvec.ts';
import { parseMoo } from './moo.ts';
import type { Vector } from './vector.ts';

const PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];
const KNOWN = /\.(jsonl|moo)(\.gz|\.xz)?$|\.tar\.xz$/i;

function unxz(bytes: Uint8Array): Uint8Array {
  const result = spawnSync('xz', ['-dc'], { input: bytes, maxBuffer: 1 << 30 });
  if (result.status === 0) return result.stdout;
  throw new UserError('vectors-xz', result.error ? 'xz is needed to unpack .xz files' : 'damaged .xz file');
}

/** Regular files of a tar archive: 512-byte headers with name at 0 and octal size at 124 (POSIX ustar). */
function* untar(bytes: Uint8Array): Generator<[name: string, content: Uint8Array]> {
  const text = (at: number, length: number) => new TextDecoder().decode(bytes.subarray(at, at + length)).split('\0')[0];
  for (let at = 0; at + 512 <= bytes.length && bytes[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12), 8);
    yield [text(at, 100), bytes.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}

function* parse(name: string, bytes: Uint8Array, classes: string): Generator<Vector> {
  const lower = name.toLowerCase();
  if (lower.endsWith('.tar.xz')) {
    for (const [inner, content] of untar(unxz(bytes))) yield* parse(inner, content, classes);
  } else if (lower.endsWith('.gz')) yield* parse(name.slice(0, -3), unzip(name, bytes), classes);
  else if (lower.endsWith('.xz')) yield* parse(name.slice(0, -3), unxz(bytes), classes);
  else if (lower.endsWith('.jsonl')) yield* parseHwvec(new TextDecoder().decode(bytes), classes);
  else if (lower.endsWith('.moo')) {
    const vectors = parseMoo(bytes, name.slice(0, -4));
    yield* classes.includes('f') ? vectors : vectors.filter((vector) => !isFpu(vector.code));
  }
}

/** True for the x87 escapes D8–DF, behind prefixes or not. */
function isFpu(code: Uint8Array): boolean {
  const opcode = code.find((byte) => !PREFIXES.includes(byte)) ?? 0;
  return (opcode & 0xf8) === 0xd8;
}

function unzip(name: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch {
    throw new UserError('vectors-gz', `damaged .gz file: ${name}`);
  }
}

/**
 * @param classes hwvec classes to take, see INTEGER_CLASSES; x87 forms of MOO files count as `f`
 * @throws UserError for a path that does not exist or holds no vectors
 */
export function* vectorsIn(place: string, classes: string): Generator<Vector> {
  const info = statSync(place, { throwIfNoEntry: false });
  if (!info) throw new UserError('vectors-missing', `no such file or folder: ${place}`);
  if (!info.isDirectory()) {
    if (!KNOWN.test(place)) throw new UserError('vectors-kind', `not a vector file: ${place}`, '.jsonl or .MOO');
    yield* parse(path.basename(place), readFileSync(place), classes);
    return;
  }
  const files = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => KNOWN.test(name));
  for (const name of files.sort()) yield* parse(path.basename(name), readFileSync(path.join(place, name)), classes);
}
