/**
 * From addresses to source lines and back, over the line tables of a whole file. Which of several addresses
 * of a line deserves a breakpoint is decided here, as gdb does: the first of each function.
 */
import type { FunctionTable } from './function-table.ts';
import type { LineRows, Sequence } from './line-rows.ts';
import { normalizePath, samePath } from './path.ts';

export interface LineLocation {
  readonly file: string;
  readonly line: number;
  /** From 1; absent when the compiler did not say. */
  readonly column?: number;
  /** A good place to stop, as the compiler sees it. */
  readonly isStmt: boolean;
  /** The address is where a row begins, and not in the middle of its code. */
  readonly opensRow: boolean;
  /** The contiguous code of this line around the address, across rows that only differ in columns. */
  readonly start: number;
  /** First address after it. */
  readonly end: number;
}

export interface LineRow {
  readonly address: number;
  readonly file: string;
  readonly line: number;
  readonly isStmt: boolean;
  readonly endSequence: boolean;
}

export class LineTable {
  private readonly data: LineRows;
  private readonly functions: FunctionTable;
  private readonly opensFrame: (entry: number) => boolean;
  /** By start; none of them empty. */
  private readonly sequences: readonly Sequence[];
  /** Largest end of this and all earlier sequences: where a search backwards may stop. */
  private readonly reach: Float64Array;
  private fileList: string[] | undefined;
  private readonly rowsOfFile = new Map<number, Map<number, number[]>>();

  /** @param opensFrame whether the code at a function's entry sets up a frame pointer */
  constructor(data: LineRows, functions: FunctionTable, opensFrame: (entry: number) => boolean) {
    this.data = data;
    this.functions = functions;
    this.opensFrame = opensFrame;
    this.sequences = [...data.sequences].sort((a, b) => a.start - b.start || a.first - b.first);
    this.reach = new Float64Array(this.sequences.length);
    this.sequences.forEach((sequence, i) => {
      this.reach[i] = Math.max(sequence.end, i > 0 ? this.reach[i - 1] : 0);
    });
  }

  get isEmpty(): boolean {
    return this.sequences.length === 0;
  }

  /** Where the code at `address` comes from; undefined where no line is known. */
  locate(address: number): LineLocation | undefined {
    const sequence = this.sequenceAt(address >>> 0);
    if (sequence === undefined) return undefined;
    const { data } = this;
    const row = this.rowAt(sequence, address >>> 0);
    const line = data.line[row];
    if (line === 0 || data.file[row] === 0) return undefined;
    const same = (other: number) => data.line[other] === line && data.file[other] === data.file[row];
    let first = this.firstAt(sequence, row);
    while (first > sequence.first) {
      const before = this.effective(sequence, first - 1);
      if (!same(before)) break;
      first = this.firstAt(sequence, before);
    }
    let next = this.lastAt(sequence, row) + 1;
    while (next < sequence.last) {
      const effective = this.effectiveHere(sequence, next);
      if (data.line[effective] !== 0 && !same(effective)) break;
      next = this.lastAt(sequence, next) + 1;
    }
    const column = data.column(row);
    return {
      file: data.files[data.file[row]],
      line,
      column: column === 0 ? undefined : column,
      isStmt: data.isStatement(row),
      opensRow: data.address[row] === address >>> 0 && !data.continuesLine(row),
      start: data.address[first],
      end: next < sequence.last ? data.address[next] : sequence.end,
    };
  }

  /**
   * Addresses to stop at for exactly this line, ascending: one a function (or inlined copy) that has code of
   * it, behind the prologue where the line is the function's opening. Empty when the line has no code.
   * @param file as in files(), or a path of which one is the tail of the other
   */
  addressesFor(file: string, line: number): number[] {
    const best = new Map<string | number, number>();
    for (const number of this.matchFiles(file)) {
      for (const row of this.linesOfFile(number).get(line) ?? []) {
        const address = this.data.address[row];
        const scope = this.scopeOf(address);
        const known = best.get(scope);
        if (known === undefined || address < known) best.set(scope, address);
      }
    }
    const addresses = [...best.values()].map((address) => this.afterPrologueAt(address));
    return [...new Set(addresses)].sort((a, b) => a - b);
  }

  /** The first line from `line` on that has code; undefined when there is none in the file. */
  nextLineWithCode(file: string, line: number): number | undefined {
    return this.linesWithCode(file).find((candidate) => candidate >= line);
  }

  /** All lines of a file that have code, ascending. */
  linesWithCode(file: string): number[] {
    const lines = new Set<number>();
    for (const number of this.matchFiles(file)) for (const line of this.linesOfFile(number).keys()) lines.add(line);
    return [...lines].sort((a, b) => a - b);
  }

  /** Paths of all files that have code: absolute, or relative to where the compiler ran. */
  files(): string[] {
    if (this.fileList === undefined) {
      const used = new Set<number>();
      for (const sequence of this.sequences)
        for (let row = sequence.first; row < sequence.last; row++) used.add(this.data.file[row]);
      used.delete(0);
      this.fileList = [...used].sort((a, b) => a - b).map((number) => this.data.files[number]);
    }
    return this.fileList;
  }

