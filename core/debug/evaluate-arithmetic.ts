/** Operators of C over values: integer promotion, the usual conversions, pointers and floating numbers. C11, 6.5. */
import { type BinaryOperator, ExpressionError } from './expression.ts';
import { commonType, INT, promoted, wrap } from './expression-types.ts';
import { isScalar, plain, sizeOf, type Type } from './types.ts';
import { pointerTo, type Value, wholePart } from './value.ts';

export type ValueOperator = Exclude<BinaryOperator, '&&' | '||'>;

const DOUBLE: Type = { kind: 'float', name: 'double', size: 8 };

export function truth(value: boolean): Value {
  return { value: value ? 1n : 0n, type: INT };
}

export function floatValue(float: number, type: Type = DOUBLE): Value {
  return { value: wholePart(float), float, type };
}

export function isTrue(value: Value): boolean {
  return value.float === undefined ? decayed(value).value !== 0n : value.float !== 0;
}

/** An array is the address of its first element, a function its own. @throws ExpressionError for a structure */
export function decayed(value: Value): Value {
  const inner = plain(value.type);
  if (isScalar(inner)) return value;
  if (inner.kind === 'array' && value.place?.kind === 'memory')
    return { value: BigInt(value.place.address), type: pointerTo(inner.element) };
  if (inner.kind === 'function') return { value: value.value, type: pointerTo(value.type) };
  throw new ExpressionError(`${inner.kind === 'struct' ? 'a structure' : 'a value of this type'} is no number`);
}

/** `value` as the operand of a cast to `type`. @throws ExpressionError */
export function converted(operand: Value, type: Type): Value {
  const inner = plain(type);
  const from = decayed(operand);
  if (inner.kind === 'float') return floatValue(rounded(numberOf(from), inner.size), type);
  if (inner.kind === 'void') return { value: 0n, type };
  if (!isScalar(inner)) throw new ExpressionError('a cast is to a number or a pointer');
  return { value: wrap(from.value, type), type };
}

function rounded(value: number, size: number): number {
  return size === 4 ? Math.fround(value) : value;
}

function numberOf(value: Value): number {
  return value.float ?? Number(value.value);
}

export function negated(operator: '-' | '+' | '~', operand: Value): Value {
  if (operand.float !== undefined) {
    if (operator === '~') throw new ExpressionError('~ needs a whole number');
    return floatValue(operator === '-' ? -operand.float : operand.float, operand.type);
  }
  const from = decayed(operand);
  const type = promoted(from.type);
  const value = operator === '-' ? -from.value : operator === '~' ? ~from.value : from.value;
  return { value: wrap(value, type), type };
}

export function applyBinary(operator: ValueOperator, leftValue: Value, rightValue: Value): Value {
  const left = decayed(leftValue);
  const right = decayed(rightValue);
  if (left.float !== undefined || right.float !== undefined) return floatBinary(operator, left, right);
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
  return compared(operator, a, b) ?? { value: wrap(arithmetic(operator, a, b), type), type };
}

function compared<T extends bigint | number>(operator: ValueOperator, a: T, b: T): Value | undefined {
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
      return undefined;
  }
}

function floatBinary(operator: ValueOperator, left: Value, right: Value): Value {
  const a = numberOf(left);
  const b = numberOf(right);
  const order = compared(operator, a, b);
  if (order !== undefined) return order;
  const widest = [left, right]
    .filter((one) => one.float !== undefined)
    .sort((x, y) => sizeOf(y.type) - sizeOf(x.type))[0];
  switch (operator) {
    case '*':
      return floatValue(a * b, widest.type);
    case '/':
      return floatValue(a / b, widest.type);
    case '+':
      return floatValue(a + b, widest.type);
    case '-':
      return floatValue(a - b, widest.type);
    default:
      throw new ExpressionError(`${operator} needs whole numbers`);
  }
}

function arithmetic(operator: ValueOperator, a: bigint, b: bigint): bigint {
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
    default:
      return a | b;
  }
}

/** Pointer ± integer moves by whole elements; pointer − pointer counts them (C11, 6.5.6). */
function movePointer(operator: '+' | '-', left: Value, right: Value): Value | undefined {
  const { type } = left;
  const inner = plain(type);
  const other = plain(right.type);
  if (inner.kind === 'pointer' && left.code !== true) {
    // void and functions count as bytes, as in GNU C.
    const size = BigInt(Math.max(sizeOf(inner.target), 1));
    if (other.kind === 'pointer')
      return operator === '-' ? { value: wrap((left.value - right.value) / size, INT), type: INT } : undefined;
    const distance = right.value * size;
    return { value: wrap(operator === '+' ? left.value + distance : left.value - distance, inner), type };
  }
  if (other.kind === 'pointer' && right.code !== true && operator === '+') return movePointer('+', right, left);
  return undefined;
}
