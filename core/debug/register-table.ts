/**
 * The registers a debugger sees, in one numbered table: the GDB numbers of `org.gnu.gdb.i386.core` (0–31,
 * its canonical order) and after them the system registers. Agent bytecode, the `g` packet, target.xml and
 * the evaluators all count by this table. Not the register file itself: rows read a `Registers` message.
 */
import type { Registers, SegmentValue } from './target.ts';

export interface DebugRegister {
  readonly name: string;
  readonly bits: 32 | 64 | 80;
  readonly feature: 'core' | 'system';
  readonly group: 'general' | 'float' | 'system' | 'segment';
  /** What it holds, in GDB's type vocabulary or one of the flag types of target.xml. */
  readonly type: string;
  readonly writable: boolean;
  /** An unsigned number, or the 10 bytes of an x87 register. */
  read(registers: Registers): number | Uint8Array;
}

/** GDB numbers of those that are more than a value to the protocol. */
export const GDB_ESP = 4;
export const GDB_EBP = 5;
export const GDB_EIP = 8;

/** Order of the segment registers in GDB, as indexes into `Registers.segments` (es cs ss ds fs gs). */
const GDB_SEGMENTS = [
  { name: 'cs', index: 1 },
  { name: 'ss', index: 2 },
  { name: 'ds', index: 3 },
  { name: 'es', index: 0 },
  { name: 'fs', index: 4 },
  { name: 'gs', index: 5 },
] as const;

const GENERAL = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'] as const;

function word(
  name: string,
  feature: DebugRegister['feature'],
  group: DebugRegister['group'],
  type: string,
  read: (registers: Registers) => number,
  writable = true,
): DebugRegister {
  return { name, bits: 32, feature, group, type, writable, read };
}

function coreRows(): DebugRegister[] {
  const rows = GENERAL.map((name, i) =>
    word(name, 'core', 'general', name === 'esp' || name === 'ebp' ? 'data_ptr' : 'int32', (r) => r.general[i]),
  );
  rows.push(word('eip', 'core', 'general', 'code_ptr', (r) => r.eip));
  rows.push(word('eflags', 'core', 'general', 'i386_eflags', (r) => r.eflags));
  for (const { name, index } of GDB_SEGMENTS) {
    rows.push(word(name, 'core', 'general', 'int32', (r) => r.segments[index].selector));
  }
  for (let i = 0; i < 8; i++) {
    rows.push({
      name: `st${i}`,
      bits: 80,
      feature: 'core',
      group: 'float',
      type: 'i387_ext',
      writable: true,
      read: (r) => r.fpu.st[i],
    });
  }
  rows.push(
    word('fctrl', 'core', 'float', 'int', (r) => r.fpu.control),
    word('fstat', 'core', 'float', 'int', (r) => r.fpu.status),
    word('ftag', 'core', 'float', 'int', (r) => r.fpu.tag),
    word('fiseg', 'core', 'float', 'int', (r) => r.fpu.instructionSelector),
    word('fioff', 'core', 'float', 'int', (r) => r.fpu.instructionOffset),
    word('foseg', 'core', 'float', 'int', (r) => r.fpu.dataSelector),
    word('fooff', 'core', 'float', 'int', (r) => r.fpu.dataOffset),
    word('fop', 'core', 'float', 'int', (r) => r.fpu.opcode),
  );
  return rows;
}

function systemRows(): DebugRegister[] {
  const system = (name: string, type: string, read: (r: Registers) => number, writable = true) =>
    word(name, 'system', 'system', type, read, writable);
  const rows = [
    system('cr0', 'i386_cr0', (r) => r.cr0),
    system('cr2', 'data_ptr', (r) => r.cr2),
    // A plain pointer: a flags type would print the base shifted right by 12.
    system('cr3', 'data_ptr', (r) => r.cr3),
    system('cr4', 'i386_cr4', (r) => r.cr4),
    system('gdtr_base', 'data_ptr', (r) => r.gdtr.base),
    system('gdtr_limit', 'int32', (r) => r.gdtr.limit),
    system('idtr_base', 'data_ptr', (r) => r.idtr.base),
    system('idtr_limit', 'int32', (r) => r.idtr.limit),
    system('ldtr', 'int32', (r) => r.ldtr.selector),
    system('tr', 'int32', (r) => r.tr.selector),
    system('cpl', 'int32', (r) => r.cpl, false),
  ];
  for (const { name, index } of GDB_SEGMENTS) rows.push(...segmentRows(name, (r) => r.segments[index]));
  rows.push(...segmentRows('ldtr', (r) => r.ldtr), ...segmentRows('tr', (r) => r.tr));
  for (const i of [0, 1, 2, 3, 6, 7]) {
    rows.push(system(`dr${i}`, i < 4 ? 'data_ptr' : 'int32', (r) => r.dr[i]));
  }
  rows.push({
    name: 'steps',
    bits: 64,
    feature: 'system',
    group: 'system',
    type: 'uint64',
    writable: false,
    read: (r) => r.steps,
  });
  // EIP and ESP themselves, whatever the stub shows in their place in 16-bit code.
  rows.push(
    system('eip_offset', 'int32', (r) => r.eip, false),
    system('esp_offset', 'int32', (r) => r.general[GDB_ESP], false),
  );
  return rows;
}

function segmentRows(name: string, of: (registers: Registers) => SegmentValue): DebugRegister[] {
  return [
    word(`${name}_base`, 'system', 'segment', 'data_ptr', (r) => of(r).base),
    word(`${name}_limit`, 'system', 'segment', 'int32', (r) => of(r).limit),
    word(`${name}_access`, 'system', 'segment', 'int32', (r) => of(r).access),
  ];
}

/** Index = GDB register number. */
export const DEBUG_REGISTERS: readonly DebugRegister[] = [...coreRows(), ...systemRows()];

/** How many of them belong to `org.gnu.gdb.i386.core`; they come first. */
export const CORE_REGISTER_COUNT = 32;

const byName = new Map(DEBUG_REGISTERS.map((register) => [register.name, register]));

export function debugRegister(name: string): DebugRegister | undefined {
  return byName.get(name);
}
