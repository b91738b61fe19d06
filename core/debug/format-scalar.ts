/** Numbers, characters, enumerators and addresses as gdb prints them. */
import { floatText } from './float.ts';
import { type EnumType, type PlainType, plain, type Type } from './types.ts';

/** Names an address; absent where no symbol is near. */
export type SymbolAt = (address: number) => { readonly name: string; readonly offset: number } | undefined;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
  [92, '\\\\'],
]);

/** One character inside `quote`s: printable, named escape, or octal. */
export function characterText(code: number, quote: string): string {
  const named = ESCAPES.get(code);
  if (named !== undefined) return named;
  if (code >= 0x20 && code < 0x7f)
    return String.fromCharCode(code) === quote ? `\\${quote}` : String.fromCharCode(code);
  if (code > 0xff && code <= 0x10ffff) return String.fromCodePoint(code);
  return `\\${code.toString(8).padStart(3, '0')}`;
}

/** The text of a whole number, an enumerator or an address. Not for floating numbers and structures. */
export function scalarText(value: bigint, type: Type, symbolAt: SymbolAt): string {
  const inner = plain(type);
  switch (inner.kind) {
    case 'integer':
      if (inner.reads === 'boolean' && (value === 0n || value === 1n)) return value === 1n ? 'true' : 'false';
      if (inner.reads !== 'character') return String(value);
      return `${value} '${characterText(Number(BigInt.asUintN(inner.size * 8, value)), "'")}'`;
    case 'enum':
      return enumText(value, inner);
    case 'pointer':
      return addressText(value, inner.target, symbolAt);
    default:
      return `0x${BigInt.asUintN(32, value).toString(16)}`;
  }
}

export function numberText(value: bigint, float: number | undefined, type: Type, symbolAt: SymbolAt): string {
  const inner: PlainType = plain(type);
  if (inner.kind === 'float') return floatText(float ?? Number(value), inner.size);
  return scalarText(value, type, symbolAt);
}

export function addressText(value: bigint, target: Type, symbolAt: SymbolAt): string {
  const address = Number(BigInt.asUintN(32, value));
  const text = `0x${address.toString(16)}`;
  // Text has its own look behind the address.
  if (isCharacter(target)) return text;
  const symbol = address === 0 ? undefined : symbolAt(address);
  return symbol === undefined ? text : `${text} <${symbol.name}${symbol.offset === 0 ? '' : `+${symbol.offset}`}>`;
}

export function isCharacter(type: Type): boolean {
  const inner = plain(type);
  return inner.kind === 'integer' && inner.reads === 'character' && inner.size === 1;
}

/** A name, or names of single bits joined, where the enumeration is one of bits. */
function enumText(value: bigint, type: EnumType): string {
  const exact = type.values.find((one) => one.value === value);
  if (exact !== undefined) return exact.name;
  if (!isFlags(type)) return String(value);
  const names: string[] = [];
  let rest = value;
  for (const flag of type.values) {
    if (flag.value === 0n || (rest & flag.value) !== flag.value) continue;
    names.push(flag.name);
    rest &= ~flag.value;
  }
  if (names.length === 0 && rest === 0n) return '0';
  if (rest !== 0n) names.push(`unknown: 0x${rest.toString(16)}`);
  return `(${names.join(' | ')})`;
}

function isFlags(type: EnumType): boolean {
  let seen = 0n;
  for (const { value } of type.values) {
    if (value < 0n || (seen & value) !== 0n || !isContiguous(value)) return false;
    seen |= value;
  }
  return true;
}

function isContiguous(value: bigint): boolean {
  if (value === 0n) return true;
  const low = value / (value & -value);
  return (low & (low + 1n)) === 0n;
}
