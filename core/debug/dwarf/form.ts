/**
 * Attribute forms: how a value is written in .debug_info and in DWARF 5 line headers. A value that needs a
 * base of its unit (string and address indexes) stays an index until `Unit` resolves it. DWARF 5, 7.5.
 */
import { type ByteCursor, textAt } from '../../util/bytes.ts';
import { type OffsetSize, readOffset } from './initial-length.ts';
import type { DebugSections } from './sections.ts';

export const FORM_IMPLICIT_CONST = 0x21;

/** What a form needs to know of its unit. */
export interface FormContext {
  readonly version: number;
  readonly addressSize: number;
  /** Width of offsets into sections. */
  readonly offsetSize: OffsetSize;
  readonly sections: DebugSections;
}

export type FormValue =
  | { readonly kind: 'number'; readonly value: number /** Where a double cannot hold it. */; readonly exact?: bigint }
  | { readonly kind: 'address'; readonly value: number }
  | { readonly kind: 'text'; readonly value: string }
  /** Offset within the unit. */
  | { readonly kind: 'reference'; readonly value: number }
  /** Offset within .debug_info. */
  | { readonly kind: 'global-reference'; readonly value: number }
  | { readonly kind: 'text-index' | 'address-index' | 'range-index' | 'location-index'; readonly value: number }
  /** Expressions, constants of any size. */
  | { readonly kind: 'block'; readonly bytes: Uint8Array }
  /** Of the type unit that holds the type, as 16 hex digits. */
  | { readonly kind: 'signature'; readonly value: string }
  /** Of supplementary files: nothing that we look at. */
  | { readonly kind: 'other' };

const OTHER: FormValue = { kind: 'other' };
const number = (value: number): FormValue => ({ kind: 'number', value });
const address = (value: number): FormValue => ({ kind: 'address', value: value % 0x1_0000_0000 });
const text = (value: string | undefined): FormValue => ({ kind: 'text', value: value ?? '' });
const reference = (value: number): FormValue => ({ kind: 'reference', value });

const offset = (c: ByteCursor, context: FormContext) => readOffset(c, context.offsetSize);

type Reader = (cursor: ByteCursor, context: FormContext) => FormValue;

function addressOfSize(cursor: ByteCursor, size: number): number {
  return size === 8 ? cursor.u64() : size === 4 ? cursor.u32() : cursor.u16();
}

function block(cursor: ByteCursor, count: number): FormValue {
  return { kind: 'block', bytes: cursor.take(count) };
}

function wide(cursor: ByteCursor): FormValue {
  const low = cursor.u32();
  const high = cursor.u32();
  const value = low + high * 0x1_0000_0000;
  if (Number.isSafeInteger(value)) return number(value);
  return { kind: 'number', value, exact: (BigInt(high) << 32n) | BigInt(low) };
}

/** Little-endian, as text: a double would not tell all of them apart. */
export function readSignature(cursor: ByteCursor): string {
  const low = cursor.u32();
  return cursor.u32().toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0');
}

function skipped(cursor: ByteCursor, count: number): FormValue {
  cursor.skip(count);
  return OTHER;
}

const READERS: { readonly [form: number]: Reader } = {
  1: (c, context) => address(addressOfSize(c, context.addressSize)),
  3: (c) => block(c, c.u16()),
  4: (c) => block(c, c.u32()),
  5: (c) => number(c.u16()),
  6: (c) => number(c.u32()),
  7: (c) => wide(c),
  8: (c) => text(c.text()),
  9: (c) => block(c, c.uleb()),
  10: (c) => block(c, c.u8()),
  11: (c) => number(c.u8()),
  12: (c) => number(c.u8()), // flag
  13: (c) => number(c.sleb()),
  14: (c, context) => text(textAt(context.sections.text, offset(c, context))), // strp
  15: (c) => number(c.uleb()),
  // ref_addr: in DWARF 2 of the size of an address
  16: (c, context) => ({
    kind: 'global-reference',
    value: context.version === 2 ? addressOfSize(c, context.addressSize) : offset(c, context),
  }),
  17: (c) => reference(c.u8()),
  18: (c) => reference(c.u16()),
  19: (c) => reference(c.u32()),
  20: (c) => reference(c.u64()),
  21: (c) => reference(c.uleb()),
  23: (c, context) => number(offset(c, context)), // sec_offset
  24: (c) => block(c, c.uleb()), // exprloc
  25: () => number(1), // flag_present
  26: (c) => ({ kind: 'text-index', value: c.uleb() }),
  27: (c) => ({ kind: 'address-index', value: c.uleb() }),
  28: (c) => skipped(c, 4), // ref_sup4
  29: (c, context) => skipped(c, context.offsetSize), // strp_sup
  30: (c) => block(c, 16), // data16
  31: (c, context) => text(textAt(context.sections.lineText, offset(c, context))), // line_strp
  32: (c) => ({ kind: 'signature', value: readSignature(c) }),
  34: (c) => ({ kind: 'location-index', value: c.uleb() }),
  35: (c) => ({ kind: 'range-index', value: c.uleb() }),
  36: (c) => skipped(c, 8), // ref_sup8
  37: (c) => ({ kind: 'text-index', value: c.u8() }),
  38: (c) => ({ kind: 'text-index', value: c.u16() }),
  39: (c) => ({ kind: 'text-index', value: c.u24() }),
  40: (c) => ({ kind: 'text-index', value: c.u32() }),
  41: (c) => ({ kind: 'address-index', value: c.u8() }),
  42: (c) => ({ kind: 'address-index', value: c.u16() }),
  43: (c) => ({ kind: 'address-index', value: c.u24() }),
  44: (c) => ({ kind: 'address-index', value: c.u32() }),
  // GNU extensions of split and shared debug information
  7937: (c) => ({ kind: 'address-index', value: c.uleb() }),
  7938: (c) => ({ kind: 'text-index', value: c.uleb() }),
  7968: (c, context) => skipped(c, context.offsetSize),
  7969: (c, context) => skipped(c, context.offsetSize),
};

const FORM_INDIRECT = 22;

/** The value at the cursor; undefined for a form nobody defined: what follows it cannot be read. */
export function readForm(cursor: ByteCursor, form: number, context: FormContext, implicit = 0): FormValue | undefined {
  while (form === FORM_INDIRECT && cursor.more) form = cursor.uleb();
  if (form === FORM_IMPLICIT_CONST) return number(implicit);
  return READERS[form]?.(cursor, context);
}
