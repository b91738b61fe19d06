/**
 * Split debug information: the program keeps a skeleton of each unit, whose types, variables and functions are
 * in a file of their own (.dwo), or with others in a package (.dwp). Says which files are wanted, and joins what
 * was found to the skeletons. It reads no files. DWARF 5, 3.1.2, 3.1.3 and 7.3; the GNU form of DWARF 4.
 */
import { type ElfFile, parseElf } from '../../image/elf.ts';
import { UserError } from '../../util/errors.ts';
import { AT_COMP_DIR, AT_DWO_NAME, AT_GNU_DWO_ID, AT_GNU_DWO_NAME } from './attributes.ts';
import { DebugEntries, type UnitEntries } from './entries.ts';
import { UnitPackage } from './package.ts';
import { type DebugSections, debugSection, debugSections } from './sections.ts';

/** A file that a program names. */
export interface SplitFile {
  readonly name: string;
  /** That a relative name starts from. */
  readonly folder: string;
}

/** What was found of them. */
export interface SplitContents {
  /** By the files as they were asked for. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The program's package, which has them all. */
  readonly package?: Uint8Array;
}

/** The key of a file in `SplitContents`. */
export function splitKey({ name, folder }: SplitFile): string {
  return `${folder}\n${name}`;
}

/** The unit of `entries` that another file has the rest of. */
interface Skeleton extends SplitFile {
  readonly unit: UnitEntries;
  /** What both halves have in common. */
  readonly id: string | undefined;
}

function skeletons(entries: DebugEntries): Skeleton[] {
  // A split unit names its addresses by their index: without a table of them there is none.
  if (entries.sections.addresses.length === 0) return [];
  return entries.units.flatMap((unit) => {
    const attributes = unit.rootAttributes();
    const name = unit.unit.text(attributes.get(AT_DWO_NAME) ?? attributes.get(AT_GNU_DWO_NAME));
    if (name === undefined) return [];
    return { unit, name, folder: unit.unit.text(attributes.get(AT_COMP_DIR)) ?? '', id: unitId(unit) };
  });
}

/** 16 hex digits: in the header, or an attribute of the GNU form. */
function unitId(unit: UnitEntries): string | undefined {
  const value = unit.rootAttributes().get(AT_GNU_DWO_ID);
  if (value?.kind !== 'number') return unit.header.id;
  return (value.exact ?? BigInt(value.value)).toString(16).padStart(16, '0');
}

/** The files that hold the rest of a program's debug information; mostly none. */
export function splitFilesOf(elf: ElfFile): SplitFile[] {
  try {
    // Mostly there is none, and no section needs to be decompressed twice.
    if (debugSection(elf, 'addr').length === 0) return [];
    return skeletons(new DebugEntries(debugSections(elf))).map(({ name, folder }) => ({ name, folder }));
  } catch (error) {
    // Sections that cannot be read are told of when the program is.
    if (error instanceof UserError) return [];
    throw error;
  }
}

export interface Joined {
  /** One for each skeleton whose other half is there. */
  readonly splits: readonly DebugEntries[];
  /** Starts of the skeletons in .debug_info. */
  readonly skeletons: ReadonlySet<number>;
  /** What is missing, a sentence each. */
  readonly problems: readonly string[];
}

export function joinSplits(main: DebugEntries, contents: SplitContents | undefined): Joined {
  const splits: DebugEntries[] = [];
  const joined = new Set<number>();
  const missing: Skeleton[] = [];
  const problems: string[] = [];
  const bundle = contents?.package;
  const packed = bundle && attempt(problems, 'the .dwp file', () => new UnitPackage(bundle));
  const used = new Set<string>();
  for (const skeleton of skeletons(main)) {
    const bytes = contents?.files.get(splitKey(skeleton));
    const inPackage = packed?.sectionsOf(skeleton.id);
    // Compilers write a file for each unit; one that were shared would be read anew for each.
    const key = inPackage === undefined ? splitKey(skeleton) : `${skeleton.id}`;
    if (used.has(key)) problems.push(`${skeleton.name} has several units of the program, of which one is read`);
    if (used.has(key)) continue;
    used.add(key);
    const sections =
      inPackage ?? (bytes && attempt(problems, skeleton.name, () => debugSections(parseElf(bytes), '.dwo')));
    if (sections === undefined) {
      if (bytes === undefined) missing.push(skeleton);
      continue;
    }
    const split = joinedTo(skeleton, sections, main);
    if (split === undefined) problems.push(`${skeleton.name} is of another build than the program`);
    else {
      splits.push(split);
      joined.add(skeleton.unit.header.start);
    }
  }
  if (missing.length > 0) problems.push(missingNote(missing));
  return { splits, skeletons: joined, problems };
}

/** Addresses and, in DWARF 4, ranges stay in the program. */
function joinedTo(skeleton: Skeleton, own: DebugSections, main: DebugEntries): DebugEntries | undefined {
  const { addresses, ranges } = main.sections;
  const split = new DebugEntries({ ...own, addresses, ranges }, skeleton.unit);
  const isHalf = split.units.some((unit) => !unit.header.isTypeUnit && unitId(unit) === skeleton.id);
  return isHalf ? split : undefined;
}

function attempt<T>(problems: string[], what: string, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    problems.push(`${what}: ${error.line}`);
    return undefined;
  }
}

function missingNote([first, ...rest]: readonly Skeleton[]): string {
  const others = rest.length > 0 ? ` and ${rest.length} other files` : '';
  const place = first.folder === '' ? '' : ` (looked for from ${first.folder} and beside the program)`;
  return `types and variables are in ${first.name}${others}, which is not there${place}: keep the .dwo files, or build without -gsplit-dwarf`;
}
