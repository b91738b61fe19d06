/** Which instructions of a range a debugger that steps through it must look at. */
import { describe, expect, it } from 'vitest';
import { callLength, rangeExits } from '../../../core/debug/range-exits.ts';

const START = 0x1000;
function exits(code: readonly number[], bits16 = false): number[] | undefined {
  return rangeExits(Uint8Array.from(code), START, bits16)?.exits.map((offset) => offset - START);
}

describe('rangeExits', () => {
  it('knows only the end of straight code and of inner loops', () => {
    expect(exits([0x90, 0x40, 0x89, 0xd8])).toEqual([4]);
    // dec ecx; jnz back; loop back; jmp on
    expect(exits([0x49, 0x75, 0xfd, 0xe2, 0xfb, 0xeb, 0x00, 0x90])).toEqual([8]);
    expect(exits([0x0f, 0x84, 0, 0, 0, 0, 0x90])).toEqual([7]);
  });

  it.each([
    ['jump out', [0x75, 0x10, 0x90]],
    ['jump back out', [0xeb, 0xf0, 0x90]],
    ['near jump out', [0xe9, 0, 1, 0, 0, 0x90]],
    ['conditional near jump out', [0x0f, 0x85, 0, 1, 0, 0, 0x90]],
    ['call', [0xe8, 0, 0, 0, 0, 0x90]],
    ['indirect call', [0xff, 0xd0, 0x90]],
    ['indirect jump', [0xff, 0x20, 0x90]],
    ['return', [0xc3, 0x90]],
    ['return and pop', [0xc2, 4, 0, 0x90]],
    ['far return', [0xcb, 0x90]],
    ['interrupt return', [0xcf, 0x90]],
    ['int n', [0xcd, 0x80, 0x90]],
    ['int 3', [0xcc, 0x90]],
    ['far jump', [0xea, 0, 0, 0, 0, 8, 0, 0x90]],
    ['undefined opcode', [0x0f, 0x0b, 0x90]],
  ])('%s', (_, code) => {
    expect(exits(code)).toEqual([code.length, 0]);
  });

  it('leaves pushes and increments of the same opcode alone', () => {
    expect(exits([0xff, 0xc0, 0xff, 0x33, 0x90])).toEqual([5]);
  });

  it('reads 16-bit code as 16-bit code', () => {
    expect(exits([0xe9, 0xfd, 0xff], true)).toEqual([3]);
    expect(exits([0xe9, 0x00, 0x10, 0x90], true)).toEqual([4, 0]);
  });

  it('does not judge what is no code up to its very end', () => {
    expect(exits([0x90, 0xe8, 0])).toBeUndefined();
    expect(exits([])).toBeUndefined();
    expect(rangeExits(new Uint8Array(0x5000).fill(0x90), 0, false)).toBeUndefined();
  });
});

it('callLength is that of calls and software interrupts', () => {
  const length = (...code: number[]) => callLength(Uint8Array.from(code), false);
  expect(length(0xe8, 0, 0, 0, 0, 0x90)).toBe(5);
  expect(callLength(Uint8Array.of(0xe8, 0, 0, 0x90), true)).toBe(3);
  expect(length(0x9a, 0, 0, 0, 0, 8, 0)).toBe(7);
  expect(length(0xff, 0xd0)).toBe(2);
  expect(length(0xff, 0x1d, 0, 0, 0, 0)).toBe(6);
  expect(length(0xcd, 0x80)).toBe(2);
  for (const other of [[0xff, 0xe0], [0xff, 0x30], [0x68, 0, 0, 0, 0], [0xc3], [0xcf], [0xe8]])
    expect(length(...other)).toBeUndefined();
});
