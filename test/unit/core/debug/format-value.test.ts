/** Values as text, where no guest of the tests has them: Rust's text, odd numbers, classes with themselves inside. */
import { expect, it } from 'vitest';
import { childCount, childrenOf } from '../../../../core/debug/children.ts';
import { formatObject } from '../../../../core/debug/format-value.ts';
import { typeName } from '../../../../core/debug/type-name.ts';
import type { Member, PointerType, StructType, Type } from '../../../../core/debug/types.ts';
import { type DataObject, findMember } from '../../../../core/debug/value.ts';

const U8: Type = { kind: 'integer', name: 'u8', size: 1, signed: false };
const U32: Type = { kind: 'integer', name: 'u32', size: 4, signed: false };
const CHAR: Type = { kind: 'integer', name: 'char', size: 4, signed: false, reads: 'character' };

function struct(name: string, members: readonly Member[], size: number, syntax?: 'rust'): StructType {
  const common = { kind: 'struct', keyword: 'struct', isTag: false, isIncomplete: false, variants: undefined } as const;
  return { ...common, name, members, size, syntax };
}

function member(name: string, type: Type, at: number): Member {
  return { name, type, bitOffset: 8 * at, isBase: false };
}

function shown(type: Type, bytes: readonly number[], memory: Record<number, readonly number[]> = {}): Promise<string> {
  return formatObject(held(type, bytes), { reader: reader(memory), symbolAt: () => undefined });
}

function held(type: Type, bytes: readonly number[]): DataObject {
  return { type, storage: { kind: 'bytes', bytes: Uint8Array.from(bytes) } };
}

function reader(memory: Record<number, readonly number[]>) {
  return {
    readMemory: async (address: number, length: number) =>
      Uint8Array.from(memory[256] ?? [])
        .subarray(Math.max(address - 256, 0))
        .subarray(0, length),
    registerBytes: () => undefined,
  };
}

const POINTER: Type = { kind: 'pointer', target: U8 };
const fat = (name: string) => struct(name, [member('data_ptr', POINTER, 0), member('length', U32, 4)], 8, 'rust');

it('Rust text has the characters of all languages, and escapes', async () => {
  const text = [...new TextEncoder().encode('né "ß"\n\0')];
  expect(await shown(fat('&str'), [0, 1, 0, 0, text.length, 0, 0, 0], { 256: text })).toBe('"né \\"ß\\"\\n\\000"');
  expect(await shown(fat('&str'), [0, 1, 0, 0, 0, 0, 0, 0])).toBe('""');
  expect(await shown(CHAR, [0xdf, 0, 0, 0])).toBe("223 'ß'");
  const bad = Array.from({ length: 12 }, () => 0xff);
  expect(await shown(fat('&str'), [0, 1, 0, 0, 12, 0, 0, 0], { 256: bad })).toBe("'\ufffd' <repeats 12 times>");
});

it('a slice of Rust shows and opens into its elements', async () => {
  const slice = fat('&[u8]');
  const memory = { 256: [7, 8, 9] };
  expect(await shown(slice, [0, 1, 0, 0, 3, 0, 0, 0], memory)).toBe('&[u8] [7, 8, 9]');
  const children = await childrenOf(held(slice, [0, 1, 0, 0, 3, 0, 0, 0]), reader(memory), 1, 2);
  expect(children.map(({ name, path }) => [name, path])).toEqual([
    ['[1]', '[1]'],
    ['[2]', '[2]'],
  ]);
  // A length that is garbage costs no more than what is shown.
  expect(await shown(slice, [0, 1, 0, 0, 255, 255, 255, 255], memory)).toMatch(/^&\[u8\] \[7, 8, 9, <cannot read/);
});

it('tuples of Rust have numbers for names', async () => {
  const pair = struct('Pair', [member('__0', U8, 0), member('__1', U8, 1)], 2, 'rust');
  expect(await shown(pair, [4, 5])).toBe('Pair (4, 5)');
  const children = await childrenOf(held(pair, [4, 5]), reader({}), 0, 9);
  expect(children.map(({ name, path }) => [name, path])).toEqual([
    ['0', '.0'],
    ['1', '.1'],
  ]);
});

it('what is no number says which', async () => {
  const float: Type = { kind: 'float', name: 'float', size: 4 };
  const double: Type = { kind: 'float', name: 'double', size: 8 };
  expect(await shown(float, [0xfd, 0xff, 0xff, 0xff])).toBe('-nan(0x7ffffd)');
  expect(await shown(double, [1, 0, 0, 0, 0, 0, 0xf8, 0x7f])).toBe('nan(0x8000000000001)');
});

it('a class with itself as a static member is shown once', async () => {
  const members: Member[] = [member('id', U8, 0)];
  const type = struct('Node', members, 1);
  members.push({ ...member('root', type, 0), elsewhere: { kind: 'memory', address: 256 } });
  expect(await shown(type, [3], { 256: [4] })).toBe(
    '{id = 3, static root = {id = 4, static root = <same as static member of an already seen type>}}',
  );
});

it('names of Rust types', () => {
  const array: Type = { kind: 'array', element: { ...POINTER, name: '*const u8' }, count: 3, syntax: 'rust' };
  const call = { kind: 'function', syntax: 'rust', result: U8, parameters: [array, U32] } as const;
  expect(typeName(array)).toBe('[*const u8; 3]');
  expect(typeName({ ...call, isVariadic: false, isPrototyped: true })).toBe('fn ([*const u8; 3], u32) -> u8');
});

it('a reference to itself opens into nothing', async () => {
  const loop: PointerType = {
    kind: 'pointer',
    reference: '&',
    get target() {
      return loop;
    },
  };
  expect(childCount(loop)).toEqual({ named: 0, indexed: 0 });
  expect(await childrenOf(held(loop, [0, 1, 0, 0]), reader({ 256: [0, 1, 0, 0] }), 0, 4)).toEqual([]);
});

it('a structure that stands in itself many times is searched once', () => {
  const members: Member[] = [];
  const loop = struct('loop', members, 4);
  for (let i = 0; i < 20; i++) members.push(member('', loop, 0));
  expect(findMember(held(loop, [0, 0, 0, 0]), loop, 'x')).toBeUndefined();
  members.push(member('x', U32, 0));
  expect(findMember(held(loop, [0, 0, 0, 0]), loop, 'x')?.type).toBe(U32);
});
