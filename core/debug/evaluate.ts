/**
 * Values of C-like expressions against a stopped (or running) machine. It only reads: registers are a
 * snapshot, memory is read as the debugger reads it, so no A/D bit is set and no device is touched.
 */
import { type Expression, ExpressionError, parseExpression } from './expression.ts';
import {
  commonType,
  INT,
  promoted,
  sizeOf,
  type Type,
  UNSIGNED,
  UNSIGNED_CHAR,
  UNSIGNED_LONG_LONG,
  UNSIGNED_SHORT,
  wrap,
} from './expression-types.ts';
import { isConvenienceName, isRegisterName, registerValue } from './register-values.ts';
import type { Registers } from './target.ts';

/** What a name outside the register file stands for. */
export interface SymbolMeaning {
  /** Linear. */
  readonly address: number;
  /** A function or label is its address; a variable is the word that it names. */
  readonly code: boolean;
  /** Size of the variable in bytes, when known. */
  readonly size?: number;
}

export interface EvaluateContext {
  readonly registers: Registers;
  symbol(name: string): SymbolMeaning | undefined;
  /** May answer fewer bytes than asked. */
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** Extra names that win over registers: `error` in the condition of an exception filter. */
  readonly extra?: ReadonlyMap<string, bigint>;
}

/** Where an expression can be assigned to. */
export type Place =
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'memory'; readonly address: number; readonly size: 1 | 2 | 4 | 8 };

export interface Value {
  readonly value: bigint;
  readonly type: Type;
  /** Present when `&e` or `e = x` makes sense. */
  readonly place?: Place;
  /** A function: its value is its own address. */
  readonly code?: boolean;
}

/** Parses and evaluates. @throws ExpressionError with a line for the user */
export async function evaluate(text: string, context: EvaluateContext): Promise<Value> {
  return evaluateTree(parseExpression(text), context);
}

export async function evaluateTree(tree: Expression, context: EvaluateContext): Promise<Value> {
  switch (tree.kind) {
    case 'number':
      return { value: wrap(tree.value, tree.type), type: tree.type };
    case 'name':
      return nameValue(tree.name, tree.sigil, context);
    case 'cast': {
      const operand = await evaluateTree(tree.operand, context);
      return { value: wrap(operand.value, tree.type), type: tree.type };
    }
    case 'unary':
      return unaryValue(tree, context);
    case 'binary':
      return binaryValue(tree, context);
    case 'conditional': {
      const test = await evaluateTree(tree.test, context);
      return evaluateTree(test.value !== 0n ? tree.yes : tree.no, context);
    }
    case 'far':
      return farValue(tree, context);
  }
}

async function nameValue(name: string, sigil: boolean, context: EvaluateContext): Promise<Value> {
  const extra = sigil ? undefined : context.extra?.get(name);
  if (extra !== undefined) return { value: extra, type: UNSIGNED };
  const symbol = sigil ? undefined : context.symbol(name);
  const register = registerValue(context.registers, name);
  if (register !== undefined && (symbol === undefined || !isConvenienceName(name))) {
    return {
      value: register.value,
      type: unsignedOf(register.size),
      place: { kind: 'register', name: name.toLowerCase() },
    };
  }
  if (symbol === undefined) throw new ExpressionError(`no register or symbol is called ${name}`);
  if (symbol.code)
    return { value: BigInt(symbol.address >>> 0), type: { kind: 'pointer', target: UNSIGNED_CHAR }, code: true };
  const size = symbol.size === 1 || symbol.size === 2 || symbol.size === 8 ? symbol.size : 4;
  return load(symbol.address, size === 4 ? INT : unsignedOf(size), context);
}

function unsignedOf(size: 1 | 2 | 4 | 8): Type {
  return size === 1 ? UNSIGNED_CHAR : size === 2 ? UNSIGNED_SHORT : size === 4 ? UNSIGNED : UNSIGNED_LONG_LONG;
}

async function load(address: number, type: Type, context: EvaluateContext): Promise<Value> {
  const size = sizeOf(type);
  const at = address >>> 0;
  const bytes = await context.readMemory(at, size);
  if (bytes.length < size) throw new ExpressionError(`cannot read memory at 0x${at.toString(16)}`);
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return { value: wrap(value, type), type, place: { kind: 'memory', address: at, size } };
}

async function unaryValue(tree: Extract<Expression, { kind: 'unary' }>, context: EvaluateContext): Promise<Value> {
  if (tree.operator === '&') return addressOf(tree.operand, context);
  const operand = await evaluateTree(tree.operand, context);
  if (tree.operator === '*') {
    // A plain number can be dereferenced too; it then names a 32-bit word.
    const target = operand.type.kind === 'pointer' && operand.code !== true ? operand.type.target : UNSIGNED;
    return load(Number(BigInt.asUintN(32, operand.value)), target, context);
  }
  if (tree.operator === '!') return { value: operand.value === 0n ? 1n : 0n, type: INT };
  const type = promoted(operand.type);
  const value = tree.operator === '-' ? -operand.value : tree.operator === '~' ? ~operand.value : operand.value;
  return { value: wrap(value, type), type };
}

