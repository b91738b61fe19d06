/** Shadow coherence, driven as the engine drives it. Dropped entries, watches and marks change nothing. */
import { describe, expect, it } from 'vitest';
import { Program } from './shadow-program.ts';

describe('shadow coherence', () => {
  for (const [name, options] of [
    ['as it comes', { dropping: 0, meddling: 0 }],
    ['entries dropped at random', { dropping: 0.02, meddling: 0 }],
    ['code, watches and exec blocks changing', { dropping: 0.002, meddling: 0.05 }],
  ] as const) {
    it(`agrees with a plain page walk after every access: ${name}`, () => {
      let hits = 0;
      let agreed = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const program = new Program(seed, options);
        program.run(4000);
        hits += program.rig.hits;
        agreed += program.agreed;
      }
      // The direct path must have had its share, or the test tests the slow path alone.
      expect(hits).toBeGreaterThan(2000);
      expect(agreed).toBeGreaterThan(8000);
    });
  }
});
