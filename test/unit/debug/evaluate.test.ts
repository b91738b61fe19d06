import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EvaluateContext, evaluate } from '../../../core/debug/evaluate.ts';
import { ExpressionError } from '../../../core/debug/expression.ts';
import { typeName } from '../../../core/debug/expression-types.ts';
import { registerWrite } from '../../../core/debug/register-values.ts';
import { toyRegisters } from './toy-registers.ts';

const memory = new Uint8Array(0x10000);
new DataView(memory.buffer).setUint32(0x1000, 0xfffffff0, true);
new DataView(memory.buffer).setUint32(0x2000, 0x1000, true);
memory.set([0x68, 0x69, 0x00], 0x3000);

const context: EvaluateContext = {
  registers: toyRegisters({ general: [0x11223344, 2, 3, 4, 0x8000, 0x8010, 0x3000, 7], eip: 0x100 }),
  symbol: (name) =>
    new Map([
      ['main', { address: 0x100, code: true }],
      ['counter', { address: 0x1000, code: false }],
      ['größe', { address: 0x1000, code: false }],
      ['flag', { address: 0x3000, code: false, size: 1 }],
      ['id', { address: 0x2000, code: false }],
    ]).get(name),
  readMemory: async (linear, length) => memory.slice(linear, Math.min(linear + length, memory.length)),
};
const number = async (text: string) => (await evaluate(text, context)).value;

describe('values', () => {
  test.each<[string, bigint]>([
    ['1 + 2 * 3', 7n],
    ['(1 + 2) * 3', 9n],
    ['10 - 4 - 3', 3n],
    ['2 << 3 + 1', 32n],
    ['0x10', 16n],
    ['0b101', 5n],
    ['010', 8n],
    ["'A'", 65n],
    ['-1', -1n],
    ['-1 < 1', 1n],
    ['-1 < 1u', 0n],
    ['0xffffffff + 1', 0n],
    ['~0', -1n],
    ['!5', 0n],
    ['7 / 2', 3n],
    ['-7 / 2', -3n],
    ['-7 % 3', -1n],
    ['1 ? 2 : 3', 2n],
    ['0 ? 2 : 1 ? 4 : 5', 4n],
    ['1 || 1 / 0', 1n],
    ['0 && 1 / 0', 0n],
    ['3 & 6 == 6', 1n],
    ['5 ^ 1 | 8', 12n],
    ['eax', 0x11223344n],
    ['$eax', 0x11223344n],
    ['%eax % 16', 4n],
    ['ax', 0x3344n],
    ['ah', 0x33n],
    ['al', 0x44n],
    ['EAX', 0x11223344n],
    ['$sp + 0', 0x8000n],
    ['$fp', 0x8010n],
    ['$SP + 0', 0x8000n],
    ['true', 1n],
    ['!false', 1n],
    ['(bool)256', 1n],
    ['(_Bool)2 + (bool)0', 1n],
    ['größe', -16n],
    ['(char)0x80', -128n],
    ['(unsigned char)0x180', 0x80n],
    ['(short)0xffff', -1n],
    ['(uint32_t)-1', 0xffffffffn],
    ['main', 0x100n],
    ['main + 4', 0x104n],
    ['counter', -16n],
    ['&counter', 0x1000n],
    ['counter + 1', -15n],
    ['flag', 0x68n],
    ['*(int *)0x1000', -16n],
    ['*0x1000', 0xfffffff0n],
    ['*(u32 *)id', 0xfffffff0n],
    ['**(int **)0x2000', -16n],
    ['((char *)esi)[1]', 0x69n],
    ['*(char *)esi', 0x68n],
    ['&((int *)0x1000)[2]', 0x1008n],
    ['(int *)8 + 2', 16n],
    ['(int *)16 - (int *)8', 2n],
    ['$id', 0n],
    ['cs:eip', 0x100n],
    ['1 ? (ds:4) : 5', 4n],
    ['zf', 1n],
    ['cpl', 0n],
    ['pc', 0x100n],
    ['1 << 33', 2n],
    ['1ull << 33', 1n << 33n],
    ['4294967296 + 1', 4294967297n],
  ])('%s', async (text, expected) => {
    expect(await number(text)).toBe(expected);
  });

  test('a selector in real mode is a paragraph', async () => {
    const real: EvaluateContext = { ...context, registers: toyRegisters({ cr0: 0 }) };
    expect((await evaluate('0xb800:0x10', real)).value).toBe(0xb8010n);
  });

  test('types are named as C names them', async () => {
    expect(typeName((await evaluate('(unsigned short *)0', context)).type)).toBe('unsigned short *');
    expect(typeName((await evaluate('(char **)0', context)).type)).toBe('char **');
  });

  test('a place can be assigned to', async () => {
    expect((await evaluate('*(short *)0x1000', context)).place).toEqual({ kind: 'memory', address: 0x1000, size: 2 });
    expect((await evaluate('$AX', context)).place).toEqual({ kind: 'register', name: 'ax' });
    expect((await evaluate('eax + 0', context)).place).toBeUndefined();
  });
});

describe('mistakes', () => {
  test.each([
    ['', 'empty'],
    ['1 +', 'too early'],
    ['(1', 'expected )'],
    ['1 2', 'unexpected 2'],
    ['nothing', 'no register or symbol'],
    ['$nothing', 'no register or symbol'],
    ['1 / 0', 'division by zero'],
    ['*(int *)0x10000', 'cannot read memory at 0x10000'],
    ['089', 'octal'],
    ['1abc', 'not a number'],
    ['#', 'unexpected'],
    ['&1', 'needs a symbol'],
    ['0x20:0', 'no descriptor'],
    ['('.repeat(1000), 'too deeply'],
    ['1+'.repeat(3000), 'too long'],
  ])('%s: %s', async (text, message) => {
    await expect(evaluate(text, context)).rejects.toThrow(message);
    await expect(evaluate(text, context)).rejects.toBeInstanceOf(ExpressionError);
  });
});

test('no text makes evaluation throw anything but an expression error', async () => {
  const atom = fc.constantFrom(
    '1',
    '0x1f',
    'eax',
    '$ax',
    'main',
    'counter',
    'id',
    '(',
    ')',
    '[',
    ']',
    '*',
    '&',
    '-',
    '~',
    '!',
    '?',
    ':',
    '<<',
    '+',
    '%',
    '(int *)',
    '(char)',
    "'a'",
    '/',
    '||',
    '@',
    '"',
    ' ',
  );
  const text = fc.oneof(
    fc.array(atom, { maxLength: 20 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary' }),
  );
  await fc.assert(
    fc.asyncProperty(text, async (candidate) => {
      try {
        await evaluate(candidate, context);
      } catch (error) {
        expect(error).toBeInstanceOf(ExpressionError);
      }
    }),
    { seed: 7, numRuns: 1000 },
  );
});

test('a write to part of a register keeps the rest', () => {
  const registers = toyRegisters({ general: [0x11223344, 0, 0, 0, 0, 0, 0, 0], eflags: 0x246 });
  expect(registerWrite(registers, 'ah', 0xffn)).toEqual({ name: 'eax', value: 0x1122ff44 });
  expect(registerWrite(registers, 'ax', 0x15555n)).toEqual({ name: 'eax', value: 0x11225555 });
  expect(registerWrite(registers, 'zf', 0n)).toEqual({ name: 'eflags', value: 0x206 });
  expect(registerWrite(registers, 'iopl', 3n)).toEqual({ name: 'eflags', value: 0x3246 });
  expect(registerWrite(registers, 'cpl', 3n)).toBeUndefined();
});
