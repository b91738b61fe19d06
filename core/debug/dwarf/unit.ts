/** One unit's header and bases: resolves the form values whose meaning depends on them. DWARF 5, 3.1 and 7.26–7.28. */
import { ByteCursor, textAt } from '../../util/bytes.ts';
import {
  AT_ADDR_BASE,
  AT_GNU_ADDR_BASE,
  AT_GNU_RANGES_BASE,
  AT_HIGH_PC,
  AT_LOCLISTS_BASE,
  AT_LOW_PC,
  AT_RANGES,
  AT_RNGLISTS_BASE,
  AT_STR_OFFSETS_BASE,
} from './attributes.ts';
import type { FormContext, FormValue } from './form.ts';
import { type OffsetSize, readOffset } from './initial-length.ts';
import { type Range, readRangeList, readRanges } from './ranges.ts';
import type { DebugSections } from './sections.ts';
import type { UnitHeader } from './unit-header.ts';

export class Unit implements FormContext {
  readonly version: number;
  readonly addressSize: number;
  readonly offsetSize: OffsetSize;
  readonly sections: DebugSections;
  private readonly start: number;
  private base = 0;
  /** Its skeleton is in the program, and some of its values count from what that says. */
  readonly isSplit: boolean;
  /** Of a skeleton in the GNU form: where the ranges of its other half begin. */
  private gnuRangesBase = 0;
  private readonly rangesBase: number;
  private textBase: number;
  private addressBase: number;
  private rangeBase: number;
  private locationBase: number;

  /** @param skeleton the program's half of a unit that is split */
  constructor(header: UnitHeader, sections: DebugSections, skeleton?: Unit) {
    this.version = header.version;
    this.addressSize = header.addressSize;
    this.sections = sections;
    this.start = header.start;
    this.offsetSize = header.offsetSize;
    // Where nothing is said, behind the header of a section's single contribution.
    const lengthSize = header.offsetSize === 8 ? 12 : 4;
    this.isSplit = skeleton !== undefined;
    // The GNU form of split units has no headers.
    this.textBase = this.isSplit && header.version < 5 ? 0 : lengthSize + 4;
    this.addressBase = skeleton?.addressBase ?? lengthSize + 4;
    this.base = skeleton?.base ?? 0;
    this.rangesBase = skeleton?.gnuRangesBase ?? 0;
    this.rangeBase = lengthSize + 8;
    this.locationBase = lengthSize + 8;
  }

  /** Takes the bases from the unit's own entry, before anything else of it is resolved. */
  setBases(attributes: ReadonlyMap<number, FormValue>): void {
    this.textBase = this.number(attributes.get(AT_STR_OFFSETS_BASE)) ?? this.textBase;
    this.addressBase =
      this.number(attributes.get(AT_ADDR_BASE) ?? attributes.get(AT_GNU_ADDR_BASE)) ?? this.addressBase;
    this.rangeBase = this.number(attributes.get(AT_RNGLISTS_BASE)) ?? this.rangeBase;
    this.locationBase = this.number(attributes.get(AT_LOCLISTS_BASE)) ?? this.locationBase;
    this.gnuRangesBase = this.number(attributes.get(AT_GNU_RANGES_BASE)) ?? 0;
    this.base = this.address(attributes.get(AT_LOW_PC)) ?? this.base;
  }

  number(value: FormValue | undefined): number | undefined {
    return value?.kind === 'number' ? value.value : undefined;
  }

  text(value: FormValue | undefined): string | undefined {
    if (value?.kind === 'text') return value.value;
    if (value?.kind !== 'text-index') return undefined;
    return textAt(this.sections.text, this.listed(this.sections.textOffsets, this.textBase, value.value));
  }

  address(value: FormValue | undefined): number | undefined {
    if (value?.kind === 'address') return value.value;
    return value?.kind === 'address-index' ? this.addressAt(value.value) : undefined;
  }

  /** The entry it refers to, as an offset in .debug_info. */
  reference(value: FormValue | undefined): number | undefined {
    if (value?.kind === 'reference') return this.start + value.value;
    return value?.kind === 'global-reference' ? value.value : undefined;
  }

  /** Offset of a location list in its section; undefined when the value is none. */
  locationList(value: FormValue | undefined): number | undefined {
    if (value?.kind === 'number') return value.value;
    if (value?.kind !== 'location-index') return undefined;
    return this.locationBase + this.listed(this.sections.locationLists, this.locationBase, value.value);
  }

  /** From low and high pc or from a list. High pc is an address, or (as a constant) a length. */
  ranges(attributes: ReadonlyMap<number, FormValue>): Range[] {
    const low = this.address(attributes.get(AT_LOW_PC));
    const high = attributes.get(AT_HIGH_PC);
    if (low !== undefined && high !== undefined) {
      const end = high.kind === 'number' ? low + high.value : (this.address(high) ?? low);
      return end > low && end <= 0x1_0000_0000 ? [{ start: low, end }] : [];
    }
    const list = attributes.get(AT_RANGES);
    if (list?.kind === 'number') {
      if (this.version < 5) return readRanges(this.sections.ranges, this.rangesBase + list.value, this.base);
      return readRangeList(this.sections.rangeLists, list.value, this.base, (index) => this.addressAt(index));
    }
    if (list?.kind !== 'range-index') return [];
    const offset = this.rangeBase + this.listed(this.sections.rangeLists, this.rangeBase, list.value);
    return readRangeList(this.sections.rangeLists, offset, this.base, (index) => this.addressAt(index));
  }

  /** Where code addresses of its lists count from. */
  get codeBase(): number {
    return this.base;
  }

  /** An entry of a table of offsets. */
  private listed(section: Uint8Array, base: number, index: number): number {
    return readOffset(new ByteCursor(section, base + this.offsetSize * index), this.offsetSize);
  }

  addressAt(index: number): number {
    return new ByteCursor(this.sections.addresses, this.addressBase + this.addressSize * index).u32();
  }
}
