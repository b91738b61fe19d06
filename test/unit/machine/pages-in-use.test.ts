/** The pages that a reset clears and a snapshot holds are all that a guest can have written. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine } from '../../../core/index.ts';
import { allZero } from '../../../core/util/words.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);
const DEMO = readFileSync(fileURLToPath(new URL('../../../server/demo/demo.elf', import.meta.url)));

function demo(): Machine {
  const image = { name: 'demo', bytes: DEMO, append: '', modules: [] };
  return new Machine({ ...DEFAULT_CONFIG, memory: 16, image }, TIER0);
}

function runTo(machine: Machine, step: number): void {
  while (machine.steps < step) if (machine.run(step - machine.steps).kind !== 'slice') break;
}

/** The whole RAM, as far as it exists. */
function ram({ memory, physical }: Machine): Uint32Array {
  const first = memory.layout.frames >>> 2;
  return memory.u32.subarray(first, first + physical.presentPages * 1024);
}

/** A checksum of each page that holds something. */
function contents(machine: Machine): [page: number, sum: number][] {
  const all = ram(machine);
  const pages: [number, number][] = [];
  for (let start = 0; start < all.length; start += 1024) {
    if (allZero(all, start, start + 1024)) continue;
    pages.push([
      start / 1024,
      all.subarray(start, start + 1024).reduce((sum, word) => Math.imul(sum ^ word, 0x01000193)),
    ]);
  }
  return pages;
}

it('every other page is zero while the demo runs, and after a reset memory is as at power-on', () => {
  const machine = demo();
  for (let step = 100_000; step <= 500_000; step += 100_000) {
    runTo(machine, step);
    const used = new Set(machine.physical.pagesInUse());
    const all = ram(machine);
    for (let page = 0; page * 1024 < all.length; page++)
      if (!used.has(page)) expect(allZero(all, page * 1024, (page + 1) * 1024)).toBe(true);
    expect(used.size * 1024).toBeLessThan(all.length / 4);
  }
  const fresh = contents(demo());
  expect(contents(machine)).not.toEqual(fresh);
  machine.reset();
  expect(contents(machine)).toEqual(fresh);
});
