import { afterEach, describe, expect, it, vi } from 'vitest';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { UserError } from '../../../core/util/errors.ts';

const MEBIBYTES_64 = 64 * 256;

afterEach(() => vi.restoreAllMocks());

describe('the memory of a machine on a host that has none left', () => {
  function none(): never {
    throw new RangeError('could not allocate memory');
  }

  it('is a mistake of the user when it is made', () => {
    vi.spyOn(WebAssembly, 'Memory').mockImplementation(none);
    expect(() => new LinearMemory(layoutFor(MEBIBYTES_64))).toThrow(UserError);
  });

  it('and when it grows; what there is stays as it is', () => {
    const linear = new LinearMemory(layoutFor(MEBIBYTES_64));
    const { size } = linear;
    vi.spyOn(linear.memory, 'grow').mockImplementation(none);
    expect(() => linear.ensure(size + 1)).toThrow(/^the host has no \d+ MiB of memory for this machine/);
    expect(linear.size).toBe(size);
    linear.setWord(size - 4, 7);
    expect(linear.word(size - 4)).toBe(7);
  });
});
