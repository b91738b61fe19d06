/** The header in front of a unit's entries, of all versions. DWARF 5, 7.5.1. */
import { ByteCursor } from '../../util/bytes.ts';
import { readSignature } from './form.ts';
import { type OffsetSize, readOffset, type UnitSpan } from './initial-length.ts';

const UNIT_TYPES_WITH_ID = [4, 5]; // skeleton, split compile
const UNIT_TYPES_OF_TYPES = [2, 6];

export interface UnitHeader {
  /** Offset of the unit in .debug_info. */
  readonly start: number;
  readonly offsetSize: OffsetSize;
  readonly version: number;
  readonly addressSize: number;
  readonly abbreviations: number;
  readonly firstEntry: number;
  readonly isTypeUnit: boolean;
  /** Of a unit that is split over two files: what both halves have in common, as 16 hex digits. */
  readonly id?: string;
  /** Of a type unit: its name for other units, and where its type is, from the start of the unit. */
  readonly signature?: string;
  readonly typeOffset?: number;
}

/**
 * DWARF 2–4: version, abbreviations, address size. DWARF 5: version, unit type, address size, abbreviations.
 * @param ofTypes it stands in .debug_types (DWARF 4)
 */
export function readUnitHeader(section: Uint8Array, span: UnitSpan, ofTypes = false): UnitHeader | undefined {
  const { start, offsetSize } = span;
  const cursor = new ByteCursor(section, span.first, span.end);
  const version = cursor.u16();
  if (version < 2 || version > 5) return undefined;
  const type = version >= 5 ? cursor.u8() : 0;
  let addressSize = version >= 5 ? cursor.u8() : 0;
  const abbreviations = readOffset(cursor, offsetSize);
  if (version < 5) addressSize = cursor.u8();
  const id = UNIT_TYPES_WITH_ID.includes(type) ? readSignature(cursor) : undefined;
  const isTypeUnit = ofTypes || UNIT_TYPES_OF_TYPES.includes(type);
  const signature = isTypeUnit ? readSignature(cursor) : undefined;
  const typeOffset = isTypeUnit ? readOffset(cursor, offsetSize) : undefined;
  if (cursor.overrun || (addressSize !== 2 && addressSize !== 4 && addressSize !== 8)) return undefined;
  const firstEntry = cursor.offset;
  return { start, offsetSize, version, addressSize, abbreviations, firstEntry, id, isTypeUnit, signature, typeOffset };
}
