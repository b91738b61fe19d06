/**
 * Everything a debugger knows of one file: symbols, functions, lines. Broken debug information costs what it
 * describes and nothing else: the problems are told, the rest works.
 */
import { type ElfFile, PT_LOAD, parseElf, SHF_ALLOC } from '../image/elf.ts';
import { ByteCursor } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';
import { demangled } from './demangle/index.ts';
import { AT_COMP_DIR, AT_STMT_LIST } from './dwarf/attributes.ts';
import { DebugEntries, type Entry } from './dwarf/entries.ts';
import { FrameTable } from './dwarf/frame.ts';
import type { FrameRow } from './dwarf/frame-rules.ts';
import { type FunctionRange, FunctionTable } from './dwarf/function-table.ts';
import { type DebugInfo, readDebugInfo } from './dwarf/info.ts';
import { readUnitSpan } from './dwarf/initial-length.ts';
import { readLineHeader } from './dwarf/line-header.ts';
import { runLinePrograms } from './dwarf/line-program.ts';
import { LineRows } from './dwarf/line-rows.ts';
import { LineTable } from './dwarf/line-table.ts';
import { qualifiedName } from './dwarf/names.ts';
import { debugSections } from './dwarf/sections.ts';
import { joinSplits, type SplitContents, type SplitFile, splitFilesOf } from './dwarf/split.ts';
import { Variables } from './dwarf/variables.ts';
import type { SymbolMeaning } from './evaluate.ts';
import { functionsByName } from './function-lookup.ts';
import { opensFrame, PROLOGUE_BYTES } from './prologue.ts';
import { SymbolTable } from './symbols.ts';

const MAX_PROBLEMS = 10;
const STABS =
  'the debug information is in the stabs format, which is not read: symbols and addresses work, lines and variables do not. Build with -gdwarf-5 (gcc) or -F dwarf (nasm)';

export class Program {
  readonly symbols: SymbolTable;
  readonly functions: FunctionTable;
  readonly lines: LineTable;
  /** What could not be read, a sentence each, for the user. */
  readonly problems: readonly string[];

  /** Variables and types; undefined without debug information. */
  readonly variables: Variables | undefined;
  private readonly frames: () => FrameTable | undefined;
  private readonly fileLists = new Map<number, readonly string[]>();
  private readonly titles = new Map<FunctionRange, string>();
  private frameTable: FrameTable | undefined;
  private readonly entryOf: (found: FunctionRange) => Entry | undefined;
  private readonly offset: number;
  private readonly code: (linked: number, length: number) => Uint8Array;

  private constructor(parts: {
    symbols: SymbolTable;
    functions: FunctionTable;
    lines: LineTable;
    problems: readonly string[];
    variables: Variables | undefined;
    frames: () => FrameTable | undefined;
    entryOf: (found: FunctionRange) => Entry | undefined;
    offset: number;
    code: (linked: number, length: number) => Uint8Array;
  }) {
    this.symbols = parts.symbols;
    this.functions = parts.functions;
    this.lines = parts.lines;
    this.problems = parts.problems;
    this.variables = parts.variables;
    this.frames = parts.frames;
    this.entryOf = parts.entryOf;
    this.offset = parts.offset;
    this.code = parts.code;
  }

  /** The path of a file that an entry of the debug information names by number, as the line table has it. */
  fileOf(entry: Entry, number: number): string | undefined {
    // The lines of split debug information stay in the program.
    const unit = entry.owner.all.skeleton ?? entry.owner;
    const { root } = unit;
    const start = root?.number(AT_STMT_LIST);
    if (root === undefined || start === undefined) return undefined;
    let files = this.fileLists.get(start);
    if (files === undefined) {
      const { sections } = unit.all;
      const cursor = new ByteCursor(sections.line, start);
      const { offsetSize } = readUnitSpan(cursor) ?? { offsetSize: 4 };
      files = readLineHeader(cursor, offsetSize, sections, root.text(AT_COMP_DIR) ?? '')?.files ?? [];
      this.fileLists.set(start, files);
    }
    return files[number];
  }

  /** What the file has at an address; shorter where it has less. */
  codeAt(address: number, length: number): Uint8Array {
    return this.code((address - this.offset) >>> 0, length);
  }

  /** Call frame information of the code at an address, where there is any. */
  frameRow(address: number): FrameRow | undefined {
    this.frameTable ??= this.frames();
    return this.frameTable?.at((address - this.offset) >>> 0);
  }

  /**
   * @param offset added to every address: where the file runs, less where it was linked
   * @param splits contents of the files that `splitFiles` names, as far as they were found
   * @throws UserError when the bytes are no ELF file for IA-32
   */
  static fromBytes(bytes: Uint8Array, offset = 0, splits?: SplitContents): Program {
    return Program.fromElf(parseElf(bytes), offset, splits);
  }

  /** Files that hold the rest of a program's debug information; mostly none. @throws UserError as `fromBytes` does */
  static splitFiles(bytes: Uint8Array): SplitFile[] {
    return splitFilesOf(parseElf(bytes));
  }

