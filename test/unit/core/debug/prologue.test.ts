import { describe, expect, it } from 'vitest';
import { opensFrame } from '../../../../core/debug/prologue.ts';

describe('the opening of a function', () => {
  it.each([
    ['push %ebp; mov %esp,%ebp', [0x55, 0x89, 0xe5], true],
    ['endbr32 before it', [0xf3, 0x0f, 0x1e, 0xfb, 0x55, 0x8b, 0xec], true],
    ['an operand-size prefix', [0x66, 0x55, 0x66, 0x89, 0xe5], true],
    ['a realigned stack', [0x8d, 0x4c, 0x24, 0x04, 0x83, 0xe4, 0xf0, 0xff, 0x71, 0xfc, 0x55, 0x89, 0xe5], true],
    ['EBP saved as one of several registers', [0x55, 0x57, 0x56, 0x53], false],
    ['another register', [0x53, 0x83, 0xec, 0x08], false],
    ['no code at all', [], false],
  ])('with %s', (_what, code, expected) => {
    expect(opensFrame(Uint8Array.from(code))).toBe(expected);
  });
});
