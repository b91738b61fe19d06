/**
 * The length that every unit of a debug section begins with; it also says how wide the offsets in the unit
 * are: 4 bytes, or (64-bit DWARF) 8. DWARF 5, 7.2.2 and 7.4.
 */
import { ByteCursor } from '../../util/bytes.ts';

export type OffsetSize = 4 | 8;

export interface UnitSpan {
  readonly start: number;
  /** First byte after the length. */
  readonly first: number;
  /** First byte after the unit. */
  readonly end: number;
  readonly offsetSize: OffsetSize;
}

const WIDE = 0xffff_ffff;
/** Lengths from here to `WIDE` are reserved. */
const RESERVED = 0xffff_fff0;

/** The unit at the cursor, which is left behind the length; undefined for a reserved length. */
export function readUnitSpan(cursor: ByteCursor): UnitSpan | undefined {
  const start = cursor.offset;
  const short = cursor.u32();
  if (short >= RESERVED && short !== WIDE) return undefined;
  const length = short === WIDE ? cursor.u64() : short;
  return { start, first: cursor.offset, end: cursor.offset + length, offsetSize: short === WIDE ? 8 : 4 };
}

/** All units of a section. @param problem hears, in a sentence, why the rest cannot be read */
export function* unitSpans(section: Uint8Array, problem: (why: string) => void = () => {}): Generator<UnitSpan> {
  const cursor = new ByteCursor(section);
  while (cursor.remaining > 4) {
    const span = readUnitSpan(cursor);
    if (span === undefined) return problem('has a unit with a length that means nothing');
    if (span.end > section.length || cursor.overrun) return problem('is cut off');
    yield span;
    cursor.seek(span.end);
  }
}

export function readOffset(cursor: ByteCursor, size: OffsetSize): number {
  return size === 8 ? cursor.u64() : cursor.u32();
}