  /**
   * Where the body of the function that starts at `entry` begins. Compilers open a function with a row for
   * its prologue and a second one for its first statement; some mark the latter. A function that sets up no
   * frame has no prologue worth skipping: its optimized body may start anywhere.
   * @param end first address after the function
   */
  prologueEnd(entry: number, end: number): number {
    const sequence = this.sequenceAt(entry);
    if (sequence === undefined) return entry;
    const { data } = this;
    let first = -1;
    let second: number | undefined;
    for (let row = sequence.first; row < sequence.last && data.address[row] < end; row++) {
      if (data.address[row] < entry) continue;
      if (data.isPrologueEnd(row)) return data.address[row];
      if (first < 0) first = row;
      // A second row at the entry itself means that there is no prologue.
      else if (second === undefined && data.line[row] !== 0 && data.isStatement(row)) second = data.address[row];
    }
    return first >= 0 && data.address[first] === entry && this.opensFrame(entry) ? (second ?? entry) : entry;
  }

  /** All rows in address order, with the rows that end sequences: for tests and listings. */
  *rows(): Generator<LineRow> {
    const { data } = this;
    for (const sequence of this.sequences) {
      for (let row = sequence.first; row < sequence.last; row++) {
        const file = data.files[data.file[row]];
        yield {
          address: data.address[row],
          file,
          line: data.line[row],
          isStmt: data.isStatement(row),
          endSequence: false,
        };
      }
      yield { address: sequence.end, file: '', line: 0, isStmt: false, endSequence: true };
    }
  }

  /** What a line gets one address of: an inlined copy, a function, or (without either) a run of the line. */
  private scopeOf(address: number): string | number {
    const inlined = this.functions.inlinedAt(address);
    if (inlined !== undefined) return `inlined ${inlined.entry}`;
    return this.functions.at(address)?.entry ?? this.locate(address)?.start ?? address;
  }

  private afterPrologueAt(address: number): number {
    const found = this.functions.at(address);
    if (found === undefined || found.entry !== address || found.isAssembly) return address;
    return this.prologueEnd(address, found.end);
  }

  private sequenceAt(address: number): Sequence | undefined {
    let low = 0;
    let high = this.sequences.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.sequences[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    // Sequences hardly ever overlap: nearly always the first candidate is it.
    for (let i = low - 1; i >= 0 && this.reach[i] > address; i--)
      if (address < this.sequences[i].end) return this.sequences[i];
    return undefined;
  }

  /** The row in force at an address of the sequence. */
  private rowAt(sequence: Sequence, address: number): number {
    let low = sequence.first;
    let high = sequence.last;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.data.address[middle] <= address) low = middle + 1;
      else high = middle;
    }
    return this.effective(sequence, Math.max(low - 1, sequence.first));
  }

  /** Code of line 0 comes from no line in particular (6.2.2); as in gdb it belongs to the line before it. */
  private effective(sequence: Sequence, row: number): number {
    let at = this.effectiveHere(sequence, row);
    while (this.data.line[at] === 0 && this.firstAt(sequence, at) > sequence.first)
      at = this.effectiveHere(sequence, this.firstAt(sequence, at) - 1);
    return at;
  }

  /** Of several rows at one address the last that is a statement counts, else the last: the others are empty. */
  private effectiveHere(sequence: Sequence, row: number): number {
    const { data } = this;
    const end = this.lastAt(sequence, row);
    let last = end;
    while (data.line[last] === 0 && last > sequence.first && data.address[last - 1] === data.address[end]) last--;
    for (let i = last; i >= sequence.first && data.address[i] === data.address[end]; i--)
      if (data.isStatement(i) && data.line[i] !== 0) return i;
    return last;
  }

  /** The first of the rows at the same address. */
  private firstAt(sequence: Sequence, row: number): number {
    while (row > sequence.first && this.data.address[row - 1] === this.data.address[row]) row--;
    return row;
  }

  private lastAt(sequence: Sequence, row: number): number {
    while (row + 1 < sequence.last && this.data.address[row + 1] === this.data.address[row]) row++;
    return row;
  }

  private matchFiles(file: string): number[] {
    const wanted = normalizePath(file);
    const matches: number[] = [];
    this.data.files.forEach((path, number) => {
      if (number > 0 && samePath(path, wanted)) matches.push(number);
    });
    return matches;
  }

  /** Statement rows of a file by line, built when first asked for. */
  private linesOfFile(number: number): Map<number, number[]> {
    let lines = this.rowsOfFile.get(number);
    if (lines === undefined) {
      lines = new Map();
      for (const sequence of this.sequences) {
        for (let row = sequence.first; row < sequence.last; row++) {
          if (this.data.file[row] !== number || !this.data.isStatement(row) || this.data.line[row] === 0) continue;
          const rows = lines.get(this.data.line[row]);
          if (rows === undefined) lines.set(this.data.line[row], [row]);
          else rows.push(row);
        }
      }
      this.rowsOfFile.set(number, lines);
    }
    return lines;
  }
}
