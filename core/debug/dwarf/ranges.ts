/** Address ranges of scopes in several pieces: .debug_ranges (DWARF 2–4) and .debug_rnglists (DWARF 5, 7.25). */
import { ByteCursor } from '../../util/bytes.ts';

export interface Range {
  readonly start: number;
  /** First address after it. */
  readonly end: number;
}

/** More pieces than a compiler makes of a scope; in a damaged file every scope may lead to the same endless list. */
const MOST_PIECES = 4096;

/** Pairs relative to a base, which an entry of all ones replaces; two zeros end the list. */
export function readRanges(section: Uint8Array, offset: number, unitBase: number): Range[] {
  const ranges: Range[] = [];
  const cursor = new ByteCursor(section, offset);
  let base = unitBase;
  while (cursor.more && ranges.length < MOST_PIECES) {
    const start = cursor.u32();
    const end = cursor.u32();
    if (cursor.overrun || (start === 0 && end === 0)) break;
    if (start === 0xffff_ffff) base = end;
    else add(ranges, base + start, base + end);
  }
  return ranges;
}

/** @param addressAt the unit's entry of .debug_addr */
export function readRangeList(
  section: Uint8Array,
  offset: number,
  unitBase: number,
  addressAt: (index: number) => number,
): Range[] {
  const ranges: Range[] = [];
  const cursor = new ByteCursor(section, offset);
  let base = unitBase;
  while (cursor.more && ranges.length < MOST_PIECES) {
    const kind = cursor.u8();
    if (kind === 1) base = addressAt(cursor.uleb());
    else if (kind === 2) add(ranges, addressAt(cursor.uleb()), addressAt(cursor.uleb()));
    else if (kind === 3) addLength(ranges, addressAt(cursor.uleb()), cursor.uleb());
    else if (kind === 4) add(ranges, base + cursor.uleb(), base + cursor.uleb());
    else if (kind === 5) base = cursor.u32();
    else if (kind === 6) add(ranges, cursor.u32(), cursor.u32());
    else if (kind === 7) addLength(ranges, cursor.u32(), cursor.uleb());
    else break; // 0 ends the list; nothing else is defined
  }
  return ranges;
}

function addLength(ranges: Range[], start: number, length: number): void {
  add(ranges, start, start + length);
}

function add(ranges: Range[], start: number, end: number): void {
  if (end > start && end <= 0x1_0000_0000) ranges.push({ start, end });
}
