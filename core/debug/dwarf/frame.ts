/**
 * Call frame information: for an address of code, where the caller's registers are. Finds the entry that
 * covers an address, in .debug_frame or .eh_frame; what its instructions mean stands in frame-rules.ts.
 * DWARF 5, 6.4; LSB 5.0, 10.6 (eh_frame).
 */
import { ByteCursor } from '../../util/bytes.ts';
import { type CommonEntry, type FrameRow, runFrameProgram } from './frame-rules.ts';
import { readOffset, readUnitSpan, type UnitSpan } from './initial-length.ts';

interface FrameEntry {
  readonly common: CommonEntry;
  readonly start: number;
  readonly end: number;
  readonly instructions: Uint8Array;
}

const ABSOLUTE = 0;
/** In the place of the pointer to a common entry: this is one. As wide as an offset, all ones. */
const COMMON = 0xffff_ffff;
const WIDE_COMMON = COMMON * 0x1_0000_0000 + COMMON;
const MAX_ENTRIES = 1 << 20;

export class FrameTable {
  /** By start. */
  private readonly entries: readonly FrameEntry[];

  /** @param unwindAddress where .eh_frame is linked @param accept false for (linked) addresses where no code can be */
  constructor(
    frame: Uint8Array,
    unwind: Uint8Array,
    unwindAddress: number,
    accept: (address: number) => boolean = () => true,
  ) {
    const found = [...new FrameReader(frame, false, 0).read(), ...new FrameReader(unwind, true, unwindAddress).read()];
    this.entries = found.filter((entry) => accept(entry.start)).sort((a, b) => a.start - b.start);
  }

  /** The rules in force at a (linked) address; undefined where nothing is known. */
  at(address: number): FrameRow | undefined {
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    // The two sections may tell of the same function: of those either will do.
    for (let i = low - 1; i >= 0 && i >= low - 2; i--) {
      const entry = this.entries[i];
      if (address < entry.end) return runFrameProgram(entry.common, entry.instructions, entry.start, address);
    }
    return undefined;
  }
}

class FrameReader {
  private readonly section: Uint8Array;
  private readonly isUnwind: boolean;
  private readonly address: number;
  private readonly commons = new Map<number, CommonEntry | undefined>();

  constructor(section: Uint8Array, isUnwind: boolean, address: number) {
    this.section = section;
    this.isUnwind = isUnwind;
    this.address = address;
  }

  read(): FrameEntry[] {
    const entries: FrameEntry[] = [];
    const cursor = new ByteCursor(this.section);
    while (cursor.remaining > 4 && entries.length < MAX_ENTRIES) {
      const span = readUnitSpan(cursor);
      if (span === undefined || span.end > this.section.length) break;
      // A zero ends .eh_frame; linkers leave some between the parts they join.
      if (span.end === span.first) continue;
      const entry = this.entry(span);
      if (entry !== undefined) entries.push(entry);
      cursor.seek(span.end);
    }
    return entries;
  }

  private entry(span: UnitSpan): FrameEntry | undefined {
    const cursor = new ByteCursor(this.section, span.first, span.end);
    const pointer = this.pointer(cursor, span);
    if (pointer === undefined) return undefined;
    const common = this.common(this.isUnwind ? span.first - pointer : pointer);
    if (common === undefined) return undefined;
    const first = this.encoded(cursor, common.encoding);
    const size = this.encoded(cursor, common.encoding & 0x0f);
    if (first === undefined || size === undefined) return undefined;
    if (common.hasAugmentation) cursor.skip(cursor.uleb());
    if (cursor.overrun) return undefined;
    return { common, start: first, end: first + size, instructions: cursor.take(cursor.remaining) };
  }

  /** From an entry to what it has in common with others; undefined when it is such a common one. */
  private pointer(cursor: ByteCursor, { offsetSize }: UnitSpan): number | undefined {
    // .eh_frame keeps 4 bytes here, whatever the length.
    if (this.isUnwind) return cursor.u32() || undefined;
    const pointer = readOffset(cursor, offsetSize);
    return pointer === (offsetSize === 8 ? WIDE_COMMON : COMMON) ? undefined : pointer;
  }

  private common(at: number): CommonEntry | undefined {
    if (!this.commons.has(at)) this.commons.set(at, this.readCommon(at));
    return this.commons.get(at);
  }

  /** Length, id, version, augmentation text, (DWARF 4: sizes,) factors, return column, augmentation data. */
  private readCommon(at: number): CommonEntry | undefined {
    const cursor = new ByteCursor(this.section, at);
    const span = readUnitSpan(cursor);
    if (span === undefined || this.pointer(cursor, span) !== undefined) return undefined;
    const { end } = span;
    if (cursor.overrun || end > this.section.length) return undefined;
    const version = cursor.u8();
    if (version !== 1 && version !== 3 && version !== 4) return undefined;
    const augmentation = cursor.text();
    if (version === 4) cursor.skip(2);
    const codeFactor = cursor.uleb();
    const dataFactor = cursor.sleb();
    const returnColumn = version === 1 ? cursor.u8() : cursor.uleb();
    let encoding = ABSOLUTE;
    let isSignal = false;
    const hasAugmentation = augmentation.startsWith('z');
    // Without the size of its data an unknown augmentation cannot be read over.
    if (!hasAugmentation && augmentation !== '') return undefined;
    if (hasAugmentation) {
      const data = new ByteCursor(this.section, cursor.offset, end);
      data.uleb();
      for (const letter of augmentation.slice(1)) {
        if (letter === 'R') encoding = data.u8();
        else if (letter === 'P') this.encoded(data, data.u8());
        else if (letter === 'L') data.u8();
        else if (letter === 'S') isSignal = true;
      }
      cursor.skip(cursor.uleb());
    }
    if (cursor.overrun || cursor.offset > end) return undefined;
    const instructions = this.section.subarray(cursor.offset, end);
    return { codeFactor, dataFactor, returnColumn, instructions, encoding, hasAugmentation, isSignal };
  }

  /** A pointer in one of the encodings of .eh_frame (LSB 5.0, 10.5.1); undefined for one that needs more. */
  private encoded(cursor: ByteCursor, encoding: number): number | undefined {
    const at = this.address + cursor.offset;
    const value = readEncoded(cursor, encoding & 0x0f);
    if (value === undefined || cursor.overrun) return undefined;
    const base = encoding & 0x70;
    if (base !== 0 && base !== 0x10) return undefined;
    return (base === 0x10 ? value + at : value) >>> 0;
  }
}

function readEncoded(cursor: ByteCursor, format: number): number | undefined {
  switch (format) {
    case 0x00:
    case 0x03:
    case 0x0b:
      return cursor.u32();
    case 0x01:
      return cursor.uleb();
    case 0x02:
      return cursor.u16();
    case 0x09:
      return cursor.sleb();
    case 0x0a:
      return (cursor.u16() << 16) >> 16;
    default:
      return undefined;
  }
}
