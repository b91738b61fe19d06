/**
 * The scalar types of debugger expressions: integers of 1–8 bytes and pointers to them. There are no
 * structures here; a symbol without a known type is a 32-bit word, as in C.
 */
export interface IntegerType {
  readonly kind: 'integer';
  readonly name: string;
  readonly size: 1 | 2 | 4 | 8;
  readonly signed: boolean;
}
export interface PointerType {
  readonly kind: 'pointer';
  readonly target: Type;
}
export type Type = IntegerType | PointerType;

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

/** Type names of one word; those of several are put together by `integerTypeOf`. */
const SINGLE_WORD: Readonly<Record<string, IntegerType>> = {
  bool: UNSIGNED_CHAR,
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

export function sizeOf(type: Type): 1 | 2 | 4 | 8 {
  return type.kind === 'pointer' ? 4 : type.size;
}

export function isSigned(type: Type): boolean {
  return type.kind === 'integer' && type.signed;
}

export function typeName(type: Type): string {
  if (type.kind === 'integer') return type.name;
  const inner = typeName(type.target);
  return inner.endsWith('*') ? `${inner}*` : `${inner} *`;
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
  if (type.kind === 'pointer') return UNSIGNED;
  return type.size < 4 ? INT : type;
}

/** `value` as this type holds it. */
export function wrap(value: bigint, type: Type): bigint {
  const bits = sizeOf(type) * 8;
  return isSigned(type) ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}
