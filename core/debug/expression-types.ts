/**
 * The debugger's own types, by the words that name them, and the arithmetic conversions of C. Types of the
 * program come from its debug information; a symbol without a known type is a 32-bit word, as in C.
 */
import { type IntegerType, isSigned, MAX_TYPE_DEPTH, type PointerType, plain, sizeOf, type Type } from './types.ts';

export { typeName } from './type-name.ts';
export { isSigned, sizeOf } from './types.ts';
export type { IntegerType, PointerType, Type };

function integer(name: string, size: 1 | 2 | 4 | 8, signed: boolean): IntegerType {
  return { kind: 'integer', name, size, signed };
}

export const CHAR = integer('char', 1, true);
export const UNSIGNED_CHAR = integer('unsigned char', 1, false);
export const SHORT = integer('short', 2, true);
export const UNSIGNED_SHORT = integer('unsigned short', 2, false);
export const INT = integer('int', 4, true);
export const UNSIGNED = integer('unsigned int', 4, false);
export const LONG_LONG = integer('long long', 8, true);
export const UNSIGNED_LONG_LONG = integer('unsigned long long', 8, false);
/** What C++, Rust and C23 call so; in older C it is a macro, which leaves no name. */
export const BOOL: IntegerType = { kind: 'integer', name: 'bool', size: 1, signed: false, reads: 'boolean' };

/** Type names of one word; those of several are put together by `integerTypeOf`. */
const SINGLE_WORD: Readonly<Record<string, IntegerType>> = {
  bool: BOOL,
  _Bool: BOOL,
  byte: UNSIGNED_CHAR,
  word: UNSIGNED_SHORT,
  dword: UNSIGNED,
  qword: UNSIGNED_LONG_LONG,
  u8: UNSIGNED_CHAR,
  u16: UNSIGNED_SHORT,
  u32: UNSIGNED,
  u64: UNSIGNED_LONG_LONG,
  s8: CHAR,
  s16: SHORT,
  s32: INT,
  s64: LONG_LONG,
  i8: CHAR,
  i16: SHORT,
  i32: INT,
  i64: LONG_LONG,
  uint8_t: UNSIGNED_CHAR,
  uint16_t: UNSIGNED_SHORT,
  uint32_t: UNSIGNED,
  uint64_t: UNSIGNED_LONG_LONG,
  int8_t: CHAR,
  int16_t: SHORT,
  int32_t: INT,
  int64_t: LONG_LONG,
  size_t: UNSIGNED,
  uintptr_t: UNSIGNED,
  intptr_t: INT,
  ptrdiff_t: INT,
  ssize_t: INT,
  // Memory through a `void *` shows bytes.
  void: UNSIGNED_CHAR,
};
const KEYWORDS = new Set(['char', 'short', 'int', 'long', 'signed', 'unsigned', 'const', 'volatile']);

/** True when `word` can begin or continue the name of a type. */
export function isTypeWord(word: string): boolean {
  return KEYWORDS.has(word) || Object.hasOwn(SINGLE_WORD, word);
}

/** The type that these words name (`unsigned long`), or undefined. */
export function integerTypeOf(words: readonly string[]): IntegerType | undefined {
  const named = words.filter((word) => word !== 'const' && word !== 'volatile');
  if (named.length === 0) return undefined;
  if (named.length === 1 && Object.hasOwn(SINGLE_WORD, named[0])) return SINGLE_WORD[named[0]];
  if (!named.every((word) => KEYWORDS.has(word))) return undefined;
  const unsigned = named.includes('unsigned');
  if (named.includes('char')) return unsigned ? UNSIGNED_CHAR : CHAR;
  if (named.includes('short')) return unsigned ? UNSIGNED_SHORT : SHORT;
  if (named.filter((word) => word === 'long').length >= 2) return unsigned ? UNSIGNED_LONG_LONG : LONG_LONG;
  return unsigned ? UNSIGNED : INT;
}

/** C's usual arithmetic conversions (C11, 6.3.1.8) for the result of a binary operator. */
export function commonType(left: Type, right: Type): IntegerType {
  const a = promoted(left);
  const b = promoted(right);
  if (a.size !== b.size) return a.size > b.size ? a : b;
  return a.signed ? b : a;
}

/** Integer promotion: everything below int becomes int. */
export function promoted(type: Type): IntegerType {
  const inner = plain(type);
  if (inner.kind === 'enum')
    return { kind: 'integer', name: 'int', size: Math.max(inner.size, 4), signed: inner.signed };
  if (inner.kind !== 'integer') return UNSIGNED;
  return inner.size < 4 || inner.reads === 'boolean' ? INT : inner;
}

/** `value` as this type holds it. */
export function wrap(value: bigint, type: Type): bigint {
  const inner = plain(type);
  // Of a bool any bit counts (C11, 6.3.1.2).
  if (inner.kind === 'integer' && inner.reads === 'boolean') return value === 0n ? 0n : 1n;
  const bits = sizeOf(inner) * 8;
  return isSigned(inner) ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

const OWN = new Set<Type>([
  ...Object.values(SINGLE_WORD).filter((type) => type !== BOOL),
  CHAR,
  UNSIGNED_CHAR,
  SHORT,
  UNSIGNED_SHORT,
  INT,
  UNSIGNED,
  LONG_LONG,
  UNSIGNED_LONG_LONG,
]);

/** A number type of the debugger and not of the program, or a pointer to one. A bool is shown as programs show it. */
export function isOwnType(type: Type): boolean {
  let inner = type;
  for (let depth = 0; inner.kind === 'pointer' && depth < MAX_TYPE_DEPTH; depth++) inner = inner.target;
  return OWN.has(inner);
}
