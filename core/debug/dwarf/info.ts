/**
 * .debug_info as far as addresses need it: units (name, folder, language, line table) and their functions.
 * In one pass over the whole file, which entries.ts, for types and variables, reads a unit at a time. Sections may
 * lie: a unit that cannot be read is left where it breaks, and what was read stays. DWARF 5, 3.1, 3.3 and 7.5.
 */
import { ByteCursor } from '../../util/bytes.ts';
import { type Abbreviation, readAbbreviations } from './abbrev.ts';
import {
  AT_ABSTRACT_ORIGIN,
  AT_ADDR_BASE,
  AT_COMP_DIR,
  AT_ENTRY_PC,
  AT_GNU_ADDR_BASE,
  AT_HIGH_PC,
  AT_LANGUAGE,
  AT_LOW_PC,
  AT_NAME,
  AT_RANGES,
  AT_RNGLISTS_BASE,
  AT_SPECIFICATION,
  AT_STMT_LIST,
  AT_STR_OFFSETS_BASE,
  LANGUAGE_ASSEMBLER,
  TAG_COMPILE_UNIT,
  TAG_INLINED_SUBROUTINE,
  TAG_PARTIAL_UNIT,
  TAG_SKELETON_UNIT,
  TAG_SUBPROGRAM,
} from './attributes.ts';
import { type FormValue, readForm } from './form.ts';
import { unitSpans } from './initial-length.ts';
import type { Range } from './ranges.ts';
import type { DebugSections } from './sections.ts';
import { Unit } from './unit.ts';
import { readUnitHeader, type UnitHeader } from './unit-header.ts';

export interface UnitInfo {
  /** Of the unit in .debug_info. */
  readonly start: number;
  readonly name: string;
  /** Folder of the compilation; '' when unknown. */
  readonly folder: string;
  /** Offset of its line table in .debug_line. */
  readonly lineTable: number | undefined;
  readonly isAssembly: boolean;
}

export interface FunctionInfo {
  readonly name: string;
  /** The entry; ranges[0] unless the compiler moved cold parts in front of it. */
  readonly entry: number;
  readonly ranges: readonly Range[];
  readonly unit: UnitInfo;
  /** Its code at one place where it was inlined into another function. */
  readonly inlined: boolean;
  /** Of its entry in .debug_info. */
  readonly offset: number;
  /** Which of the files with split debug information it stands in; undefined for the program itself. */
  readonly split?: number;
}

export interface DebugInfo {
  readonly units: readonly UnitInfo[];
  /** In file order, those with code only. */
  readonly functions: readonly FunctionInfo[];
  /** What could not be read, a sentence each. */
  readonly problems: readonly string[];
}

type Attributes = Map<number, FormValue>;

const UNIT_ATTRIBUTES = new Set([
  AT_NAME,
  AT_STMT_LIST,
  AT_LOW_PC,
  AT_LANGUAGE,
  AT_COMP_DIR,
  AT_STR_OFFSETS_BASE,
  AT_ADDR_BASE,
  AT_RNGLISTS_BASE,
  AT_GNU_ADDR_BASE,
]);
const FUNCTION_ATTRIBUTES = new Set([
  AT_ENTRY_PC,
  AT_NAME,
  AT_LOW_PC,
  AT_HIGH_PC,
  AT_RANGES,
  AT_ABSTRACT_ORIGIN,
  AT_SPECIFICATION,
]);
const NO_ATTRIBUTES = new Set<number>();

/** @param skeleton the program's half, when `sections` hold the rest of a unit */
export function readDebugInfo(sections: DebugSections, skeleton?: Unit): DebugInfo {
  const reader = new InfoReader(sections, skeleton);
  reader.run();
  return reader.result();
}

/** A function whose name may stand in another entry. */
interface PendingFunction {
  readonly entry: number;
  readonly ranges: readonly Range[];
  readonly unit: UnitInfo;
  readonly inlined: boolean;
  readonly offset: number;
}

class InfoReader {
  private readonly sections: DebugSections;
  private readonly skeleton: Unit | undefined;
  private readonly units: UnitInfo[] = [];
  private readonly functions: PendingFunction[] = [];
  private readonly problems: string[] = [];
  private readonly abbreviations = new Map<number, Map<number, Abbreviation>>();
  /** A piece of a function takes a byte at least, if each has its own list: what more there is, damage made. */
  private piecesLeft: number;
  /** By offset in .debug_info: a function entry's own name, or the entry that has it. */
  private readonly names = new Map<number, string | number>();

  constructor(sections: DebugSections, skeleton: Unit | undefined) {
    this.sections = sections;
    this.skeleton = skeleton;
    this.piecesLeft = sections.ranges.length + sections.rangeLists.length;
  }

