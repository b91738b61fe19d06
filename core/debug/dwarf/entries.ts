/**
 * The tree of debugging entries, a unit at a time and only when something in it is asked for. An entry that
 * cannot be read ends its unit: what came before stays. DWARF 5, 2.3 and 7.5.
 */
import { ByteCursor } from '../../util/bytes.ts';
import { type Abbreviation, readAbbreviations } from './abbrev.ts';
import { AT_ABSTRACT_ORIGIN, AT_SPECIFICATION } from './attributes.ts';
import { type FormValue, readForm } from './form.ts';
import { unitSpans } from './initial-length.ts';
import type { DebugSections } from './sections.ts';
import { Unit } from './unit.ts';
import { readUnitHeader, type UnitHeader } from './unit-header.ts';

type Attributes = ReadonlyMap<number, FormValue>;

/** Concrete instance → abstract instance → declaration; a longer chain is a loop. */
const MAX_ORIGINS = 8;

/** All units of a file. */
export class DebugEntries {
  readonly sections: DebugSections;
  /** Of .debug_info by their start, and behind them those of .debug_types. */
  readonly units: readonly UnitEntries[];
  /** Of a file with the rest of a unit: the program's half of it. */
  readonly skeleton: UnitEntries | undefined;
  private readonly infoUnits: readonly UnitEntries[];
  private readonly bySignature = new Map<string, UnitEntries>();
  private readonly abbreviations = new Map<number, Map<number, Abbreviation>>();

  constructor(sections: DebugSections, skeleton?: UnitEntries) {
    this.sections = sections;
    this.skeleton = skeleton;
    this.infoUnits = this.headers(sections.info, false);
    this.units = [...this.infoUnits, ...this.headers(sections.types, true)];
    for (const unit of this.units)
      if (unit.header.signature !== undefined) this.bySignature.set(unit.header.signature, unit);
  }

  private headers(section: Uint8Array, ofTypes: boolean): UnitEntries[] {
    const units: UnitEntries[] = [];
    for (const span of unitSpans(section)) {
      const header = readUnitHeader(section, span, ofTypes);
      if (header !== undefined) units.push(new UnitEntries(this, section, header, span.end));
    }
    return units;
  }

  /** The entry at an offset of .debug_info. */
  at(offset: number): Entry | undefined {
    return this.unitAround(offset)?.entryAt(offset);
  }

  unitAround(offset: number): UnitEntries | undefined {
    let low = 0;
    let high = this.infoUnits.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.infoUnits[middle].header.start <= offset) low = middle + 1;
      else high = middle;
    }
    const unit = this.infoUnits[low - 1];
    return unit !== undefined && offset < unit.end ? unit : undefined;
  }

  /** The type that a type unit holds. */
  signedType(signature: string): Entry | undefined {
    const unit = this.bySignature.get(signature);
    return unit?.entryAt(unit.header.start + (unit.header.typeOffset ?? 0));
  }

  shapes(offset: number): Map<number, Abbreviation> {
    let table = this.abbreviations.get(offset);
    if (table === undefined) {
      table = readAbbreviations(this.sections.abbrev, offset);
      this.abbreviations.set(offset, table);
    }
    return table;
  }
}

/** Where an entry begins, what it is, and which entries lie below it. */
interface Slot {
  readonly offset: number;
  readonly shape: Abbreviation;
  readonly parent: number;
  /** Index behind the last entry below it. */
  end: number;
}

export class UnitEntries {
  readonly all: DebugEntries;
  readonly header: UnitHeader;
  readonly end: number;
  readonly unit: Unit;
  private readonly section: Uint8Array;
  private slots: Slot[] | undefined;
  private readonly made = new Map<number, Entry>();

  constructor(all: DebugEntries, section: Uint8Array, header: UnitHeader, end: number) {
    this.all = all;
    this.section = section;
    this.header = header;
    this.end = end;
    this.unit = new Unit(header, all.sections, all.skeleton?.unit);
  }

  /** Attributes of the unit's own entry, without looking at the others; empty when it cannot be read. */
  rootAttributes(): Attributes {
    if (this.slots !== undefined) return this.slots.length === 0 ? new Map() : this.entry(0).attributes;
    const cursor = new ByteCursor(this.section, this.header.firstEntry, this.end);
    const shape = this.all.shapes(this.header.abbreviations).get(cursor.uleb());
    if (shape === undefined) return new Map();
    const attributes = this.read(this.header.firstEntry, shape);
    this.unit.setBases(attributes);
    return attributes;
  }

  /** The unit's own entry. */
  get root(): Entry | undefined {
    return this.list().length === 0 ? undefined : this.entry(0);
  }

