import { describe, expect, it } from 'vitest';
import { allZero } from '../../../../core/util/words.ts';

describe('a range of words', () => {
  it('is zero only when all of it is', () => {
    const words = new Uint32Array(64);
    expect(allZero(words, 0, 64)).toBe(true);
    for (let i = 0; i < 64; i++) {
      words[i] = 1;
      expect(allZero(words, 0, 64)).toBe(false);
      words[i] = 0;
    }
  });
});
