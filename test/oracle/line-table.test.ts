/** Our line tables, row by row, against objdump's. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { guestPath, tool } from '../guests/build.ts';
import { buildC, buildNasm } from './sources.ts';

const VARIANTS: readonly [what: string, build: () => string][] = [
  ...[2, 3, 4, 5].flatMap((version): [string, () => string][] =>
    ['0', '2'].map((level) => [
      `gcc -gdwarf-${version} -O${level}`,
      () => buildC(`c${version}${level}`, [`-gdwarf-${version}`, `-O${level}`]),
    ]),
  ),
  ['compressed sections', () => buildC('zlib', ['-gz=zlib'])],
  ['old-style compressed sections', () => buildC('zgnu', ['-gz=zlib-gnu'])],
  [
    'sections for each function, some thrown away',
    () => buildC('gc', ['-O2', '-ffunction-sections', '-Wl,--gc-sections']),
  ],
  ['split debug information', () => buildC('split', ['-gsplit-dwarf'])],
  ['link-time optimization', () => buildC('lto', ['-O2', '-flto'])],
  ['nasm', () => buildNasm('nasm', 'dwarf')],
  ['gas', () => guestPath('hello-serial')],
];

function read(path: string): Program {
  return Program.fromBytes(new Uint8Array(readFileSync(path)));
}

/** objdump's rows as "address line file", `end` for ends of sequences. */
function oracleRows(path: string): string[] {
  const rows: string[] = [];
  for (const line of tool('objdump', ['-WL', '-w', path]).split('\n')) {
    const row = /^(\S+) +(\d+|-) +(0x[0-9a-f]+|0)(?: +(?:\d+))?( +x)?( +END)?$/.exec(line.trimEnd());
    // What the linker threw away stays in the tables, at address 0; we leave it out.
    if (row === null || Number.parseInt(row[3], 16) < 0x10000) continue;
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
    expect(oracle.length).toBeGreaterThan(5);
    expect(ourRows(program)).toEqual(oracle);
    // Lines do not need the files that split debug information is in; variables do, and it is said so.
    expect(program.problems.filter((problem) => !problem.includes('-gsplit-dwarf'))).toEqual([]);
  });
});
