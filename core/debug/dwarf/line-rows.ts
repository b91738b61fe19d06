/**
 * The rows of all line tables in columns: a large kernel has millions. Rows are grouped in sequences, runs of
 * ascending addresses with a definite end; gaps between sequences belong to no line.
 */

const STATEMENT = 1;
const PROLOGUE_END = 2;
const CONTINUES = 4;

export interface Sequence {
  readonly start: number;
  /** First address after it. */
  readonly end: number;
  /** Rows [first, last). */
  readonly first: number;
  readonly last: number;
}

export function rowFlags(isStatement: boolean, prologueEnd: boolean, continuesLine: boolean): number {
  return (isStatement ? STATEMENT : 0) | (prologueEnd ? PROLOGUE_END : 0) | (continuesLine ? CONTINUES : 0);
}

export class LineRows {
  /** Paths by file number; 0 stands for a file that is not known. */
  readonly files: string[] = [''];
  readonly sequences: Sequence[] = [];
  count = 0;
  address = new Uint32Array(1024);
  line = new Uint32Array(1024);
  file = new Uint16Array(1024);
  private columns = new Uint16Array(1024);
  private flags = new Uint8Array(1024);
  private readonly numbers = new Map<string, number>([['', 0]]);
  private first = 0;
  private readonly accept: (address: number) => boolean;
  private readonly offset: number;

  /** @param accept false for addresses where no code can be: functions that the linker threw away */
  constructor(accept: (address: number) => boolean, offset = 0) {
    this.accept = accept;
    this.offset = offset;
  }

  fileNumber(path: string): number {
    const known = this.numbers.get(path);
    if (known !== undefined) return known;
    if (this.files.length > 0xffff) return 0;
    this.numbers.set(path, this.files.length);
    return this.files.push(path) - 1;
  }

  /** @param flags of `rowFlags` */
  add(address: number, file: number, line: number, column: number, flags: number): void {
    // Addresses ascend within a sequence; a table that breaks the rule is read as two sequences.
    if (this.count > this.first && this.toLoaded(address) < this.address[this.count - 1]) this.endSequence(address);
    if (this.count === this.address.length) this.grow();
    const row = this.count++;
    this.address[row] = this.toLoaded(address);
    this.file[row] = file;
    this.line[row] = line;
    this.columns[row] = Math.min(column, 0xffff);
    this.flags[row] = flags;
  }

  endSequence(address: number): void {
    const start = this.address[this.first];
    const last = this.address[this.count - 1];
    const end = Math.max(this.toLoaded(address), last);
    if (this.count === this.first || end === start || !this.accept(start)) this.abandonSequence();
    else this.sequences.push({ start, end, first: this.first, last: this.count });
    this.first = this.count;
  }

  /** Forgets the rows since the last end of a sequence. */
  abandonSequence(): void {
    this.count = this.first;
  }

  isStatement(row: number): boolean {
    return (this.flags[row] & STATEMENT) !== 0;
  }

  isPrologueEnd(row: number): boolean {
    return (this.flags[row] & PROLOGUE_END) !== 0;
  }

  /** Another part of the line that the row before it is of, and no new beginning. */
  continuesLine(row: number): boolean {
    return (this.flags[row] & CONTINUES) !== 0;
  }

  column(row: number): number {
    return this.columns[row];
  }

  private toLoaded(address: number): number {
    return (address + this.offset) >>> 0;
  }

  private grow(): void {
    const size = this.address.length * 2;
    const widen = <T extends Uint32Array | Uint16Array | Uint8Array>(wide: T, old: T): T => {
      wide.set(old);
      return wide;
    };
    this.address = widen(new Uint32Array(size), this.address);
    this.line = widen(new Uint32Array(size), this.line);
    this.file = widen(new Uint16Array(size), this.file);
    this.columns = widen(new Uint16Array(size), this.columns);
    this.flags = widen(new Uint8Array(size), this.flags);
  }
}
