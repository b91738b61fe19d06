/**
 * Finds the files of split debug information (-gsplit-dwarf) that a program names: its package beside it, or each
 * file where the compiler put it, or beside the program, where a build was copied whole.
 */
import { Program, type SplitContents, type SplitFile, splitKey } from '../core/index.ts';

/** A host's way to files. */
export interface FileReader {
  /** Rejects with whatever the host's file system says. */
  readFile(pathOrUri: string): Promise<Uint8Array>;
}

/** Files that are read at the same time. */
const AT_ONCE = 16;

/** What is missing is left out; the program tells of it. @throws UserError when `bytes` are no ELF file for IA-32 */
export async function readSplitFiles(bytes: Uint8Array, path: string, host: FileReader): Promise<SplitContents> {
  const wanted = Program.splitFiles(bytes);
  const files = new Map<string, Uint8Array>();
  if (wanted.length === 0) return { files };
  const bundle = await firstOf([`${path}.dwp`], host);
  if (bundle !== undefined) return { files, package: bundle };
  for (let at = 0; at < wanted.length; at += AT_ONCE)
    await Promise.all(
      wanted.slice(at, at + AT_ONCE).map(async (file) => {
        const found = await firstOf(places(file, path), host);
        if (found !== undefined) files.set(splitKey(file), found);
      }),
    );
  return { files };
}

function places({ name, folder }: SplitFile, program: string): string[] {
  const beside = program.replace(/[^/\\]*$/, '');
  const plain = name.split(/[/\\]/).at(-1) ?? name;
  const isAbsolute = /^([/\\]|[A-Za-z]:)/.test(name);
  const built = isAbsolute ? name : `${folder}/${name}`;
  return [...new Set([built, ...(isAbsolute ? [] : [`${beside}${name}`]), `${beside}${plain}`])];
}

async function firstOf(paths: readonly string[], host: FileReader): Promise<Uint8Array | undefined> {
  for (const path of paths) {
    try {
      return await host.readFile(path);
    } catch {
      // Not there, or not to be read: the next place.
    }
  }
  return undefined;
}
