/**
 * The header of a line number program: how its opcodes count, and the folders and files its rows name.
 * DWARF 5, 6.2.4; DWARF 2–4 differ in the tables only.
 */
import type { ByteCursor } from '../../util/bytes.ts';
import { type FormContext, readForm } from './form.ts';
import { type OffsetSize, readOffset } from './initial-length.ts';
import { joinPath } from './path.ts';
import type { DebugSections } from './sections.ts';

const CONTENT_PATH = 1;
const CONTENT_DIRECTORY = 2;

export interface LineHeader {
  readonly version: number;
  readonly addressSize: number;
  readonly minimumInstructionLength: number;
  readonly defaultIsStatement: boolean;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Operands of standard opcode 1, 2, … */
  readonly operandCounts: readonly number[];
  /** Full paths by the number that the program uses for a file (DWARF 2–4 count from 1: [0] is empty). */
  readonly files: string[];
  /** For files that the program itself defines. */
  readonly folders: readonly string[];
}

/**
 * Reads from behind the unit's length field to the first opcode.
 * @param folder the compilation's folder, for tables that do not name it
 * @returns undefined for an unknown version or a table that cannot be read
 */
export function readLineHeader(
  cursor: ByteCursor,
  offsetSize: OffsetSize,
  sections: DebugSections,
  folder: string,
): LineHeader | undefined {
  const version = cursor.u16();
  if (version < 2 || version > 5) return undefined;
  let addressSize = 4;
  if (version >= 5) {
    addressSize = cursor.u8();
    cursor.skip(1); // segment selector size
  }
  const headerLength = readOffset(cursor, offsetSize);
  const program = cursor.offset + headerLength;
  const minimumInstructionLength = cursor.u8();
  if (version >= 4) cursor.skip(1); // maximum operations per instruction: for VLIW machines
  const defaultIsStatement = cursor.u8() !== 0;
  const lineBase = cursor.i8();
  const lineRange = cursor.u8();
  const opcodeBase = cursor.u8();
  if (lineRange === 0 || opcodeBase === 0) return undefined;
  const operandCounts: number[] = [];
  for (let i = 1; i < opcodeBase; i++) operandCounts.push(cursor.u8());
  const context: FormContext = { version, addressSize, offsetSize, sections };
  const tables = version >= 5 ? readTables(cursor, context, folder) : readOldTables(cursor, folder);
  if (tables === undefined || cursor.overrun) return undefined;
  // Whatever a newer producer put behind the tables is skipped.
  cursor.seek(program);
  if (cursor.overrun) return undefined;
  return {
    version,
    addressSize,
    minimumInstructionLength,
    defaultIsStatement,
    lineBase,
    lineRange,
    opcodeBase,
    operandCounts,
    ...tables,
  };
}

interface Tables {
  readonly files: string[];
  readonly folders: readonly string[];
}

/** DWARF 2–4: folders are texts, files are text, folder, time, size; each list ends with an empty text. */
function readOldTables(cursor: ByteCursor, folder: string): Tables {
  const folders = [folder];
  while (cursor.more) {
    const name = cursor.text();
    if (name === '') break;
    folders.push(joinPath(folder, name));
  }
  const files = [''];
  while (cursor.more) {
    const name = cursor.text();
    if (name === '') break;
    files.push(readOldFile(cursor, name, folders));
  }
  return { files, folders };
}

/** The rest of a file entry behind its name. */
export function readOldFile(cursor: ByteCursor, name: string, folders: readonly string[]): string {
  const folder = folders[cursor.uleb()] ?? '';
  cursor.uleb(); // time of modification
  cursor.uleb(); // length
  return joinPath(folder, name);
}

/** DWARF 5: both tables describe their own columns; folder 0 is the compilation's. */
function readTables(cursor: ByteCursor, context: FormContext, folder: string): Tables | undefined {
  const directories = readEntries(cursor, context);
  if (directories === undefined) return undefined;
  // Folder 0 repeats the unit's folder; where that is relative, joining it with itself would be wrong.
  const base = directories[0]?.path ?? folder;
  const folders = directories.map((entry) => joinPath(base === entry.path ? '' : base, entry.path));
  const entries = readEntries(cursor, context);
  return entries === undefined
    ? undefined
    : { folders, files: entries.map((entry) => joinPath(folders[entry.directory] ?? '', entry.path)) };
}

interface Entry {
  readonly path: string;
  readonly directory: number;
}

function readEntries(cursor: ByteCursor, context: FormContext): Entry[] | undefined {
  const columns: { content: number; form: number }[] = [];
  const columnCount = cursor.u8();
  for (let i = 0; i < columnCount; i++) columns.push({ content: cursor.uleb(), form: cursor.uleb() });
  const count = cursor.uleb();
  // Each entry takes at least a byte: a larger count lies.
  if (cursor.overrun || count > cursor.remaining || (columnCount === 0 && count > 0)) return undefined;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    let path = '';
    let directory = 0;
    for (const { content, form } of columns) {
      const value = readForm(cursor, form, context);
      if (value === undefined || cursor.overrun) return undefined;
      if (content === CONTENT_PATH && value.kind === 'text') path = value.value;
      if (content === CONTENT_DIRECTORY && value.kind === 'number') directory = value.value;
    }
    entries.push({ path, directory });
  }
  return entries;
}
