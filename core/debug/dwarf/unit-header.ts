/** The header in front of a unit's entries, of all versions. DWARF 5, 7.5.1. */
import type { ByteCursor } from '../../util/bytes.ts';
import { readSignature } from './form.ts';

const UNIT_TYPES_WITH_ID = [4, 5]; // skeleton, split compile
const UNIT_TYPES_OF_TYPES = [2, 6];

export interface UnitHeader {
  /** Offset of the unit in .debug_info. */
  readonly start: number;
  readonly version: number;
  readonly addressSize: number;
  readonly abbreviations: number;
  readonly firstEntry: number;
  readonly isTypeUnit: boolean;
  /** Of a type unit: its name for other units, and where its type is, from the start of the unit. */
  readonly signature?: string;
  readonly typeOffset?: number;
}

/**
 * DWARF 2–4: version, abbreviations, address size. DWARF 5: version, unit type, address size, abbreviations.
 * @param start of the unit in its section
 * @param ofTypes it stands in .debug_types (DWARF 4)
 */
export function readUnitHeader(cursor: ByteCursor, start: number, ofTypes = false): UnitHeader | undefined {
  const version = cursor.u16();
  if (version < 2 || version > 5) return undefined;
  const type = version >= 5 ? cursor.u8() : 0;
  let addressSize = version >= 5 ? cursor.u8() : 0;
  const abbreviations = cursor.u32();
  if (version < 5) addressSize = cursor.u8();
  if (UNIT_TYPES_WITH_ID.includes(type)) cursor.skip(8);
  const isTypeUnit = ofTypes || UNIT_TYPES_OF_TYPES.includes(type);
  const signature = isTypeUnit ? readSignature(cursor) : undefined;
  const typeOffset = isTypeUnit ? cursor.u32() : undefined;
  if (cursor.overrun || (addressSize !== 2 && addressSize !== 4 && addressSize !== 8)) return undefined;
  return { start, version, addressSize, abbreviations, firstEntry: cursor.offset, isTypeUnit, signature, typeOffset };
}
