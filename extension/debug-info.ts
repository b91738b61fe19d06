/** What the adapter asks of an image's symbols and line table; addresses are linear. */
import {
  type FrameRow,
  type FunctionScope,
  Program,
  type SplitContents,
  type SymbolMeaning,
  type Variables,
} from '../core/index.ts';

export interface SourceRow {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  readonly isStmt: boolean;
  /** The address is where a row of the line table begins; where it is not told, the start of the line. */
  readonly opensRow?: boolean;
  /** The code of this line around the address: [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface DebugInfo {
  readonly name: string;
  readonly path: string;
  /** Sentences about what could not be read. */
  readonly problems: readonly string[];
  /** The function or symbol that covers an address. */
  lookup(address: number): { readonly name: string; readonly offset: number } | undefined;
  find(name: string): SymbolMeaning | undefined;
  /** Names that begin with `prefix`, `limit` at most. */
  names(prefix: string, limit: number): string[];
  locate(address: number): SourceRow | undefined;
  /** Where to stop for a line, one address a function, rising; empty when the line has no code. */
  addressesFor(file: string, line: number): readonly number[];
  /** The first line from `line` on that has code. */
  nextLineWithCode(file: string, line: number): number | undefined;
  linesWithCode(file: string): readonly number[];
  /** Where breakpoints on a function go: behind its prologue. */
  functionBreakAddresses(name: string): readonly number[];
  /** The same for the function that starts at `entry`; `entry` itself where nothing better is known. */
  bodyStart(entry: number): number;
  files(): readonly string[];
  /** Variables and types. */
  readonly variables?: Variables;
  /** What the file has at an address. */
  codeAt?(address: number, length: number): Uint8Array;
  /** Call frame information. */
  frameRow?(address: number): FrameRow | undefined;
  /** The path of the file in which an inlined function was called. */
  callFile?(scope: FunctionScope): string | undefined;
}

/** Of an ELF file. @throws UserError when the bytes are none */
export function debugInfoOf(bytes: Uint8Array, path: string, offset = 0, splits?: SplitContents): DebugInfo {
  const program = Program.fromBytes(bytes, offset, splits);
  const { symbols, functions, lines, problems } = program;
  return {
    name: path.split(/[/\\]/).at(-1) ?? path,
    path,
    problems,
    lookup: (address) => program.nameAt(address),
    find: (name) => program.meaning(name),
    names: (prefix, limit) => symbols.namesStartingWith(prefix).slice(0, limit),
    locate: (address) => lines.locate(address),
    addressesFor: (file, line) => lines.addressesFor(file, line),
    nextLineWithCode: (file, line) => lines.nextLineWithCode(file, line),
    linesWithCode: (file) => lines.linesWithCode(file),
    functionBreakAddresses: (name) => program.functionBreakAddresses(name),
    bodyStart: (entry) => {
      const found = functions.at(entry);
      if (found === undefined || found.isAssembly || found.entry !== entry) return entry;
      return lines.prologueEnd(entry, found.end);
    },
    files: () => lines.files(),
    variables: program.variables,
    codeAt: (address, length) => program.codeAt(address, length),
    frameRow: (address) => program.frameRow(address),
    callFile: (scope) => scope.call && program.fileOf(scope.entry, scope.call.file),
  };
}
