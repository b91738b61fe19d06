import { describe, expect, it } from 'vitest';
import type { StateValue } from '../../../core/bus/device.ts';
import { StateHash } from '../../../core/machine/state-hash.ts';

const digest = (fill: (hash: StateHash) => void) => {
  const hash = new StateHash();
  fill(hash);
  return hash.digest();
};

describe('the state hash', () => {
  it('is 16 hex digits that depend on every word', () => {
    const words = new Uint32Array(1024);
    const digests = new Set([digest((hash) => hash.words(words, 0, 1024))]);
    for (let i = 0; i < 1024; i++) {
      for (const bit of [0, 15, 31]) {
        words[i] = (1 << bit) >>> 0;
        digests.add(digest((hash) => hash.words(words, 0, 1024)));
      }
      words[i] = 0;
    }
    expect(digests.size).toBe(1 + 3 * 1024);
    for (const one of digests) expect(one).toMatch(/^[0-9a-f]{16}$/);
  });

  it('depends on order, names, kinds and lengths of saved fields', () => {
    const values: StateValue[] = [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
      { a: 1, c: 2 },
      { a: '1', b: 2 },
      { a: 1, b: null },
      { a: [1, 2] },
      { a: [[1], 2] },
      { a: Uint8Array.of(1, 2) },
      { a: true },
      { a: 2 ** 40 },
      { a: 2 ** 40 + 1 },
      { a: -1 },
      { a: 0xffffffff },
      { a: 0.5 },
      {},
    ];
    expect(new Set(values.map((value) => digest((hash) => hash.value(value)))).size).toBe(values.length);
  });
});
