/** The names that a unit gives to the whole file: variables, types and enumerators, also those in namespaces. */
import * as at from './attributes.ts';
import { constantOf } from './constant.ts';
import type { Entry, UnitEntries } from './entries.ts';
import { enumeratorPrefix, isStructure, qualifiedName } from './names.ts';

export interface Enumerator {
  readonly type: Entry;
  readonly value: bigint;
}

const MAX_DEPTH = 16;

export class UnitNames {
  /** Variables by name, in the order of the file; a declaration only while there is no definition. */
  readonly variables = new Map<string, Entry>();
  /** By name; tagged ones also as `struct NAME`. */
  readonly types = new Map<string, Entry>();
  readonly enumerators = new Map<string, Enumerator>();

  constructor(unit: UnitEntries) {
    if (unit.root !== undefined) this.walk(unit.root, 0);
  }

  private walk(scope: Entry, depth: number): void {
    for (const entry of scope.children()) {
      if (entry.tag === at.TAG_VARIABLE) this.addVariable(entry);
      else if (entry.tag === at.TAG_NAMESPACE && depth < MAX_DEPTH) this.walk(entry, depth + 1);
      else this.addType(entry, depth);
    }
  }

  private addVariable(entry: Entry): void {
    // The names of an unnamed namespace are those of the file.
    const name = qualifiedName(entry).replaceAll('(anonymous namespace)::', '');
    const known = this.variables.get(name);
    if (name !== '' && (known === undefined || isDeclaration(known))) this.variables.set(name, entry);
  }

  private addType(entry: Entry, depth: number): void {
    const keyword = KEYWORDS.get(entry.tag);
    if (keyword === undefined) return;
    const name = qualifiedName(entry);
    if (name !== '') {
      this.set(name, entry);
      if (keyword !== '') this.set(`${keyword} ${name}`, entry);
    }
    if (entry.tag === at.TAG_ENUMERATION_TYPE) this.addEnumerators(entry);
    else if (isStructure(entry.tag) && depth < MAX_DEPTH)
      for (const child of entry.children()) this.addType(child, depth + 1);
  }

  /** A definition replaces a declaration. */
  private set(name: string, entry: Entry): void {
    const known = this.types.get(name);
    if (known === undefined || (isDeclaration(known) && !isDeclaration(entry))) this.types.set(name, entry);
  }

  private addEnumerators(type: Entry): void {
    const prefix = enumeratorPrefix(type);
    for (const entry of type.children()) {
      const name = entry.text(at.AT_NAME);
      const value = constantOf(entry.attributes.get(at.AT_CONST_VALUE));
      if (entry.tag !== at.TAG_ENUMERATOR || name === undefined || value === undefined) continue;
      for (const key of [name, prefix + name])
        if (!this.enumerators.has(key)) this.enumerators.set(key, { type, value });
    }
  }
}

function isDeclaration(entry: Entry): boolean {
  return entry.has(at.AT_DECLARATION);
}

const KEYWORDS: ReadonlyMap<number, string> = new Map([
  [at.TAG_BASE_TYPE, ''],
  [at.TAG_TYPEDEF, ''],
  [at.TAG_STRUCTURE_TYPE, 'struct'],
  [at.TAG_CLASS_TYPE, 'class'],
  [at.TAG_UNION_TYPE, 'union'],
  [at.TAG_ENUMERATION_TYPE, 'enum'],
]);

/** The names of all units; each is read when a search comes to it. */
export class FileNames {
  private readonly all: readonly UnitEntries[];
  private readonly units = new Map<UnitEntries, UnitNames>();

  constructor(all: readonly UnitEntries[]) {
    this.all = all;
  }

  of(unit: UnitEntries): UnitNames {
    let names = this.units.get(unit);
    if (names === undefined) {
      names = new UnitNames(unit);
      this.units.set(unit, names);
    }
    return names;
  }

  /** What `pick` finds, in `first` before all others. */
  find<T>(first: UnitEntries | undefined, pick: (names: UnitNames) => T | undefined): T | undefined {
    const own = first === undefined ? undefined : pick(this.of(first));
    if (own !== undefined) return own;
    for (const unit of this.all) {
      const found = pick(this.of(unit));
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
