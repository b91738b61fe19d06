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

/** A floppy whose boot sector starts a kernel that starts a program, each with symbols of its own. */
export interface Stages {
  readonly disk: string;
  readonly boot: string;
  readonly kernel: string;
  readonly user: string;
  /** Where the last one runs, less where it is linked. */
  readonly userOffset: number;
}

const STAGE_FLAGS = '-m32 -march=i386 -g -O0 -ffreestanding -fno-pic -fno-stack-protector -fcf-protection=none';

/** `stages-boot.S` at 7C00h, `stages-kernel.c` at 10000h, `stages-user.c` linked at 8048000h and run at 400000h. */
export function stages(): Stages {
  const stage = (name: string, address: string): string => {
    const base = join(workFolder(), basename(`stages-${name}`, '.c'));
    tool(
      'gcc',
      [...STAGE_FLAGS.split(' '), '-fno-asynchronous-unwind-tables', '-c', '-o', `${base}.o`, `stages-${name}.c`],
      HERE,
    );
    const link = ['-m', 'elf_i386', '--build-id=none', '-z', 'noexecstack', '-Ttext', address, '-e', address];
    tool('ld', [...link, '-o', `${base}.elf`, `${base}.o`]);
    tool('objcopy', ['-O', 'binary', '-j', '.text', `${base}.elf`, `${base}.bin`]);
    return base;
  };
  const boot = flatBinary(join(HERE, 'stages-boot.S'));
  const [kernel, user] = [stage('kernel', '0x10000'), stage('user', '0x8048000')];
  const floppy = new Uint8Array(1_474_560);
  floppy.set(readFileSync(boot));
  floppy.set(readFileSync(`${kernel}.bin`), 512);
  floppy.set(readFileSync(`${user}.bin`), 512 + 0x800);
  const disk = join(workFolder(), 'stages.img');
  writeFileSync(disk, floppy);
  const elf = (path: string) => path.replace(/(\.img)?$/, '.elf');
  return { disk, boot: elf(boot), kernel: elf(kernel), user: elf(user), userOffset: 0x40_0000 - 0x804_8000 };
}