  static fromElf(elf: ElfFile, offset = 0, splits?: SplitContents): Program {
    const problems: string[] = [];
    const attempt = <T>(make: () => T): T | undefined => {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        problems.push(error.line);
        return undefined;
      }
    };
    const symbols = attempt(() => SymbolTable.fromElf(elf, offset)) ?? SymbolTable.EMPTY;
    const sections = attempt(() => debugSections(elf));
    if (elf.section('.stab') !== undefined && sections?.info.length === 0) problems.push(STABS);
    const info: DebugInfo =
      sections === undefined ? { units: [], functions: [], problems: [] } : readDebugInfo(sections);
    const entries = sections && new DebugEntries(sections);
    const joined = entries && joinSplits(entries, splits);
    const halves = joined?.splits ?? [];
    const split = halves.map((half) => readDebugInfo(half.sections, half.skeleton?.unit));
    problems.push(...shortened(info.problems), ...shortened(split.flatMap((one) => one.problems)));
    problems.push(...shortened(joined?.problems ?? []));
    const accept = loadedCode(elf, offset);
    const rows = new LineRows(accept, offset);
    // A skeleton may have a poor copy of what the other file tells in full.
    const own = info.functions.filter(({ unit }) => joined?.skeletons.has(unit.start) !== true);
    const others = split.flatMap((one, i) => one.functions.map((found) => ({ ...found, split: i })));
    const functions = new FunctionTable([...own, ...others], accept, offset);
    const entryOf = ({ split, infoOffset }: FunctionRange) =>
      (split === undefined ? entries : halves[split])?.at(infoOffset);
    if (sections !== undefined) {
      const folders = new Map(info.units.map((unit) => [unit.lineTable, unit.folder]));
      problems.push(...shortened(runLinePrograms(sections, (start) => folders.get(start) ?? '', rows)));
    }
    const units = entries && [...entries.units, ...halves.flatMap((half) => half.units)];
    return new Program({
      symbols,
      functions,
      lines: new LineTable(rows, functions, (entry) => opensFrame(codeAt(elf, entry - offset))),
      problems,
      variables:
        units &&
        new Variables(units, offset, {
          subprogramAt: (linked) => {
            const found = functions.at((linked + offset) >>> 0);
            return found && entryOf(found);
          },
          symbol: (name) => {
            const address = symbols.find(name);
            return address === undefined ? undefined : (address - offset) >>> 0;
          },
          isLoaded: (linked) => accept((linked + offset) >>> 0),
        }),
      frames: () => {
        const unwind = elf.section('.eh_frame');
        return attempt(
          () =>
            new FrameTable(
              sections?.frame ?? new Uint8Array(0),
              unwind === undefined ? new Uint8Array(0) : elf.contents(unwind),
              unwind?.address ?? 0,
              (linked) => accept(linked + offset),
            ),
        );
      },
      entryOf,
      offset,
      code: (linked, length) => codeAt(elf, linked, length),
    });
  }

  /**
   * Where a breakpoint on a function belongs: behind the prologue where the compiler tells its end, else at
   * the symbol. Undefined for a name that is not known.
   */
  functionBreakAddress(name: string): number | undefined {
    return this.functionBreakAddresses(name)[0];
  }

  /** The same for all functions of that name and all places where one was inlined. */
  functionBreakAddresses(name: string): number[] {
    const { own, inlined } = this.functionsByName(name);
    const bodies = own.map((one) => (one.isAssembly ? one.entry : this.lines.prologueEnd(one.entry, one.end)));
    const found = [...bodies, ...inlined.map((one) => one.entry)];
    const symbol = found.length === 0 ? this.symbols.find(name) : undefined;
    return symbol === undefined ? [...new Set(found)] : [symbol];
  }

  /** What a name stands for in an expression: a symbol of the file, or a function by its name in the source. */
  meaning(name: string): SymbolMeaning | undefined {
    const symbol = this.symbols.meaning(name);
    if (symbol !== undefined) return symbol;
    const [found] = this.functionsByName(name).own;
    return found && { address: found.entry, size: found.end - found.start, code: true };
  }

  private functionsByName(name: string) {
    return functionsByName(name, this.functions, (found) => {
      const entry = this.entryOf(found);
      return entry === undefined ? found.name : qualifiedName(entry);
    });
  }

  /** The function or symbol that `address` lies in, by the name that people know: C++ has its parameters. */
  nameAt(address: number): { readonly name: string; readonly offset: number } | undefined {
    const found = this.functions.at(address >>> 0);
    if (found !== undefined && !found.isAssembly)
      return { name: this.titleOf(found), offset: (address - found.entry) >>> 0 };
    const symbol = this.symbols.lookup(address);
    return symbol && { ...symbol, name: demangled(symbol.name)?.full ?? symbol.name };
  }

  private titleOf(found: FunctionRange): string {
    let title = this.titles.get(found);
    if (title === undefined) {
      const entry = this.entryOf(found);
      title = (entry && this.variables?.titleOf(entry)) || found.name;
      this.titles.set(found, title);
    }
    return title;
  }
}

/** As many as somebody reads: a damaged file may have one for every unit. */
function shortened(problems: readonly string[]): readonly string[] {
  const more = problems.length - MAX_PROBLEMS;
  return more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more like these`] : problems;
}

/**
 * Linkers leave the lines of functions they threw away in place, at address 0 or at all ones; code is only
 * where a section is loaded. A file without section headers accepts everything.
 */
function loadedCode(elf: ElfFile, offset: number): (address: number) => boolean {
  const loaded = elf.sections.filter((section) => section.flags & SHF_ALLOC && section.size > 0);
  if (loaded.length === 0) return () => true;
  return (address) => {
    const linked = (address - offset) >>> 0;
    return loaded.some((section) => linked >= section.address && linked - section.address < section.size);
  };
}

/** The first bytes of the code linked at `address`; empty where the file has none. */
function codeAt(elf: ElfFile, address: number, length = PROLOGUE_BYTES): Uint8Array {
  for (const segment of elf.segments) {
    const offset = (address >>> 0) - segment.virtual;
    if (segment.type !== PT_LOAD || offset < 0 || offset >= segment.fileSize) continue;
    const end = Math.min(offset + length, segment.fileSize);
    return elf.bytes.subarray(segment.offset + offset, segment.offset + end);
  }
  return new Uint8Array(0);
}