  entryAt(offset: number): Entry | undefined {
    const slots = this.list();
    let low = 0;
    let high = slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (slots[middle].offset < offset) low = middle + 1;
      else high = middle;
    }
    return slots[low]?.offset === offset ? this.entry(low) : undefined;
  }

  entry(index: number): Entry {
    let entry = this.made.get(index);
    if (entry === undefined) {
      entry = new Entry(this, index);
      this.made.set(index, entry);
    }
    return entry;
  }

  slot(index: number): Slot {
    return this.list()[index];
  }

  attributesOf(index: number): Attributes {
    const { offset, shape } = this.slot(index);
    return this.read(offset, shape);
  }

  private read(offset: number, shape: Abbreviation): Attributes {
    const cursor = new ByteCursor(this.section, offset, this.end);
    cursor.uleb();
    const attributes = new Map<number, FormValue>();
    const list = shape.attributes;
    for (let i = 0; i < list.length; i += 3) {
      const value = readForm(cursor, list[i + 1], this.unit, list[i + 2]);
      if (value === undefined || cursor.overrun) break;
      attributes.set(list[i], value);
    }
    return attributes;
  }

  private list(): Slot[] {
    if (this.slots === undefined) {
      this.slots = this.scan();
      if (this.slots.length > 0) this.unit.setBases(this.attributesOf(0));
    }
    return this.slots;
  }

  private scan(): Slot[] {
    const table = this.all.shapes(this.header.abbreviations);
    const cursor = new ByteCursor(this.section, this.header.firstEntry, this.end);
    const slots: Slot[] = [];
    const open: number[] = [];
    while (cursor.more) {
      const offset = cursor.offset;
      const code = cursor.uleb();
      if (code === 0) {
        const closed = open.pop();
        if (closed === undefined) break;
        slots[closed].end = slots.length;
        if (open.length === 0) break;
        continue;
      }
      const shape = table.get(code);
      if (shape === undefined || !this.passOver(cursor, shape)) break;
      slots.push({ offset, shape, parent: open.at(-1) ?? -1, end: slots.length + 1 });
      if (shape.hasChildren) open.push(slots.length - 1);
      else if (open.length === 0) break;
    }
    for (const index of open) slots[index].end = slots.length;
    return slots;
  }

  private passOver(cursor: ByteCursor, shape: Abbreviation): boolean {
    const list = shape.attributes;
    for (let i = 0; i < list.length; i += 3)
      if (readForm(cursor, list[i + 1], this.unit, list[i + 2]) === undefined || cursor.overrun) return false;
    return true;
  }
}

export class Entry {
  readonly owner: UnitEntries;
  readonly index: number;
  private known: Attributes | undefined;

  constructor(owner: UnitEntries, index: number) {
    this.owner = owner;
    this.index = index;
  }

  get tag(): number {
    return this.owner.slot(this.index).shape.tag;
  }

  get offset(): number {
    return this.owner.slot(this.index).offset;
  }

  get unit(): Unit {
    return this.owner.unit;
  }

  get attributes(): Attributes {
    this.known ??= this.owner.attributesOf(this.index);
    return this.known;
  }

  get parent(): Entry | undefined {
    const { parent } = this.owner.slot(this.index);
    return parent < 0 ? undefined : this.owner.entry(parent);
  }

  /** The entries directly below, in file order. */
  *children(): Generator<Entry> {
    const { end } = this.owner.slot(this.index);
    for (let at = this.index + 1; at < end; at = this.owner.slot(at).end) yield this.owner.entry(at);
  }

  /** All entries below, in file order. */
  *descendants(): Generator<Entry> {
    const { end } = this.owner.slot(this.index);
    for (let index = this.index + 1; index < end; index++) yield this.owner.entry(index);
  }

  has(attribute: number): boolean {
    return this.attributes.has(attribute);
  }

  number(attribute: number): number | undefined {
    return this.unit.number(this.attributes.get(attribute));
  }

  address(attribute: number): number | undefined {
    return this.unit.address(this.attributes.get(attribute));
  }

  text(attribute: number): string | undefined {
    return this.unit.text(this.attributes.get(attribute));
  }

  /** The entry that an attribute refers to. */
  reference(attribute: number): Entry | undefined {
    const value = this.attributes.get(attribute);
    if (value === undefined) return undefined;
    if (value.kind === 'reference') return this.owner.entryAt(this.owner.header.start + value.value);
    if (value.kind === 'global-reference') return this.owner.all.at(value.value);
    return value.kind === 'signature' ? this.owner.all.signedType(value.value) : undefined;
  }

  /** This entry, its abstract origin, and the declaration that it specifies: an attribute may stand at any. */
  *origins(): Generator<Entry> {
    let entry: Entry | undefined = this;
    for (let hops = 0; entry !== undefined && hops < MAX_ORIGINS; hops++) {
      yield entry;
      entry = entry.reference(AT_ABSTRACT_ORIGIN) ?? entry.reference(AT_SPECIFICATION);
    }
  }

  /** The first of `origins` that has the attribute. */
  holder(attribute: number): Entry | undefined {
    for (const entry of this.origins()) if (entry.has(attribute)) return entry;
    return undefined;
  }

  inheritedText(attribute: number): string | undefined {
    return this.holder(attribute)?.text(attribute);
  }

  inheritedNumber(attribute: number): number | undefined {
    return this.holder(attribute)?.number(attribute);
  }
}
