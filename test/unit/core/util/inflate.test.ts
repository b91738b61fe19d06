import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inflateZlib } from '../../../../core/util/inflate.ts';

/** Text-like, repetitive and incompressible bytes, seeded. */
function sample(length: number, alphabet: number): Uint8Array {
  let state = length * 31 + alphabet;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 16) % alphabet;
  });
}

describe('inflate', () => {
  it.each([
    ['nothing', new Uint8Array(0)],
    ['a long run', new Uint8Array(100_000)],
    ['a small alphabet', sample(50_000, 5)],
    ['noise', sample(70_000, 256)],
  ])('undoes what zlib makes of %s at every level', (_what, bytes) => {
    for (const level of [0, 1, 6, 9]) {
      const plain = inflateZlib(new Uint8Array(deflateSync(bytes, { level })), bytes.length);
      expect(Buffer.compare(plain ?? Buffer.from('failed'), bytes)).toBe(0);
    }
  });

  it('refuses a wrong size, a cut stream and a lying header', () => {
    const stream = new Uint8Array(deflateSync(sample(1000, 7)));
    expect(inflateZlib(stream, 999)).toBeUndefined();
    expect(inflateZlib(stream, 1001)).toBeUndefined();
    expect(inflateZlib(stream, 0xffff_ffff)).toBeUndefined();
    expect(inflateZlib(stream.subarray(0, stream.length >> 1), 1000)).toBeUndefined();
    expect(inflateZlib(Uint8Array.of(1, 2, 3), 10)).toBeUndefined();
  });
});
