/**
 * A Rust compiler for i386 guests: Debian's, unpacked into .work/debian/rust (54 MB to fetch, 140 MB unpacked)
 * because installing the i386 library would need a foreign architecture in the machine's apt. Of that library
 * only what code without an operating system links is kept. The LLVM it runs on is the one that comes with
 * clang (packages.mjs).
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { debianFolder, fetchPackage, nativeArchitecture, unpack } from './debian.mjs';

const VERSION = '1.63';
const WHY = 'the tests compile guests with';
const folder = path.join(debianFolder, 'rust');

/** Puts the compiler into .work/debian/rust, once. */
export function ensureRust() {
  if (existsSync(folder)) return;
  console.error("fetching Debian's Rust compiler ...");
  const native = nativeArchitecture();
  const parts = [
    ['rustc', native, ['./usr/bin/rustc', './usr/lib/*']],
    [`libstd-rust-${VERSION}`, native, ['./usr/lib/*']],
    [
      'libstd-rust-dev',
      'i386',
      ['*/libcore-*.rlib', '*/libcompiler_builtins-*.rlib', '*/librustc_std_workspace_core-*'],
    ],
  ];
  rmSync(`${folder}.new`, { recursive: true, force: true });
  for (const [name, architecture, wanted] of parts) {
    const archive = fetchPackage(name, architecture, WHY);
    unpack(archive, 'rust.new', wanted);
    rmSync(archive);
  }
  // Only now is it there: an interrupted download starts again.
  renameSync(`${folder}.new`, folder);
}
