/** Readers of hardware vector files: what they make of good ones, and one line for damaged ones. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/util/errors.ts';
import { differences, type Result } from '../../oracle/vectors/compare.ts';
import { parseHwvec } from '../../oracle/vectors/hwvec.ts';
import { vectorsIn } from '../../oracle/vectors/sources.ts';
import { undefinedFlags } from '../../oracle/vectors/undefined-flags.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trapgate-vectors-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Uint8Array): string {
  const place = path.join(folder, name);
  writeFileSync(place, content);
  return place;
}

const form = (test: object, extra = {}) =>
  `${JSON.stringify({ n: 'add bl,cl', b: '00cb', at: 0x10000000, u: 0x10, c: 'i', t: [test], ...extra })}\n`;
const TEST = { i: [1, 2, 3, 4, 5, 6, 7, 8, 0x202], m: '00', o: [1, 2, 3, 6, 5, 6, 7, 8, 0x206], w: [] };

/** A little-endian chunk of a MOO file. */
function chunk(id: string, ...parts: (number[] | Uint8Array)[]): number[] {
  const body = parts.flatMap((part) => [...part]);
  return [...new TextEncoder().encode(id.padEnd(4)), ...word(body.length), ...body];
}
const word = (value: number) => [...new Uint8Array(new Uint32Array([value]).buffer)];
const half = (value: number) => [value & 0xff, value >>> 8];

/** One 80286 test: ADD BX,CX then HLT. */
function mooFile(): Uint8Array {
  const init = chunk('INIT', chunk('REGS', half(0x3fff), ...Array.from({ length: 14 }, (_, i) => half(i + 1))));
  const memory = chunk('RAM', word(1), word(0x50), [0xaa]);
  const final = chunk('FINA', chunk('REGS', half(2), half(0x1234)), memory);
  const name = new TextEncoder().encode('add bx,cx');
  const test = chunk(
    'TEST',
    word(7),
    chunk('NAME', word(name.length), name),
    chunk('BYTS', word(3), [1, 0xcb, 0xf4]),
    init,
    final,
    chunk('EXCP', [13], word(0)),
  );
  return Uint8Array.from([...chunk('MOO', [1, 0, 0, 0], word(1), [0x43, 0x32, 0x38, 0x36]), ...test]);
}

describe('hwvec files', () => {
  it('give registers, memory and the flags that are defined', () => {
    const [vector] = vectorsIn(file('v.jsonl', form(TEST)), 'i');
    expect(vector).toMatchObject({ name: 'add bl,cl #0', mode: 'protected', eip: 0x10000000, flagMask: 0xcd5 & ~0x10 });
    expect(vector.expected).toMatchObject({ eip: 0x10000002, eflags: 0x206, vector: undefined });
  });

  it('are filtered by class and may be compressed', () => {
    const place = file('v.jsonl.gz', gzipSync(form(TEST) + form(TEST, { c: 'f' })));
    expect([...vectorsIn(place, 'i')]).toHaveLength(1);
    expect([...vectorsIn(place, 'if')]).toHaveLength(2);
  });

  it('report a fault with the place it happened at', () => {
    const [vector] = vectorsIn(file('v.jsonl', form({ ...TEST, x: 0, eip: 0 })), 'i');
    expect(vector.expected).toMatchObject({ vector: 0, eip: 0x10000000 });
  });
});

describe('MOO files', () => {
  it('give the state before, and after it what changed', () => {
    const [vector] = vectorsIn(file('01.MOO', mooFile()), 'i');
    expect(vector).toMatchObject({ form: '01', mode: 'real', wordRegisters: true, pushedFlags: 6 * 16 + 9 - 2 });
    expect(vector.code).toEqual(Uint8Array.of(1, 0xcb));
    expect(vector.general).toEqual([1, 3, 4, 2, 9, 10, 11, 12]);
    expect(vector.expected.general[3]).toBe(0x1234);
    expect(vector.expected).toMatchObject({ vector: 13, memory: [[0x50, 0xaa]] });
  });
});

describe('damaged and missing files', () => {
  it.each([
    ['v.jsonl', '{"n":'],
    ['v.jsonl.gz', 'no gzip'],
    ['v.jsonl.xz', 'no xz'],
    ['v.MOO', 'TEST\u00ff\u00ff\u00ff\u007f'],
  ])('%s is a UserError', (name, content) => {
    expect(() => [...vectorsIn(file(name, content), 'i')]).toThrow(UserError);
  });

  it('a missing path and a file of another kind are UserErrors', () => {
    expect(() => [...vectorsIn(path.join(folder, 'none'), 'i')]).toThrow(/no such file/);
    expect(() => [...vectorsIn(file('notes.txt', ''), 'i')]).toThrow(/not a vector file/);
  });
});

describe('comparing', () => {
  const [vector] = parseHwvec(form(TEST), 'i');
  const same: Result = {
    general: vector.expected.general,
    eip: vector.expected.eip,
    eflags: vector.expected.eflags,
    selectors: [],
    vector: undefined,
    fpu: { control: 0, status: 0, tag: 0, st: [] },
    byte: () => 0,
  };

  it('finds nothing in the same state, nor in flags that are undefined', () => {
    expect(differences(vector, same)).toEqual([]);
    expect(differences(vector, { ...same, eflags: 0x216 })).toEqual([]);
  });

  it('names what differs', () => {
    expect(differences(vector, { ...same, eflags: 0x207, vector: 6 })).toEqual([
      'vector 6 not none',
      'flags CF=1 not CF=0',
    ]);
    expect(differences(vector, { ...same, general: [1, 2, 3, 7, 5, 6, 7, 8] })).toEqual(['ebx 7h not 6h']);
  });
});

describe('undefined flags', () => {
  it.each([
    ['add bx,cx', [0x01, 0xcb], 0, 0],
    ['and bl,cl', [0x20, 0xcb], 0, 0x10],
    ['es: mul byte', [0x26, 0xf6, 0x26, 0, 0], 0, 0xd4],
    ['idiv bx', [0xf7, 0xfb], 0, 0x8d5],
    ['shl bx,1', [0xd1, 0xe3], 0, 0x10],
    ['shl bx,cl by 0', [0xd3, 0xe3], 0x20, 0],
    ['shl bl,cl by 9', [0xd2, 0xe3], 9, 0x811],
    ['rol bl,cl by 9', [0xd2, 0xc3], 9, 0x800],
    ['aam', [0xd4, 10], 0, 0x811],
  ])('of %s', (_name, code, cl, expected) => {
    expect(undefinedFlags(Uint8Array.from(code), cl)).toBe(expected);
  });
});
