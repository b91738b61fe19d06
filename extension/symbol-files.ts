/** Symbol files: read for a session, with what they split off, and looked at for whether they fit what is booted. */
import { hex0x, isElf, symbolMismatch, UserError } from '../core/index.ts';
import type { SymbolFile } from './configuration.ts';
import { type DebugInfo, debugInfoOf } from './debug-info.ts';
import { type FileReader, readSplitFiles } from './split-files.ts';

export interface LoadedSymbols {
  readonly images: readonly DebugInfo[];
  /** What the user should know of them, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Symbols of the program and of further files. A flat program has none.
 * @param booted the image, where it is known @throws UserError
 */
export async function loadSymbols(
  path: string,
  program: Uint8Array | undefined,
  symbols: readonly SymbolFile[],
  host: FileReader,
  booted?: Uint8Array,
): Promise<LoadedSymbols> {
  const images: DebugInfo[] = [];
  const notes: string[] = [];
  const load = async (bytes: Uint8Array, file: string, offset: number) => {
    const image = await readSymbols(bytes, file, offset, host);
    images.push(image);
    notes.push(...image.problems);
    if (booted !== undefined && booted !== bytes) notes.push(...mismatchNotes(image, bytes, offset, booted));
  };
  if (program !== undefined && isElf(program)) await load(program, path, 0);
  for (const { file, offset } of symbols) await load(await readNamed(host, file, 'symbol file'), file, offset);
  return { images, notes };
}

/** @throws UserError when the bytes are no ELF file for IA-32 */
export async function readSymbols(
  bytes: Uint8Array,
  path: string,
  offset: number,
  host: FileReader,
): Promise<DebugInfo> {
  return debugInfoOf(bytes, path, offset, await readSplitFiles(bytes, path, host));
}

function mismatchNotes(image: DebugInfo, bytes: Uint8Array, offset: number, booted: Uint8Array): string[] {
  const found = symbolMismatch(bytes, offset, booted);
  if (found === undefined) return [];
  const what = found.kind === 'build-id' ? 'its build-id is another' : `its code differs at ${hex0x(found.address)}`;
  return [
    `${image.name} does not match the image that is booted: ${what}. It is of another build, its "offset" is wrong, or it is a program with an address space of its own.`,
  ];
}

/** Folders above the program that are tried. */
const MAX_ANCESTORS = 8;

/** Where relative names of the debug information start: the program's folder or one above it that has them. */
export async function findSourceBase(
  images: readonly DebugInfo[],
  program: string,
  host: { exists(pathOrUri: string): Promise<boolean> },
): Promise<string | undefined> {
  const sample = images.flatMap((image) => [...image.files()]).find((file) => !/^([/\\]|[A-Za-z]:)/.test(file));
  if (sample === undefined) return undefined;
  let folder = program.replace(/[^/\\]*$/, '');
  for (let level = 0; level < MAX_ANCESTORS; level++) {
    if (await host.exists(`${folder}${sample}`)) return folder;
    const above = folder.replace(/[^/\\]+[/\\]$/, '');
    if (above === folder) break;
    folder = above;
  }
  return undefined;
}

/** @throws UserError that names the file */
export async function readNamed(host: FileReader, path: string, what: string): Promise<Uint8Array> {
  try {
    return await host.readFile(path);
  } catch (error) {
    const { code } = error as { code?: unknown };
    const reason = REASONS[String(code)] ?? (error instanceof Error ? error.message.split('\n', 1)[0] : String(error));
    throw new UserError('file', `cannot read the ${what} ${path}: ${reason}`, 'check the path in launch.json');
  }
}

/** Codes of Node and of VS Code's file systems. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EISDIR: 'it is a folder',
  EACCES: 'no permission',
  FileNotFound: 'no such file',
  FileIsADirectory: 'it is a folder',
  NoPermissions: 'no permission',
};

export function fileName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
