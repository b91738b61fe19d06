/** Mangled names of whole libraries read as GNU's demangler, which gdb has, reads them. */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { demangled } from '../../core/debug/demangle/index.ts';
import { demangleItanium } from '../../core/debug/demangle/itanium.ts';
import { tool } from '../guests/build.ts';

const RUST = resolve(import.meta.dirname, '../../.work/debian/rust/usr/lib');

function symbolsOf(library: string): string[] {
  const names = tool('nm', ['-D', library]).match(/\b_Z[^\s@]+/g) ?? [];
  return [...new Set(names)].sort();
}

/** Without implementation details: `std::string` stays what it is, as in gdb. */
function oracle(names: readonly string[], style: string): string[] {
  const input = names.join('\n');
  const output = execFileSync('c++filt', ['-i', '-s', style], { input, encoding: 'utf8', maxBuffer: 1 << 28 });
  return output.split('\n');
}

it('of C++, the standard library', () => {
  const names = symbolsOf(tool('g++', ['-print-file-name=libstdc++.so.6']).trim());
  expect(names.length).toBeGreaterThan(3000);
  const ours = names.map((name) => {
    const found = demangleItanium(name);
    return found === undefined ? name : found.result + found.full;
  });
  expect(ours).toEqual(oracle(names, 'gnu-v3'));
});

it('of Rust, the standard library', () => {
  const folder = readdirSync(RUST).find((name) => name.endsWith('-linux-gnu')) ?? '';
  const library = readdirSync(join(RUST, folder)).find((name) => name.startsWith('libstd-')) ?? '';
  const names = symbolsOf(join(RUST, folder, library));
  expect(names.length).toBeGreaterThan(1000);
  expect(names.map((name) => demangled(name)?.full ?? name)).toEqual(oracle(names, 'rust'));
});
