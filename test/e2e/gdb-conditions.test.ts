/** Conditions that the stub evaluates: a thousand random ones have the value that gdb itself finds. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { bootSectorPath, guestPath } from '../guests/build.ts';
import { seeded } from '../seeded.ts';
import { workFile } from './command.ts';
import { gdb, trapgateStub } from './gdb-tools.ts';

const SCRIPT = fileURLToPath(new URL('../guests/conditions.py', import.meta.url));

const PLAIN = ['$eax', '$ebx', '$ecx', '$edx', '$edi', '(unsigned)$esp'];
/** Registers that a stub shows otherwise in 16-bit code; gdb sends some to the stub and keeps others to itself. */
const PLACES = [
  ...['(unsigned)$eip', '(unsigned)$esp', '(unsigned)$pc', '(unsigned)$sp', '(short)(unsigned)$esp'],
  ...['(unsigned)&here', '(unsigned)$eip - 0x7c00', '$eip_offset', '$esp_offset', '(unsigned)$cs_base'],
];

/** A C expression over registers and memory, whose every operator is defined for every value. */
function expression(random: () => number, depth: number, registers: readonly string[]): string {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  if (depth === 0 || random() < 0.15) {
    return pick([
      () => pick(registers),
      () => `${pick(['(unsigned)', '(unsigned char)', '(short)', '(signed char)'])}${pick(['$eax', '$ebx', '$ecx'])}`,
      () =>
        `*(${pick(['int', 'unsigned', 'short', 'unsigned char', 'signed char'])}*)($esi + ${Math.floor(random() * 6)})`,
      () => `${Math.floor(random() * 2 ** pick([4, 8, 16, 31]))}`,
    ])();
  }
  const a = expression(random, depth - 1, registers);
  const b = expression(random, depth - 1, registers);
  return pick([
    () => `(${a} ${pick(['+', '-', '*', '&', '|', '^'])} ${b})`,
    () => `(${a} ${pick(['<', '<=', '>', '>=', '==', '!='])} ${b})`,
    () => `(${a} ${pick(['&&', '||'])} ${b})`,
    () => `(${a} ${pick(['/', '%'])} ${1 + Math.floor(random() * 1000)})`,
    () => `(${a} ${pick(['<<', '>>'])} ${Math.floor(random() * 31)})`,
    () => `${pick(['!', '~', '-'])}(${a})`,
  ])();
}

/** What gdb says of `count` random conditions on a guest with the labels `here` and `after`. */
async function tried(count: number, registers: readonly string[], image: string, symbols: string): Promise<string> {
  const random = seeded(410);
  const list = workFile('conditions.txt');
  writeFileSync(list, Array.from({ length: count }, () => `${expression(random, 3, registers)}\n`).join(''));
  const stub = await trapgateStub(image);
  const script = ['@CONNECT', `set $conditions = "${list}"`, `source ${SCRIPT}`, 'kill'];
  const { output } = await gdb(stub, symbols, script);
  stub.kill();
  return output;
}

const sector = () => bootSectorPath('conditions16');

it.each([
  ['', 1000, PLAIN, () => guestPath('conditions'), () => guestPath('conditions')],
  [' in 16-bit code', 500, [...PLAIN, ...PLACES], sector, () => sector().replace('.img', '.elf')],
])(
  'random conditions%s have the value that gdb finds',
  async (_, count, registers, image, symbols) => {
    const output = await tried(count, registers, image(), symbols());
    expect(output.split('\n').filter((line) => /DIFFERS|Error|error/.test(line))).toEqual([]);
    // gdb falls back to its own evaluation, with a warning, where a stub cannot.
    expect(output).toMatch(/condition evaluation mode is target/i);
    const [, agreed, truths] = /AGREED (\d+) TRUE (\d+)/.exec(output) ?? [];
    expect(Number(agreed)).toBe(count);
    // Both outcomes were met often.
    expect(Number(truths)).toBeGreaterThan(count / 10);
    expect(Number(truths)).toBeLessThan((count * 9) / 10);
  },
  300_000,
);
