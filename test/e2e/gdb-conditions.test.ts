/** Conditions that the stub evaluates: a thousand random ones have the value that gdb itself finds. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { seeded } from '../engine/random-blocks.ts';
import { guestPath } from '../guests/build.ts';
import { workFile } from './command.ts';
import { gdb, trapgateStub } from './gdb-tools.ts';

const SCRIPT = fileURLToPath(new URL('../guests/conditions.py', import.meta.url));
const CONDITIONS = 1000;

/** A C expression over registers and memory, whose every operator is defined for every value. */
function expression(random: () => number, depth: number): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  if (depth === 0 || random() < 0.15) {
    return pick([
      () => pick(['$eax', '$ebx', '$ecx', '$edx', '$edi', '(unsigned)$esp']),
      () => `${pick(['(unsigned)', '(unsigned char)', '(short)', '(signed char)'])}${pick(['$eax', '$ebx', '$ecx'])}`,
      () =>
        `*(${pick(['int', 'unsigned', 'short', 'unsigned char', 'signed char'])}*)($esi + ${Math.floor(random() * 6)})`,
      () => `${Math.floor(random() * 2 ** pick([4, 8, 16, 31]))}`,
    ])();
  }
  const a = expression(random, depth - 1);
  const b = expression(random, depth - 1);
  return pick([
    () => `(${a} ${pick(['+', '-', '*', '&', '|', '^'])} ${b})`,
    () => `(${a} ${pick(['<', '<=', '>', '>=', '==', '!='])} ${b})`,
    () => `(${a} ${pick(['&&', '||'])} ${b})`,
    () => `(${a} ${pick(['/', '%'])} ${1 + Math.floor(random() * 1000)})`,
    () => `(${a} ${pick(['<<', '>>'])} ${Math.floor(random() * 31)})`,
    () => `${pick(['!', '~', '-'])}(${a})`,
  ])();
}

it(`${CONDITIONS} random conditions have the value that gdb finds`, async () => {
  const random = seeded(410);
  const list = workFile('conditions.txt');
  writeFileSync(list, Array.from({ length: CONDITIONS }, () => `${expression(random, 3)}\n`).join(''));
  const image = guestPath('conditions');
  const stub = await trapgateStub(image);
  const { output } = await gdb(stub, image, ['@CONNECT', `set $conditions = "${list}"`, `source ${SCRIPT}`, 'kill']);
  stub.kill();
  expect(output.split('\n').filter((line) => /DIFFERS|Error|error/.test(line))).toEqual([]);
  // gdb falls back to its own evaluation, with a warning, where a stub cannot.
  expect(output).toMatch(/condition evaluation mode is target/i);
  const [, agreed, truths] = /AGREED (\d+) TRUE (\d+)/.exec(output) ?? [];
  expect(Number(agreed)).toBe(CONDITIONS);
  // Both outcomes were met often.
  expect(Number(truths)).toBeGreaterThan(CONDITIONS / 10);
  expect(Number(truths)).toBeLessThan((CONDITIONS * 9) / 10);
}, 300_000);