  run(): void {
    const { info } = this.sections;
    for (const span of unitSpans(info, (why) => this.problems.push(`.debug_info ${why}`))) {
      const header = readUnitHeader(info, span);
      if (header !== undefined) this.readUnit(header, new ByteCursor(info, header.firstEntry, span.end));
      else if (span.end > span.first)
        this.problems.push(`the unit at ${span.start} of .debug_info is of an unknown version`);
    }
  }

  result(): DebugInfo {
    const functions = this.functions.map((one) => ({ name: this.nameOf(one.offset), ...one }));
    return { units: this.units, functions: functions.filter((one) => one.name !== ''), problems: this.problems };
  }

  private nameOf(offset: number): string {
    // Concrete instance → abstract instance → declaration; a longer chain is a loop.
    let at = offset;
    for (let hops = 0; hops < 8; hops++) {
      const found = this.names.get(at);
      if (typeof found === 'string') return found;
      if (found === undefined) return '';
      at = found;
    }
    return '';
  }

  private abbreviationsAt(offset: number): Map<number, Abbreviation> {
    let table = this.abbreviations.get(offset);
    if (table === undefined) {
      table = readAbbreviations(this.sections.abbrev, offset);
      this.abbreviations.set(offset, table);
    }
    return table;
  }

  private readUnit(header: UnitHeader, cursor: ByteCursor): void {
    const table = this.abbreviationsAt(header.abbreviations);
    const unit = new Unit(header, this.sections, this.skeleton);
    let info: UnitInfo | undefined;
    while (cursor.more) {
      const offset = cursor.offset;
      const code = cursor.uleb();
      if (code === 0) continue; // end of a list of children: the tree's shape does not matter here
      const shape = table.get(code);
      if (shape === undefined) {
        this.problems.push(`the unit at ${header.start} of .debug_info uses an abbreviation that does not exist`);
        return;
      }
      const isUnit =
        shape.tag === TAG_COMPILE_UNIT || shape.tag === TAG_PARTIAL_UNIT || shape.tag === TAG_SKELETON_UNIT;
      const isFunction = shape.tag === TAG_SUBPROGRAM || shape.tag === TAG_INLINED_SUBROUTINE;
      const wanted = isUnit ? UNIT_ATTRIBUTES : isFunction ? FUNCTION_ATTRIBUTES : NO_ATTRIBUTES;
      const attributes = readAttributes(cursor, shape, unit, wanted);
      if (attributes === undefined) {
        this.problems.push(`the unit at ${header.start} of .debug_info uses a form that is not known`);
        return;
      }
      if (isUnit && info === undefined) {
        info = this.addUnit(unit, header.start, attributes);
        // Type units hold no code, and theirs are many.
        if (header.isTypeUnit) return;
      } else if (isFunction && info !== undefined) {
        this.addFunction(unit, info, offset, attributes, shape.tag === TAG_INLINED_SUBROUTINE);
      }
    }
  }

  private addUnit(unit: Unit, start: number, attributes: Attributes): UnitInfo {
    unit.setBases(attributes);
    const info: UnitInfo = {
      start,
      name: unit.text(attributes.get(AT_NAME)) ?? '',
      folder: unit.text(attributes.get(AT_COMP_DIR)) ?? '',
      lineTable: unit.number(attributes.get(AT_STMT_LIST)),
      isAssembly: unit.number(attributes.get(AT_LANGUAGE)) === LANGUAGE_ASSEMBLER,
    };
    this.units.push(info);
    return info;
  }

  private addFunction(unit: Unit, info: UnitInfo, offset: number, attributes: Attributes, inlined: boolean): void {
    const name = unit.text(attributes.get(AT_NAME));
    const origin = unit.reference(attributes.get(AT_ABSTRACT_ORIGIN) ?? attributes.get(AT_SPECIFICATION));
    if (name !== undefined) this.names.set(offset, name);
    else if (origin !== undefined) this.names.set(offset, origin);
    if (this.piecesLeft < 0) return;
    const ranges = unit.ranges(attributes);
    if (ranges.length === 0) return;
    if (ranges.length > 1) this.piecesLeft -= ranges.length;
    if (this.piecesLeft < 0) this.problems.push('functions share lists of address ranges: those behind are left out');
    const low = unit.address(attributes.get(AT_ENTRY_PC)) ?? unit.address(attributes.get(AT_LOW_PC));
    this.functions.push({ entry: low ?? ranges[0].start, ranges, unit: info, inlined, offset });
  }
}

/** Reads over an entry and keeps the wanted attributes; undefined when its end cannot be found. */
function readAttributes(
  cursor: ByteCursor,
  shape: Abbreviation,
  unit: Unit,
  wanted: ReadonlySet<number>,
): Attributes | undefined {
  const kept: Attributes = new Map();
  const list = shape.attributes;
  for (let i = 0; i < list.length; i += 3) {
    const value = readForm(cursor, list[i + 1], unit, list[i + 2]);
    if (value === undefined || cursor.overrun) return undefined;
    if (wanted.has(list[i])) kept.set(list[i], value);
  }
  return kept;
}
