/** Debug information that would cost more than there is: what the seeded damage of the fuzz test does not meet. */
import { expect, it } from 'vitest';
import { Program } from '../../../../core/debug/program.ts';
import { elfOf } from './elf-of.ts';

it('a package with rows that take no bytes is refused', () => {
  const index = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0);
  const bundle = elfOf({ '.debug_cu_index': index });
  const { problems } = Program.fromBytes(elfOf({}), 0, { files: new Map(), package: bundle });
  expect(problems).toEqual([expect.stringContaining('the .dwp file')]);
});

it('of many units that cannot be read some are told of', () => {
  // Two bytes behind the length, a version that does not exist.
  const info = Uint8Array.from({ length: 6 * 150_000 }, (_, i) => (i % 6 === 0 ? 2 : i % 6 === 4 ? 99 : 0));
  const { problems } = Program.fromBytes(elfOf({ '.debug_info': info }));
  expect(problems).toHaveLength(11);
  expect(problems[10]).toContain('149990 more');
});

it('functions that all lead to one long list of ranges are read until it is enough', () => {
  const count = 100_000;
  // A unit with children, and below it functions named f with a list of ranges (DWARF 4, 7.5).
  const abbreviations = Uint8Array.of(1, 0x11, 1, 0, 0, 2, 0x2e, 0, 3, 8, 0x55, 0x17, 0, 0, 0);
  const info = new Uint8Array(12 + 7 * count + 1);
  const view = new DataView(info.buffer);
  view.setUint32(0, info.length - 4, true);
  info.set([4, 0, 0, 0, 0, 0, 4, 1], 4);
  for (let i = 0; i < count; i++) info.set([2, 0x66, 0, 0, 0, 0, 0], 12 + 7 * i);
  const ranges = new Uint8Array(8 * count);
  const pairs = new Uint32Array(ranges.buffer);
  for (let i = 0; i < count; i++) pairs.set([16 * i + 16, 16 * i + 24], 2 * i);
  const program = Program.fromBytes(
    elfOf({
      '.debug_info': info,
      '.debug_abbrev': abbreviations,
      '.debug_ranges': ranges,
      '.debug_line': Uint8Array.of(0),
    }),
  );
  expect(program.problems).toContainEqual(expect.stringContaining('share lists of address ranges'));
  expect(program.functions.at(16)?.name).toBe('f');
});
