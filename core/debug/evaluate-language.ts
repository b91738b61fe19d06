/** Where the languages of a program differ for expressions that are otherwise read as C: what things are of. */
import { BOOL, INT, type IntegerType, LONG_LONG, typeName } from './expression-types.ts';
import { plain, type Type } from './types.ts';
import { pointerTo, type Value } from './value.ts';

export type Language = 'c' | 'c++' | 'rust';

const I32: IntegerType = { ...INT, name: 'i32' };
const I64: IntegerType = { ...LONG_LONG, name: 'i64' };
const F64: Type = { kind: 'float', name: 'f64', size: 8 };
const ANSWERS = new Set(['<', '<=', '>', '>=', '==', '!=', '&&', '||', '!']);

/** A number as written in the expression. */
export function literalType(type: Type, language: Language): Type {
  if (language !== 'rust') return type;
  if (type.kind === 'float') return F64;
  return type === INT ? I32 : type === LONG_LONG ? I64 : type;
}

/** C alone answers questions with an int. */
export function answer(operator: string, value: Value, language: Language): Value {
  return language === 'c' || !ANSWERS.has(operator) ? value : { ...value, type: BOOL };
}

/** `!` of Rust turns the bits of a number over. */
export function isBitwiseNot(operator: string, operand: Value, language: Language): boolean {
  const inner = plain(operand.type);
  return operator === '!' && language === 'rust' && inner.kind === 'integer' && inner.reads !== 'boolean';
}

export function addressType(target: Type, language: Language): Type {
  return language === 'rust' ? { ...pointerTo(target), name: `*mut ${typeName(target)}` } : pointerTo(target);
}
