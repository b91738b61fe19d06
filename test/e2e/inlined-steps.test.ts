/** Steps, at inlined calls and at others, end where those of stock gdb do. */
import { expect, test } from 'vitest';
import { compileGuest } from '../guests/compile.ts';
import { type Step, stepsOfAdapter, stepsOfGdb } from './step-session.ts';

const many = (step: Step, count: number) => new Array<Step>(count).fill(step);

const WALKS: readonly (readonly [what: string, start: string, steps: readonly Step[]])[] = [
  ['in all the way', 'work', many('step', 30)],
  ['over all the way', 'work', many('next', 20)],
  ['in, then out', 'work', Array.from({ length: 24 }, (_, i) => (i % 3 === 2 ? 'finish' : 'step'))],
  ['to each inlined copy', 'add', many('continue', 12)],
  [
    'out of the innermost first',
    'add',
    ['finish', 'finish', 'next', 'step', 'next', 'step', 'step', 'finish', 'next', 'step'],
  ],
];

test.each([
  [4, WALKS.slice(0, 2)],
  [5, WALKS],
] as const)('gcc -gdwarf-%i -O2', { timeout: 120_000 }, async (version, walks) => {
  const image = compileGuest('inlined.c', `inlined-${version}`, { compiler: 'gcc', version, level: 2 });
  for (const [what, start, steps] of walks) {
    const [gdb, ours] = [await stepsOfGdb(image, start, steps), await stepsOfAdapter(image, start, steps)];
    expect(gdb, what).toHaveLength(steps.length + 1);
    expect(ours, what).toEqual(gdb);
  }
});

test.each(['step', 'next'] as const)('gcc -O0, %s', { timeout: 120_000 }, async (step) => {
  const image = compileGuest('entry-values.c', 'plain-steps', { compiler: 'gcc', version: 5, level: 0 });
  // Out of functions into the middle of a line, into and out of recursion, round a loop.
  const steps = many(step, step === 'step' ? 30 : 12);
  expect(await stepsOfAdapter(image, 'middle', steps)).toEqual(await stepsOfGdb(image, 'middle', steps));
});