async function addressOf(tree: Expression, context: EvaluateContext): Promise<Value> {
  // The operand's memory need not be readable for its address to be known.
  if (tree.kind === 'unary' && tree.operator === '*') {
    const pointer = await evaluateTree(tree.operand, context);
    return {
      value: wrap(pointer.value, UNSIGNED),
      type: pointer.type.kind === 'pointer' ? pointer.type : { kind: 'pointer', target: UNSIGNED },
    };
  }
  if (tree.kind === 'name' && !tree.sigil) {
    const symbol = context.symbol(tree.name);
    if (symbol !== undefined && (isConvenienceName(tree.name) || !isRegisterName(tree.name))) {
      return {
        value: BigInt(symbol.address >>> 0),
        type: { kind: 'pointer', target: symbol.code ? UNSIGNED_CHAR : UNSIGNED },
      };
    }
  }
  throw new ExpressionError('& needs a symbol or memory');
}

async function binaryValue(tree: Extract<Expression, { kind: 'binary' }>, context: EvaluateContext): Promise<Value> {
  const left = await evaluateTree(tree.left, context);
  if (tree.operator === '&&' || tree.operator === '||') {
    const decided = (left.value !== 0n) === (tree.operator === '||');
    const truth = decided ? left.value !== 0n : (await evaluateTree(tree.right, context)).value !== 0n;
    return { value: truth ? 1n : 0n, type: INT };
  }
  return applyBinary(tree.operator, left, await evaluateTree(tree.right, context));
}

type ValueOperator = Exclude<Extract<Expression, { kind: 'binary' }>['operator'], '&&' | '||'>;

function applyBinary(operator: ValueOperator, left: Value, right: Value): Value {
  if (operator === '+' || operator === '-') {
    const moved = movePointer(operator, left, right);
    if (moved !== undefined) return moved;
  }
  if (operator === '<<' || operator === '>>') {
    const type = promoted(left.type);
    // A count outside the type is undefined in C; here it is taken modulo the width, as the CPU does.
    const count = right.value & BigInt(sizeOf(type) * 8 - 1);
    return { value: wrap(operator === '<<' ? left.value << count : wrap(left.value, type) >> count, type), type };
  }
  const type = commonType(left.type, right.type);
  const a = wrap(left.value, type);
  const b = wrap(right.value, type);
  switch (operator) {
    case '<':
      return truth(a < b);
    case '<=':
      return truth(a <= b);
    case '>':
      return truth(a > b);
    case '>=':
      return truth(a >= b);
    case '==':
      return truth(a === b);
    case '!=':
      return truth(a !== b);
    default:
      return { value: wrap(arithmetic(operator, a, b), type), type };
  }
}

function arithmetic(operator: '*' | '/' | '%' | '+' | '-' | '&' | '^' | '|', a: bigint, b: bigint): bigint {
  if ((operator === '/' || operator === '%') && b === 0n) throw new ExpressionError('division by zero');
  switch (operator) {
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '&':
      return a & b;
    case '^':
      return a ^ b;
    case '|':
      return a | b;
  }
}

function truth(value: boolean): Value {
  return { value: value ? 1n : 0n, type: INT };
}

/** Pointer ± integer moves by whole elements; pointer − pointer counts them (C11, 6.5.6). */
function movePointer(operator: '+' | '-', left: Value, right: Value): Value | undefined {
  const { type } = left;
  if (type.kind === 'pointer' && left.code !== true) {
    const size = BigInt(sizeOf(type.target));
    if (right.type.kind === 'pointer') {
      return operator === '-' ? { value: wrap((left.value - right.value) / size, INT), type: INT } : undefined;
    }
    const distance = right.value * size;
    return { value: wrap(operator === '+' ? left.value + distance : left.value - distance, type), type };
  }
  if (right.type.kind === 'pointer' && right.code !== true && operator === '+') return movePointer('+', right, left);
  return undefined;
}

async function farValue(tree: Extract<Expression, { kind: 'far' }>, context: EvaluateContext): Promise<Value> {
  const offset = await evaluateTree(tree.offset, context);
  const base = await selectorBase(tree.selector, context);
  return {
    value: wrap(BigInt(base) + wrap(offset.value, UNSIGNED), UNSIGNED),
    type: { kind: 'pointer', target: UNSIGNED_CHAR },
  };
}

const CR0_PE = 1;
const EFLAGS_VM = 1 << 17;

/** The base of a segment register, or of a selector as the present mode would load it. */
async function selectorBase(tree: Expression, context: EvaluateContext): Promise<number> {
  const { registers } = context;
  if (tree.kind === 'name') {
    const base = registerValue(registers, `${tree.name}_base`);
    if (base !== undefined) return Number(base.value);
  }
  const selector = Number(BigInt.asUintN(16, (await evaluateTree(tree, context)).value));
  if (!(registers.cr0 & CR0_PE) || registers.eflags & EFLAGS_VM) return selector * 16;
  const loaded = registers.segments.find((segment) => segment.selector === selector && segment.access !== 0);
  if (loaded !== undefined) return loaded.base;
  return descriptorBase(selector, context);
}

/** Base of the descriptor a selector names (SDM vol. 3, 3.4.5). */
async function descriptorBase(selector: number, context: EvaluateContext): Promise<number> {
  const { gdtr, ldtr } = context.registers;
  const table = selector & 4 ? ldtr : gdtr;
  const at = selector & ~7;
  if (at === 0 || at + 7 > table.limit)
    throw new ExpressionError(`selector 0x${selector.toString(16)} has no descriptor`);
  const bytes = await context.readMemory((table.base + at) >>> 0, 8);
  if (bytes.length < 8) throw new ExpressionError(`cannot read the descriptor of selector 0x${selector.toString(16)}`);
  return (bytes[2] | (bytes[3] << 8) | (bytes[4] << 16) | (bytes[7] << 24)) >>> 0;
}
