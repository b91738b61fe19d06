/** One unit's header and bases: resolves the form values whose meaning depends on them. DWARF 5, 3.1 and 7.26–7.28. */
import { ByteCursor, textAt } from '../../util/bytes.ts';
import {
  AT_ADDR_BASE,
  AT_GNU_ADDR_BASE,
  AT_HIGH_PC,
  AT_LOCLISTS_BASE,
  AT_LOW_PC,
  AT_RANGES,
  AT_RNGLISTS_BASE,
  AT_STR_OFFSETS_BASE,
} from './attributes.ts';
import type { FormContext, FormValue } from './form.ts';
import { type Range, readRangeList, readRanges } from './ranges.ts';
import type { DebugSections } from './sections.ts';
import type { UnitHeader } from './unit-header.ts';

export class Unit implements FormContext {
  readonly version: number;
  readonly addressSize: number;
  readonly sections: DebugSections;
  private readonly start: number;
  private base = 0;
  private textBase = 8; // behind the header of a single contribution
  private addressBase = 8;
  private rangeBase = 12;
  private locationBase = 12;

  constructor(header: UnitHeader, sections: DebugSections) {
    this.version = header.version;
    this.addressSize = header.addressSize;
    this.sections = sections;
    this.start = header.start;
  }

  /** Takes the bases from the unit's own entry, before anything else of it is resolved. */
  setBases(attributes: ReadonlyMap<number, FormValue>): void {
    this.textBase = this.number(attributes.get(AT_STR_OFFSETS_BASE)) ?? this.textBase;
    this.addressBase =
      this.number(attributes.get(AT_ADDR_BASE) ?? attributes.get(AT_GNU_ADDR_BASE)) ?? this.addressBase;
    this.rangeBase = this.number(attributes.get(AT_RNGLISTS_BASE)) ?? this.rangeBase;
    this.locationBase = this.number(attributes.get(AT_LOCLISTS_BASE)) ?? this.locationBase;
    this.base = this.address(attributes.get(AT_LOW_PC)) ?? 0;
  }

  number(value: FormValue | undefined): number | undefined {
    return value?.kind === 'number' ? value.value : undefined;
  }

  text(value: FormValue | undefined): string | undefined {
    if (value?.kind === 'text') return value.value;
    if (value?.kind !== 'text-index') return undefined;
    return textAt(this.sections.text, new ByteCursor(this.sections.textOffsets, this.textBase + 4 * value.value).u32());
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
    const offset = new ByteCursor(this.sections.locationLists, this.locationBase + 4 * value.value).u32();
    return this.locationBase + offset;
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
      if (this.version < 5) return readRanges(this.sections.ranges, list.value, this.base);
      return readRangeList(this.sections.rangeLists, list.value, this.base, (index) => this.addressAt(index));
    }
    if (list?.kind !== 'range-index') return [];
    const offset = new ByteCursor(this.sections.rangeLists, this.rangeBase + 4 * list.value).u32();
    return readRangeList(this.sections.rangeLists, this.rangeBase + offset, this.base, (index) =>
      this.addressAt(index),
    );
  }

  /** Where code addresses of its lists count from. */
  get codeBase(): number {
    return this.base;
  }

  addressAt(index: number): number {
    return new ByteCursor(this.sections.addresses, this.addressBase + this.addressSize * index).u32();
  }
}
