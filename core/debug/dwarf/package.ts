/**
 * A package (.dwp): the sections of many .dwo files in one file, and an index that tells for each unit which part
 * of every section is its own. Type units have an index of their own, which is not read. DWARF 5, 7.3.5.
 */
import { parseElf } from '../../image/elf.ts';
import { ByteCursor } from '../../util/bytes.ts';
import { UserError } from '../../util/errors.ts';
import { readSignature } from './form.ts';
import { type DebugSections, debugSection, debugSections } from './sections.ts';

type SectionName = keyof DebugSections;

/** By the number of a column: the same since the GNU form (version 2), but for lists and ranges. */
const COLUMNS: Readonly<Record<number, SectionName>> = {
  1: 'info',
  2: 'types',
  3: 'abbrev',
  4: 'line',
  6: 'textOffsets',
};
const GNU_COLUMNS: typeof COLUMNS = { ...COLUMNS, 5: 'locations' };
const NEW_COLUMNS: typeof COLUMNS = { ...COLUMNS, 5: 'locationLists', 8: 'rangeLists' };
const MAX_COLUMNS = 16;

export class UnitPackage {
  private readonly sections: DebugSections;
  private readonly parts = new Map<string, Partial<DebugSections>>();

  /** @throws UserError for what is no package */
  constructor(bytes: Uint8Array) {
    const elf = parseElf(bytes);
    this.sections = debugSections(elf, '.dwo');
    this.readIndex(new ByteCursor(debugSection(elf, 'cu_index')));
  }

  /** The sections of the unit with this id; texts are shared by all. */
  sectionsOf(id: string | undefined): DebugSections | undefined {
    const parts = id === undefined ? undefined : this.parts.get(id);
    return parts && { ...this.sections, ...parts };
  }

  /** Ids and row numbers of a hash table, the columns' sections, offsets by row, sizes by row. */
  private readIndex(cursor: ByteCursor): void {
    const version = cursor.u16();
    cursor.skip(2);
    const [columns, rows, slots] = [cursor.u32(), cursor.u32(), cursor.u32()];
    const size = slots * 12 + columns * 4 + columns * rows * 8;
    const isKnown = (version === 2 || version === 5) && columns <= MAX_COLUMNS;
    // Without columns rows take no bytes, and there could be any number of them.
    if (!isKnown || cursor.overrun || rows > slots || size > cursor.remaining)
      throw new UserError('debug-package', 'its index cannot be read');
    const ids = Array.from({ length: slots }, () => readSignature(cursor));
    const rowOf = Array.from({ length: slots }, () => cursor.u32());
    const names = Array.from({ length: columns }, () => (version === 5 ? NEW_COLUMNS : GNU_COLUMNS)[cursor.u32()]);
    const table = () => Array.from({ length: rows }, () => names.map(() => cursor.u32()));
    const [offsets, sizes] = [table(), table()];
    ids.forEach((id, slot) => {
      const row = rowOf[slot] - 1;
      if (row < 0 || row >= rows) return;
      const parts: Partial<Record<SectionName, Uint8Array>> = {};
      names.forEach((name, column) => {
        if (name === undefined) return;
        const start = offsets[row][column];
        parts[name] = this.sections[name].subarray(start, start + sizes[row][column]);
      });
      this.parts.set(id, parts);
    });
  }
}
