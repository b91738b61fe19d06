/**
 * Builds guests from C, C++ and Rust with the compiler and the debug information that a test asks for: linked
 * behind the entry of the gdb tests, flat at 1 MiB. Rust is Debian's compiler in .work/debian/rust
 * (scripts/lib/rust.mjs).
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tool, workFolder } from './build.ts';

export type Compiler = 'gcc' | 'g++' | 'clang' | 'clang++' | 'rustc';

export interface Recipe {
  readonly compiler: Compiler;
  /** Of DWARF, or its predecessor. */
  readonly version: number | 'stabs';
  readonly level: 0 | 1 | 2;
  /** Further options. */
  readonly flags?: readonly string[];
}

const GUESTS = fileURLToPath(new URL('.', import.meta.url));
const RUST = resolve(GUESTS, '../../.work/debian/rust');
const COMMON = ['-m32', '-march=i386', '-ffreestanding', '-fno-pic', '-fno-stack-protector', '-fcf-protection=none'];
const CPLUSPLUS = ['-std=c++14', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'];
const RUST_OPTIONS = [
  '-C',
  'panic=abort',
  '-C',
  'force-unwind-tables=yes',
  '-C',
  'debuginfo=2',
  '-C',
  'relocation-model=static',
  '--edition',
  '2021',
];
/** Debian's compiler counts on no more than the machine has. */
const RUST_TARGET = 'i686-unknown-linux-gnu';

/** The path of an ELF file made from a source beside this file. */
export function compileGuest(source: string, name: string, recipe: Recipe): string {
  const out = join(workFolder(), name);
  for (const part of ['debuggee', 'memory'])
    tool('as', ['--32', '-I', GUESTS, '-o', `${out}-${part}.o`, `${part}.S`], GUESTS);
  const objects = [`${out}-debuggee.o`, `${out}-memory.o`, `${out}-c.o`];
  if (recipe.compiler === 'rustc') {
    compileRust(source, `${out}-c`, recipe);
    objects.push(...rustLibraries());
  } else compileC(source, `${out}-c.o`, recipe);
  const link = ['-m', 'elf_i386', '--build-id=none', '--gc-sections', '-z', 'noexecstack', '--no-warn-rwx-segments'];
  tool('ld', [...link, '-T', join(GUESTS, 'default.ld'), '-o', `${out}.elf`, ...objects]);
  return `${out}.elf`;
}

function compileC(source: string, object: string, { compiler, version, level, flags = [] }: Recipe): void {
  const target = compiler.startsWith('clang') ? ['--target=i386-linux-gnu'] : [];
  const dialect = compiler.endsWith('++') ? CPLUSPLUS : [];
  const debug = [
    version === 'stabs' ? '-gstabs' : `-gdwarf-${version}`,
    `-O${level}`,
    '-fno-asynchronous-unwind-tables',
  ];
  tool(compiler, [...target, ...COMMON, ...dialect, ...debug, ...flags, '-c', '-o', object, source], GUESTS);
}

/**
 * By way of LLVM's own language: this rustc cannot be asked for a version of DWARF, but its intermediate code
 * can, and clang, with the same LLVM, compiles that.
 */
function compileRust(source: string, out: string, { version, level }: Recipe): void {
  const options = [...RUST_OPTIONS, '-C', `opt-level=${level}`, '-C', 'overflow-checks=off', '--cap-lints', 'allow'];
  const emit = ['--target', RUST_TARGET, '--emit', 'llvm-ir', '-o', `${out}.ll`, source];
  rustc([...options, ...emit]);
  const code = readFileSync(`${out}.ll`, 'utf8').replace('!llvm.module.flags = !{', '$&!99999, ');
  writeFileSync(`${out}.ll`, `${code}\n!99999 = !{i32 7, !"Dwarf Version", i32 ${version}}\n`);
  const quiet = ['-Wno-override-module', '--target=i386-linux-gnu'];
  tool('clang', [...quiet, `-O${level}`, '-c', '-o', `${out}.o`, `${out}.ll`]);
}

export function rustc(args: readonly string[]): void {
  const libraries = join(RUST, 'usr/lib', `${process.arch === 'x64' ? 'x86_64' : process.arch}-linux-gnu`);
  execFileSync(join(RUST, 'usr/bin/rustc'), ['--sysroot', join(RUST, 'usr'), ...args], {
    cwd: GUESTS,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: libraries },
  });
}

/** What compiled Rust calls. */
export function rustLibraries(): string[] {
  const folder = join(RUST, 'usr/lib/rustlib', RUST_TARGET, 'lib');
  return readdirSync(folder)
    .filter((name) => /^lib(core|compiler_builtins)-.*\.rlib$/.test(name))
    .map((name) => join(folder, name));
}
