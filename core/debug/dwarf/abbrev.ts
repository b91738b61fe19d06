/** .debug_abbrev: the shapes of the entries of a unit. DWARF 5, 7.5.3. */
import { ByteCursor } from '../../util/bytes.ts';
import { FORM_IMPLICIT_CONST } from './form.ts';

/** Compilers need a dozen; without a bound, attributes of no size would make one entry arbitrarily slow. */
const MAX_ATTRIBUTES = 512;

export interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  /** Triples of attribute, form, implicit constant. */
  readonly attributes: readonly number[];
}

/** The table at `offset`, as far as it can be read. */
export function readAbbreviations(section: Uint8Array, offset: number): Map<number, Abbreviation> {
  const table = new Map<number, Abbreviation>();
  const cursor = new ByteCursor(section, offset);
  while (cursor.more) {
    const code = cursor.uleb();
    if (code === 0) break;
    const tag = cursor.uleb();
    const hasChildren = cursor.u8() !== 0;
    const attributes: number[] = [];
    while (cursor.more) {
      const attribute = cursor.uleb();
      const form = cursor.uleb();
      const implicit = form === FORM_IMPLICIT_CONST ? cursor.sleb() : 0;
      if (attribute === 0 && form === 0) break;
      if (attributes.length >= 3 * MAX_ATTRIBUTES) return table;
      attributes.push(attribute, form, implicit);
    }
    table.set(code, { tag, hasChildren, attributes });
  }
  return table;
}
