/**
 * Builds the small guests beside this file when a test asks for them: `as --32`, `ld -m elf_i386`, into a
 * temporary folder that goes away with the process. `NAME.S` is assembled; `NAME.ld`, where there is one,
 * links it, otherwise `default.ld` (flat at 1 MiB).
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const built = new Map<string, string>();
let folder: string | undefined;

/** A folder of this process for what tests build. */
export function workFolder(): string {
  if (folder === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'trapgate-guests-'));
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return folder;
}

/** Runs a tool of the toolchain in `cwd`; its complaints are the error's message. */
export function tool(command: string, args: readonly string[], cwd: string = workFolder()): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

/** The path of the guest `NAME.S` as an ELF file. */
export function guestPath(name: string): string {
  const known = built.get(name);
  if (known !== undefined) return known;
  const out = join(workFolder(), name);
  const script = join(HERE, `${name}.ld`);
  // Assembled from its own folder, so that the debug information names the source as a user would see it.
  tool('as', ['--32', '-g', '-I', HERE, '-o', `${out}.o`, `${name}.S`], HERE);
  const layout = existsSync(script) ? script : join(HERE, 'default.ld');
  tool('ld', ['-m', 'elf_i386', '--build-id=none', '-z', 'noexecstack', '-T', layout, '-o', `${out}.elf`, `${out}.o`]);
  built.set(name, `${out}.elf`);
  return `${out}.elf`;
}

/** The guest's file. */
export function guestImage(name: string): Uint8Array {
  return new Uint8Array(readFileSync(guestPath(name)));
}

/** Writes `source` into the work folder under `fileName` and answers its path. */
export function sourceFile(fileName: string, source: string): string {
  const path = join(workFolder(), fileName);
  writeFileSync(path, source);
  return path;
}

let sectors = 0;

/** Real-mode code as a flat binary for 7C00h: 16-bit, padded to a boot sector with its signature. */
export function bootSector(source: string): Uint8Array {
  const path = sourceFile(
    `sector${sectors++}.S`,
    `.code16\n.globl _start\n_start:\n${source}\n.org 510\n.word 0xaa55\n`,
  );
  return new Uint8Array(readFileSync(flatBinary(path)));
}

/** The path of the boot sector `NAME.S` beside this file, assembled for 7C00h; `.elf` beside it has the symbols. */
export function bootSectorPath(name: string): string {
  return flatBinary(join(HERE, `${name}.S`));
}

function flatBinary(source: string): string {
  const base = join(workFolder(), basename(source, '.S'));
  tool('as', ['--32', '-g', '-I', HERE, '-o', `${base}.o`, source]);
  tool('ld', ['-m', 'elf_i386', '--build-id=none', '-Ttext', '0x7c00', '-o', `${base}.elf`, `${base}.o`]);
  tool('objcopy', ['-O', 'binary', '-j', '.text', `${base}.elf`, `${base}.img`]);
  return `${base}.img`;
}

/** A 1.44 MB floppy that begins with this 16-bit code, linked at 7C00h; the source places its own signature. */
export function bootDisk(source: string): Uint8Array {
  const path = sourceFile(`floppy${sectors++}.S`, `.code16\n.globl _start\n_start:\n${source}\n`);
  const floppy = new Uint8Array(1_474_560);
  floppy.set(readFileSync(flatBinary(path)));
  return floppy;
}
