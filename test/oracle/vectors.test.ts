/** Hardware vectors on both tiers: nothing differs but what exceptions.ts explains. */
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { INTEGER_CLASSES } from './vectors/hwvec.ts';
import { runVectors } from './vectors/report.ts';
import { vectorsIn } from './vectors/sources.ts';

const data = (name: string) => path.join(import.meta.dirname, 'data', name);

describe.each([0, 1] as const)('tier %i', (tier) => {
  it.each([
    ['hwvec-integer-x87.jsonl.xz', 2000, 1 / 2],
    // x87 instructions run in tier 0 only.
    ['hwvec-x87-exceptions.jsonl.xz', 900, 0],
    ['single-step-tests.tar.xz', 1300, 1 / 2],
  ])('agrees with the hardware that recorded %s', (file, least, translatable) => {
    const lines: string[] = [];
    const report = runVectors(vectorsIn(data(file), `${INTEGER_CLASSES}f`), tier, (line) => void lines.push(line));
    expect(lines.slice(0, 20)).toEqual([]);
    expect(report.different).toBe(0);
    expect(report.total).toBeGreaterThan(least);
    // What no block can hold (string instructions, what traps) runs in tier 0 in both cases.
    if (tier === 1) expect(report.translated).toBeGreaterThanOrEqual(report.total * translatable);
  });
});
