import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluateAgent } from '../../../core/debug/agent-bytecode.ts';
import { type EvaluateContext, evaluateTree } from '../../../core/debug/evaluate.ts';
import { ExpressionError, parseExpression } from '../../../core/debug/expression.ts';
import { compileExpression } from '../../../core/debug/expression-bytecode.ts';
import { DEBUG_REGISTERS } from '../../../core/debug/register-table.ts';
import { toyRegisters } from './toy-registers.ts';

const memory = Uint8Array.from({ length: 0x1000 }, (_, i) => (i * 167) & 0xff);
const registers = toyRegisters({
  general: [0xfffffff0, 7, 0x80000000, 0x12345678, 0x800, 3, 0x100, 0],
  eip: 0x10012,
  segments: [0, 0x7c0, 0, 0, 0, 0].map((selector) => ({
    selector,
    base: selector * 16,
    limit: 0xffff,
    access: 0x9b00,
  })),
  cr2: 0xdead,
  steps: 2 ** 40,
});
const context: EvaluateContext = {
  registers,
  symbol: (name) =>
    name === 'short_one'
      ? { address: 0x200, code: false, size: 2 }
      : name === 'number'
        ? { address: 0x300, code: false }
        : undefined,
  readMemory: async (linear, length) => memory.slice(linear, Math.min(linear + length, memory.length)),
};

/** What the bytecode of `text` yields; undefined when it has no value or cannot be said in bytecode. */
function viaBytecode(text: string): bigint | 'not expressible' | undefined {
  const code = compileExpression(parseExpression(text), context.symbol);
  if (code === undefined) return 'not expressible';
  return evaluateAgent(code, {
    register: (number) => {
      const value = DEBUG_REGISTERS[number]?.read(registers);
      return typeof value === 'number' ? BigInt(value) : undefined;
    },
    memory: (address, length) =>
      address + length <= memory.length ? memory.slice(address, address + length) : undefined,
  });
}

describe('bytecode yields what evaluation yields', () => {
  test.each([
    'eax == 0xfffffff0',
    'eax < 5',
    '(int)eax < 5',
    'edx >> 4',
    '(int)edx >> 4',
    'ah',
    'bx + 1',
    'zf',
    'iopl',
    'cr2 & 0xff',
    'steps > 1000',
    'pc',
    'pc == 0x17c12 && ip == 0x12',
    'eip',
    'flags',
    'cs_base',
    'sp',
    'cs',
    '*(short *)0x101',
    '*(char *)esi',
    'short_one + number',
    '((int *)0x100)[ebp]',
    'ecx && 0',
    '0 || ecx',
    'ecx ? 3 : 4',
    '-1 < 1u',
    '1ull << 40',
    '-7 / 2',
    '-7 % 3u',
    '(ecx && 1) + (0 || ebp)',
    '1 + (ecx > 3 && ebp > 1) * 2',
  ])('%s', async (text) => {
    const { value } = await evaluateTree(parseExpression(text), context);
    expect(viaBytecode(text)).toBe(BigInt.asUintN(64, value));
  });

  test('random expressions', async () => {
    const leaf = fc.oneof(
      fc.constantFrom('eax', 'ecx', 'edx', 'ax', 'bh', 'zf', 'short_one', 'number', '0xffffffff', '3u', '5ll'),
      fc.integer({ min: 0, max: 100 }).map(String),
    );
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium', withCrossShrink: true },
        leaf,
        fc
          .tuple(
            tie('tree'),
            fc.constantFrom(
              '+',
              '-',
              '*',
              '/',
              '%',
              '<<',
              '>>',
              '<',
              '<=',
              '>',
              '>=',
              '==',
              '!=',
              '&',
              '|',
              '^',
              '&&',
              '||',
            ),
            tie('tree'),
          )
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc
          .tuple(fc.constantFrom('-', '~', '!', '(char)', '(unsigned short)', '(int)', '(u64)'), tie('tree'))
          .map(([op, a]) => `${op}(${a})`),
        fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
        tie('tree').map((a) => `*(short *)(${a} & 0x7ff)`),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (text) => {
        const coded = viaBytecode(text);
        if (coded === 'not expressible') return;
        try {
          const { value } = await evaluateTree(parseExpression(text), context);
          expect(coded).toBe(BigInt.asUintN(64, value));
        } catch (error) {
          expect(error).toBeInstanceOf(ExpressionError);
          expect(coded).toBeUndefined();
        }
      }),
      { seed: 5, numRuns: 1000 },
    );
  });
});

test('what bytecode cannot say compiles to nothing', () => {
  for (const text of ['cs:eip', '&short_one', 'nobody']) expect(viaBytecode(text)).toBe('not expressible');
});
