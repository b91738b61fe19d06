/** Numbers, characters, enumerators and addresses as gdb prints them. */
import { floatText } from './float.ts';
import { characterText } from './format-text.ts';
import { type EnumType, type PlainType, plain, type Type } from './types.ts';

/** Names an address; absent where no symbol is near. */
export type SymbolAt = (address: number) => { readonly name: string; readonly offset: number } | undefined;

/** The text of a whole number, an enumerator or an address. Not for floating numbers and structures. */
export function scalarText(value: bigint, type: Type, symbolAt: SymbolAt): string {
  const inner = plain(type);
  switch (inner.kind) {
    case 'integer':
      if (inner.reads === 'boolean' && (value === 0n || value === 1n)) return value === 1n ? 'true' : 'false';
      // Rust's `()`: no bytes, one value.
      if (inner.size === 0) return inner.name;
      if (inner.reads !== 'character') return String(value);
      return `${value} '${characterText(Number(BigInt.asUintN(inner.size * 8, value)), "'", inner.size > 1)}'`;
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
