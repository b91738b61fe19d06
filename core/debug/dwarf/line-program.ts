/**
 * Runs line number programs: a small byte code whose output is the table of address, file, line rows.
 * Every opcode takes at least a byte and makes at most one row, so that rows are bounded by the section's
 * size. DWARF 5, 6.2.2 and 6.2.5.
 */
import { ByteCursor } from '../../util/bytes.ts';
import { unitSpans } from './initial-length.ts';
import { type LineHeader, readLineHeader, readOldFile } from './line-header.ts';
import { type LineRows, rowFlags } from './line-rows.ts';
import type { DebugSections } from './sections.ts';

const COPY = 1;
const ADVANCE_PC = 2;
const ADVANCE_LINE = 3;
const SET_FILE = 4;
const SET_COLUMN = 5;
const NEGATE_STATEMENT = 6;
const SET_BASIC_BLOCK = 7;
const CONST_ADD_PC = 8;
const FIXED_ADVANCE_PC = 9;
const SET_PROLOGUE_END = 10;
const SET_EPILOGUE_BEGIN = 11;
const SET_ISA = 12;

const END_SEQUENCE = 1;
const SET_ADDRESS = 2;
const DEFINE_FILE = 3;
const SET_DISCRIMINATOR = 4;

/**
 * Runs every program of .debug_line into `rows`.
 * @param folderOf the folder of the unit whose line table starts at an offset
 * @returns what could not be read, a sentence each
 */
export function runLinePrograms(
  sections: DebugSections,
  folderOf: (offset: number) => string,
  rows: LineRows,
): string[] {
  const problems: string[] = [];
  for (const span of unitSpans(sections.line, (why) => problems.push(`.debug_line ${why}`))) {
    const unit = new ByteCursor(sections.line, span.first, span.end);
    const header = readLineHeader(unit, span.offsetSize, sections, folderOf(span.start));
    if (header !== undefined) new LineMachine(header, unit, rows).run();
    else if (span.end > span.first) problems.push(`the line table at ${span.start} of .debug_line cannot be read`);
  }
  return problems;
}

class LineMachine {
  private readonly header: LineHeader;
  private readonly cursor: ByteCursor;
  private readonly rows: LineRows;
  /** Numbers of `rows` for the program's file numbers. */
  private readonly files: number[];
  private address = 0;
  private file = 1;
  private line = 1;
  private column = 0;
  private isStatement: boolean;
  private prologueEnd = false;
  private discriminator = 0;
  /** The line has, or had in the rows before, a discriminator. */
  private hasParts = false;
  private lastLine = 0;
  private lastFile = 0;
  /** The address of the last row that was no such part. */
  private lastOpening = -1;

  constructor(header: LineHeader, cursor: ByteCursor, rows: LineRows) {
    this.header = header;
    this.cursor = cursor;
    this.rows = rows;
    this.files = header.files.map((path) => rows.fileNumber(path));
    this.isStatement = header.defaultIsStatement;
  }

  run(): void {
    const { header, cursor } = this;
    while (cursor.more) {
      const opcode = cursor.u8();
      if (opcode >= header.opcodeBase) this.special(opcode - header.opcodeBase);
      else if (opcode === 0) this.extended();
      else this.standard(opcode);
    }
    // A program that stops in the middle of a sequence says nothing about where its last row ends.
    this.rows.abandonSequence();
  }

  private reset(): void {
    this.address = 0;
    this.file = 1;
    this.line = 1;
    this.column = 0;
    this.isStatement = this.header.defaultIsStatement;
    this.prologueEnd = false;
    this.discriminator = 0;
    this.hasParts = false;
    this.lastLine = 0;
    this.lastOpening = -1;
  }

  /** One byte that advances both address and line (6.2.5.1). */
  private special(adjusted: number): void {
    this.advance(Math.floor(adjusted / this.header.lineRange));
    this.advanceLine(this.header.lineBase + (adjusted % this.header.lineRange));
    this.emit();
  }

  private advanceLine(distance: number): void {
    if (distance !== 0) this.hasParts = this.discriminator !== 0;
    this.line = (this.line + distance) >>> 0;
  }

  private advance(operations: number): void {
    this.address = (this.address + operations * this.header.minimumInstructionLength) % 0x1_0000_0000;
  }

  private emit(): void {
    // Parts of a line that a compiler tells apart (iterations, branches) are one line to a step, as in gdb.
    const isSame = this.line === this.lastLine && this.file === this.lastFile;
    const continuesLine = this.hasParts && isSame && this.address !== this.lastOpening;
    if (!continuesLine) this.lastOpening = this.address;
    const flags = rowFlags(this.isStatement, this.prologueEnd, continuesLine);
    this.rows.add(this.address, this.files[this.file] ?? 0, this.line, this.column, flags);
    this.prologueEnd = false;
    this.discriminator = 0;
    this.lastLine = this.line;
    this.lastFile = this.file;
  }

  private standard(opcode: number): void {
    const { cursor, header } = this;
    if (opcode === COPY) this.emit();
    else if (opcode === ADVANCE_PC) this.advance(cursor.uleb());
    else if (opcode === ADVANCE_LINE) this.advanceLine(cursor.sleb());
    else if (opcode === SET_FILE) this.file = cursor.uleb();
    else if (opcode === SET_COLUMN) this.column = cursor.uleb();
    else if (opcode === NEGATE_STATEMENT) this.isStatement = !this.isStatement;
    else if (opcode === CONST_ADD_PC) this.advance(Math.floor((255 - header.opcodeBase) / header.lineRange));
    else if (opcode === FIXED_ADVANCE_PC) this.address = (this.address + cursor.u16()) % 0x1_0000_0000;
    else if (opcode === SET_PROLOGUE_END) this.prologueEnd = true;
    else if (opcode === SET_ISA) cursor.uleb();
    else if (opcode !== SET_BASIC_BLOCK && opcode !== SET_EPILOGUE_BEGIN) {
      // Of a later version: its operands are all ULEB128, and the header says how many.
      for (let i = header.operandCounts[opcode - 1]; i > 0; i--) cursor.uleb();
    }
  }

  private extended(): void {
    const { cursor } = this;
    const length = cursor.uleb();
    const end = cursor.offset + length;
    if (length === 0) return;
    const opcode = cursor.u8();
    if (opcode === END_SEQUENCE) {
      this.rows.endSequence(this.address);
      this.reset();
    } else if (opcode === SET_ADDRESS) {
      this.address = length === 9 ? cursor.u64() % 0x1_0000_0000 : length === 3 ? cursor.u16() : cursor.u32();
    } else if (opcode === SET_DISCRIMINATOR) {
      this.discriminator = cursor.uleb();
      this.hasParts ||= this.discriminator !== 0;
    } else if (opcode === DEFINE_FILE) {
      const path = readOldFile(cursor, cursor.text(), this.header.folders);
      this.header.files.push(path);
      this.files.push(this.rows.fileNumber(path));
    }
    cursor.seek(end);
  }
}
