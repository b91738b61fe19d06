/** Line number programs written by hand: what the compilers at hand do not emit. */
import { describe, expect, it } from 'vitest';
import { runLinePrograms } from '../../../../core/debug/dwarf/line-program.ts';
import { LineRows } from '../../../../core/debug/dwarf/line-rows.ts';
import type { DebugSections } from '../../../../core/debug/dwarf/sections.ts';

const NONE = new Uint8Array(0);
const ADVANCE_PC = 2;
const CONST_ADD_PC = 8;
const FIXED_ADVANCE_PC = 9;

const text = (value: string): number[] => [...new TextEncoder().encode(value), 0];
const word = (value: number): number[] => [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24];
const setAddress = (address: number): number[] => [0, 5, 2, ...word(address)];
const END = [0, 1, 1];

/** Line base -3, line range 12, opcode base 10; file 1 is `a.c` in folder 1, `sub`. */
function versionTwo(
  program: readonly number[],
  minimumLength = 1,
  opcodeBase = 10,
  operandCounts = [0, 1, 1, 1, 1, 0, 0, 0, 1],
): Uint8Array {
  const tables = [...text('sub'), 0, ...text('a.c'), 1, 0, 0, 0];
  const header = [minimumLength, 1, 253, 12, opcodeBase, ...operandCounts, ...tables];
  const unit = [2, 0, ...word(header.length), ...header, ...program];
  return Uint8Array.from([...word(unit.length), ...unit]);
}

/** DWARF 5 with an MD5 sum beside each file name, as clang writes it. */
function versionFive(program: readonly number[]): Uint8Array {
  const md5 = new Array(16).fill(7);
  const folders = [1, 1, 8, 2, ...text('/top'), ...text('sub')];
  const files = [3, 1, 8, 2, 11, 5, 30, 2, ...text('m.c'), 0, ...md5, ...text('b.c'), 1, ...md5];
  const header = [1, 1, 1, 253, 12, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1, ...folders, ...files];
  const unit = [5, 0, 4, 0, ...word(header.length), ...header, ...program];
  return Uint8Array.from([...word(unit.length), ...unit]);
}

function run(line: Uint8Array, folder = '/src'): { rows: string[]; problems: string[] } {
  const sections: DebugSections = {
    info: NONE,
    abbrev: NONE,
    line,
    text: NONE,
    lineText: NONE,
    textOffsets: NONE,
    addresses: NONE,
    ranges: NONE,
    rangeLists: NONE,
    locations: NONE,
    locationLists: NONE,
    types: NONE,
    frame: NONE,
  };
  const rows = new LineRows(() => true);
  const problems = runLinePrograms(sections, () => folder, rows);
  const found = rows.sequences.flatMap((sequence) => [
    ...Array.from({ length: sequence.last - sequence.first }, (_, i) => {
      const row = sequence.first + i;
      return `${rows.address[row].toString(16)} ${rows.files[rows.file[row]]}:${rows.line[row]}`;
    }),
    `${sequence.end.toString(16)} end`,
  ]);
  return { rows: found, problems };
}

describe('a line number program', () => {
  it('advances by special opcodes, in units of the shortest instruction', () => {
    // opcode 10 + 3 + 2 + 12 * 4: line + 2, address + 4 units
    const program = [...setAddress(0x1000), 1, 10 + 5 + 48, ADVANCE_PC, 3, ...END];
    expect(run(versionTwo(program)).rows).toEqual(['1000 /src/sub/a.c:1', '1004 /src/sub/a.c:3', '1007 end']);
    expect(run(versionTwo(program, 2)).rows).toEqual(['1000 /src/sub/a.c:1', '1008 /src/sub/a.c:3', '100e end']);
  });

  it('advances by the constant of opcode 255 and by an operand that is not scaled', () => {
    const program = [...setAddress(0x1000), 1, CONST_ADD_PC, 1, FIXED_ADVANCE_PC, 0x10, 0, ...END];
    expect(run(versionTwo(program, 2)).rows).toEqual(['1000 /src/sub/a.c:1', '1028 /src/sub/a.c:1', '1038 end']);
  });

  it('skips standard and extended opcodes of later versions by the lengths it is told', () => {
    const program = [...setAddress(0x1000), 13, 0x81, 1, 5, 0, 4, 0x80, 1, 2, 3, 1, ADVANCE_PC, 1, ...END];
    const { rows } = run(versionTwo(program, 1, 14, [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 2]));
    expect(rows).toEqual(['1000 /src/sub/a.c:1', '1001 end']);
  });

  it('may define files itself and switch to them', () => {
    const define = [3, ...text('/x/late.c'), 0, 0, 0];
    const program = [...setAddress(0x1000), 0, define.length, ...define, 4, 2, 1, ADVANCE_PC, 1, ...END];
    expect(run(versionTwo(program)).rows).toEqual(['1000 /x/late.c:1', '1001 end']);
  });

  it('has files counted from 0 and checksums beside them in DWARF 5', () => {
    const program = [...setAddress(0x1000), 1, ADVANCE_PC, 1, 4, 0, 1, ADVANCE_PC, 1, ...END];
    expect(run(versionFive(program)).rows).toEqual(['1000 /top/sub/b.c:1', '1001 /top/m.c:1', '1002 end']);
  });

  it('loses only its last sequence when it stops in the middle of one', () => {
    const whole = [...setAddress(0x1000), 1, ADVANCE_PC, 4, ...END];
    expect(run(versionTwo([...whole, ...setAddress(0x2000), 1])).rows).toEqual(['1000 /src/sub/a.c:1', '1004 end']);
  });

  it('starts a new sequence where addresses go backwards', () => {
    const program = [
      ...setAddress(0x2000),
      1,
      ...setAddress(0x2008),
      1,
      ...setAddress(0x1000),
      1,
      ADVANCE_PC,
      2,
      ...END,
    ];
    expect(run(versionTwo(program)).rows).toContain('1002 end');
  });

  it('that cannot be read is named and does not hide the next one', () => {
    const good = versionTwo([...setAddress(0x1000), 1, ADVANCE_PC, 4, ...END]);
    const bad = Uint8Array.from(good);
    bad[4] = 9; // version
    const { rows, problems } = run(Uint8Array.from([...bad, ...good]));
    expect(rows).toEqual(['1000 /src/sub/a.c:1', '1004 end']);
    expect(problems).toEqual(['the line table at 0 of .debug_line cannot be read']);
    expect(run(Uint8Array.from([...good, 0xff, 0xff, 0xff, 0xff, 0])).problems[0]).toContain('cut off');
    expect(run(Uint8Array.from([...good, 0xf0, 0xff, 0xff, 0xff, 0])).problems[0]).toContain('means nothing');
    expect(run(good.subarray(0, good.length - 1)).problems[0]).toContain('cut off');
  });
});
