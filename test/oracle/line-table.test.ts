/** Our line tables, row by row, against objdump's. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { guestPath, tool } from '../guests/build.ts';
import { compileGuest } from '../guests/compile.ts';
import { buildC, buildNasm, buildPiped } from './sources.ts';

const VERSIONS = [2, 3, 4, 5].flatMap((version) => ['0', '2'].map((level) => [version, level] as const));
const VARIANTS: readonly [what: string, build: () => string][] = [
  ...(['gcc', 'clang'] as const).flatMap((compiler) =>
    VERSIONS.map(([version, level]): [string, () => string] => [
      `${compiler} -gdwarf-${version} -O${level}`,
      () => buildC(`${compiler}${version}${level}`, [`-gdwarf-${version}`, `-O${level}`], compiler),
    ]),
  ),
  ['g++', () => compileGuest('shapes.cpp', 'lines-g++', { compiler: 'g++', version: 5, level: 2 })],
  ['clang++', () => compileGuest('shapes.cpp', 'lines-clang++', { compiler: 'clang++', version: 5, level: 2 })],
  ['rustc, DWARF 4', () => compileGuest('shapes.rs', 'lines-rust4', { compiler: 'rustc', version: 4, level: 0 })],
  ['rustc, DWARF 5', () => compileGuest('shapes.rs', 'lines-rust5', { compiler: 'rustc', version: 5, level: 2 })],
  ['compressed sections', () => buildC('zlib', ['-gz=zlib'])],
  ['old-style compressed sections', () => buildC('zgnu', ['-gz=zlib-gnu'])],
  [
    'sections for each function, some thrown away',
    () => buildC('gc', ['-O2', '-ffunction-sections', '-Wl,--gc-sections']),
  ],
  [
    'the same with clang and its linker',
    () => buildC('gc-lld', ['-O2', '-ffunction-sections', '-Wl,--gc-sections'], 'clang'),
  ],
  ['split debug information', () => buildC('split', ['-gsplit-dwarf'])],
  ['split debug information of clang', () => buildC('split-clang', ['-gsplit-dwarf'], 'clang')],
  ['link-time optimization', () => buildC('lto', ['-O2', '-flto'])],
  ['type units', () => buildC('types', ['-fdebug-types-section'])],
  ['macros', () => buildC('macros', ['-g3'])],
  ['16-bit code', () => buildC('real', ['-m16', '-Wl,-Ttext=0x7c00'])],
  ['nasm', () => buildNasm('nasm', 'dwarf')],
  ['gas', () => guestPath('hello-serial')],
  ['gas from a pipe', buildPiped],
];

function read(path: string): Program {
  return Program.fromBytes(new Uint8Array(readFileSync(path)));
}

/** objdump's rows as "address line file", `end` for ends of sequences. */
function oracleRows(path: string): string[] {
  const rows: string[] = [];
  for (const line of tool('objdump', ['-WL', '-w', path]).split('\n')) {
    const row = /^(\S.*?) +(\d+|-) +(0x[0-9a-f]+|0)(?: +(?:\d+))?( +x)?( +END)?$/.exec(line.trimEnd());
    // What the linker threw away stays in the tables, at address 0; we leave it out.
    if (row === null || Number.parseInt(row[3], 16) < 0x7000) continue;
    const address = Number.parseInt(row[3], 16).toString(16);
    rows.push(row[2] === '-' ? `${address} end` : `${address} ${row[2]} ${basename(row[1])}${row[4] ? ' stmt' : ''}`);
  }
  return rows.sort();
}

function ourRows(program: Program): string[] {
  const rows = [...program.lines.rows()].map((row) =>
    row.endSequence
      ? `${row.address.toString(16)} end`
      : `${row.address.toString(16)} ${row.line} ${basename(row.file)}${row.isStmt ? ' stmt' : ''}`,
  );
  return rows.sort();
}

describe('line tables agree with objdump', () => {
  it.each(VARIANTS)('%s', (_what, build) => {
    const path = build();
    const program = read(path);
    const oracle = oracleRows(path);
    expect(oracle.length).toBeGreaterThan(3);
    expect(ourRows(program)).toEqual(oracle);
    // Lines do not need the files that split debug information is in; variables do, and it is said so.
    expect(program.problems.filter((problem) => !problem.includes('-gsplit-dwarf'))).toEqual([]);
  });
});
