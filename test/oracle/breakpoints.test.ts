/** Where breakpoints on functions and lines go, against gdb. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { guestPath } from '../guests/build.ts';
import { gdbAddresses, padded } from './gdb-addresses.ts';
import { buildC, lineOf } from './sources.ts';

const FUNCTIONS = ['loop', 'single', 'rare', 'chosen', '_start', 'outside', 'twice', 'part'];
const LINES = Array.from({ length: 42 }, (_, i) => i + 1);

function read(path: string): Program {
  return Program.fromBytes(new Uint8Array(readFileSync(path)));
}

describe('breakpoints go where gdb puts them', () => {
  it.each([2, 3, 4, 5])('in unoptimized C with DWARF %i', (version) => {
    const path = buildC(`b${version}`, [`-gdwarf-${version}`, '-O0']);
    const program = read(path);
    const byLine = LINES.map((line) => {
      const next = program.lines.nextLineWithCode('main.c', line);
      return next === undefined ? [] : padded(program.lines.addressesFor('main.c', next));
    });
    const byName = FUNCTIONS.map((name) => padded(program.functionBreakAddresses(name)));
    const oracle = gdbAddresses(path, [...FUNCTIONS, ...LINES.map((line) => `main.c:${line}`)]);
    expect(byName).toEqual(oracle.slice(0, FUNCTIONS.length));
    expect(byLine).toEqual(oracle.slice(FUNCTIONS.length));
  });

  it('on functions in optimized C, inlined copies included', () => {
    const path = buildC('b1', ['-O1']);
    const program = read(path);
    const names = ['loop', 'single', 'rare', 'chosen', '_start', 'outside'];
    expect(names.map((name) => padded(program.functionBreakAddresses(name)))).toEqual(gdbAddresses(path, names));
  });
});

describe('source locations', () => {
  it('name line, column and the whole contiguous code of the line', () => {
    const program = read(buildC('locate', ['-O0']));
    const line = lineOf('total += chosen(1)');
    const [address] = program.lines.addressesFor('main.c', line);
    const found = program.lines.locate(address);
    expect(found).toMatchObject({ line, isStmt: true, start: address });
    expect(found?.file).toMatch(/main\.c$/);
    expect(found?.column).toBeGreaterThan(0);
    expect(program.lines.locate((found?.end ?? 0) - 1)).toMatchObject({ line, start: found?.start, end: found?.end });
    expect(program.lines.locate(found?.end ?? 0)?.line).toBe(line + 1);
    expect(program.lines.locate(0x1000)).toBeUndefined();
  });

  it('are found by full path, by the tail of one, and not by another file of that name', () => {
    const program = read(buildC('paths', ['-O0']));
    const full = program.lines.files().find((file) => file.endsWith('/main.c')) ?? '';
    const line = lineOf('sink = total');
    const expected = program.lines.addressesFor(full, line);
    expect(expected).toHaveLength(1);
    expect(program.lines.addressesFor('main.c', line)).toEqual(expected);
    expect(program.lines.addressesFor(`/elsewhere${full}`, line)).toEqual([]);
    expect(program.lines.addressesFor(full.replace(/\/([^/]+)$/, '/./x/../$1'), line)).toEqual(expected);
  });

  it('work in assembly, where functions have no prologue to skip', () => {
    const program = read(guestPath('high-half'));
    expect(program.functionBreakAddress('high_main')).toBe(program.symbols.find('high_main'));
    expect(program.lines.locate(program.symbols.find('high_main') ?? 0)?.file).toMatch(/high-half\.S$/);
    expect(program.nameAt((program.symbols.find('high_main') ?? 0) + 3)).toEqual({ name: 'high_main', offset: 3 });
  });

  it('move with the offset that a file is loaded at', () => {
    const bytes = new Uint8Array(readFileSync(buildC('moved', ['-O0'])));
    const [here, there] = [Program.fromBytes(bytes), Program.fromBytes(bytes, 0x1000_0000)];
    const line = lineOf('sink = total');
    const moved = here.lines.addressesFor('main.c', line).map((address) => address + 0x1000_0000);
    expect(there.lines.addressesFor('main.c', line)).toEqual(moved);
    expect(there.functionBreakAddress('chosen')).toBe((here.functionBreakAddress('chosen') ?? 0) + 0x1000_0000);
    expect(there.symbols.find('chosen')).toBe((here.symbols.find('chosen') ?? 0) + 0x1000_0000);
  });
});
