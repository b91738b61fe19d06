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
