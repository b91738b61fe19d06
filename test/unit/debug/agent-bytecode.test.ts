/** The evaluator of GDB agent expressions: gdb's own programs, every operator, and programs that are wrong. */
import { describe, expect, it } from 'vitest';
import { type AgentState, conditionHolds, evaluateAgent } from '../../../core/debug/agent-bytecode.ts';
import { hexToBytes } from '../../../core/util/hex.ts';

const memory = new Map([[0x500, 7]]);
const state: AgentState = {
  register: (number) => [0x11n, 2n, 0xffff_fff0n][number],
  memory: (address, length) =>
    address > 0xffff ? undefined : Uint8Array.from({ length }, (_, i) => memory.get(address + i) ?? 0),
};

function run(code: string): bigint | undefined {
  return evaluateAgent(hexToBytes(code.replaceAll(' ', '')) as Uint8Array, state);
}

describe('evaluateAgent', () => {
  it('takes the condition gdb 13 sends for `$ecx == 2 && *(int*)0x500 != 0`', () => {
    const code = '260001162022021320000e2100232305001916202200130e20001e2100232201210025220027';
    expect(run(code)).toBe(1n);
    memory.set(0x500, 0);
    expect(run(code)).toBe(0n);
    memory.set(0x500, 7);
  });

  it.each([
    ['22 05 22 03 02 27', 8n],
    ['22 05 22 07 03 27', (1n << 64n) - 2n],
    ['22 05 22 07 04 27', 35n],
    ['22 f9 16 08 22 02 05 27', (1n << 64n) - 3n],
    ['22 f9 22 02 06 27', 124n],
    ['22 f9 16 08 22 02 07 27', (1n << 64n) - 1n],
    ['22 f9 22 02 08 27', 1n],
    ['22 01 22 04 09 27', 16n],
    ['22 01 22 40 09 27', 0n],
    ['22 80 16 08 22 04 0a 27', (1n << 64n) - 8n],
    ['22 80 22 04 0b 27', 8n],
    ['22 00 0e 27', 1n],
    ['22 0c 22 0a 0f 27', 8n],
    ['22 0c 22 0a 10 27', 14n],
    ['22 0c 22 0a 11 27', 6n],
    ['22 00 12 27', (1n << 64n) - 1n],
    ['22 ff 16 08 22 01 14 27', 1n],
    ['22 ff 16 08 22 01 15 27', 0n],
    ['23 05 00 17 27', 7n],
    ['23 05 00 1a 27', 7n],
    ['24 12 34 56 78 2a 10 27', 0x5678n],
    ['25 00 00 00 01 00 00 00 00 27', 1n << 32n],
    ['22 05 28 02 27', 10n],
    ['22 05 22 06 29 27', 5n],
    ['22 05 22 06 2b 03 27', 1n],
    ['22 05 22 06 32 01 27', 5n],
    ['22 01 22 02 22 03 33 27', 2n],
    ['26 00 02 27', 0xffff_fff0n],
  ])('%s gives %s', (code, value) => {
    expect(run(code)).toBe(value);
  });

  it.each([
    '',
    '22',
    '22 05',
    '02 27',
    '27',
    '22 05 22 00 05 27',
    '24 00 01 00 00 17 27',
    '26 00 09 27',
    '21 ff ff',
    '1b 27',
    'ff',
  ])('a wrong program has no value: %s', (code) => {
    expect(run(code)).toBeUndefined();
  });

  it('ends a loop and an endless stack', () => {
    expect(run('21 00 00')).toBeUndefined();
    expect(run('22 01 28 21 00 02')).toBeUndefined();
  });

  it('counts a condition without a value as one that holds', () => {
    expect(conditionHolds(Uint8Array.of(0x21, 0, 0), state)).toBe(true);
    expect(conditionHolds(Uint8Array.of(0x22, 0, 0x27), state)).toBe(false);
  });

  it('survives ten thousand random programs', () => {
    let seed = 7;
    const random = () => {
      seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
      return seed >> 8;
    };
    for (let i = 0; i < 10_000; i++) {
      const code = Uint8Array.from({ length: random() % 24 }, () => (random() & 1 ? random() % 0x35 : random() & 0xff));
      expect(() => evaluateAgent(code, state)).not.toThrow();
    }
  });
});
