/**
 * The target description (GDB manual, appendix G). gdb rejects an i386 description that lacks one of the
 * 32 names of `org.gnu.gdb.i386.core`, and the order of the rows is the order of the `g` packet.
 */
import { DEBUG_REGISTERS, type DebugRegister } from '../../core/index.ts';

interface Flag {
  readonly name: string;
  readonly bit: number;
  readonly last?: number;
}

const EFLAGS: readonly Flag[] = [
  { name: 'CF', bit: 0 },
  { name: '', bit: 1 },
  { name: 'PF', bit: 2 },
  { name: 'AF', bit: 4 },
  { name: 'ZF', bit: 6 },
  { name: 'SF', bit: 7 },
  { name: 'TF', bit: 8 },
  { name: 'IF', bit: 9 },
  { name: 'DF', bit: 10 },
  { name: 'OF', bit: 11 },
  { name: 'IOPL', bit: 12, last: 13 },
  { name: 'NT', bit: 14 },
  { name: 'RF', bit: 16 },
  { name: 'VM', bit: 17 },
  { name: 'AC', bit: 18 },
  { name: 'VIF', bit: 19 },
  { name: 'VIP', bit: 20 },
  { name: 'ID', bit: 21 },
];

const CR0: readonly Flag[] = [
  { name: 'PE', bit: 0 },
  { name: 'MP', bit: 1 },
  { name: 'EM', bit: 2 },
  { name: 'TS', bit: 3 },
  { name: 'ET', bit: 4 },
  { name: 'NE', bit: 5 },
  { name: 'WP', bit: 16 },
  { name: 'AM', bit: 18 },
  { name: 'NW', bit: 29 },
  { name: 'CD', bit: 30 },
  { name: 'PG', bit: 31 },
];

const CR4: readonly Flag[] = [
  { name: 'VME', bit: 0 },
  { name: 'PVI', bit: 1 },
  { name: 'TSD', bit: 2 },
  { name: 'DE', bit: 3 },
  { name: 'PSE', bit: 4 },
  { name: 'PAE', bit: 5 },
  { name: 'MCE', bit: 6 },
  { name: 'PGE', bit: 7 },
  { name: 'PCE', bit: 8 },
  { name: 'OSFXSR', bit: 9 },
  { name: 'OSXMMEXCPT', bit: 10 },
];

/** The description for code of this width; the set of registers is the same for both. */
export function targetXml(codeBits: 16 | 32): string {
  // CS.D decides how gdb disassembles; `i8086` is honoured only when the description itself says it.
  const architecture = codeBits === 16 ? 'i8086' : 'i386';
  return [
    '<?xml version="1.0"?>',
    '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
    '<target version="1.0">',
    `<architecture>${architecture}</architecture>`,
    // Without it Debian's gdb assumes a Linux process.
    '<osabi>none</osabi>',
    ...feature('org.gnu.gdb.i386.core', 'core', [flags('i386_eflags', EFLAGS)]),
    ...feature('org.trapgate.i386.system', 'system', [flags('i386_cr0', CR0), flags('i386_cr4', CR4)]),
    '</target>',
    '',
  ].join('\n');
}

function feature(name: string, which: DebugRegister['feature'], types: readonly string[]): string[] {
  const rows = DEBUG_REGISTERS.map((register, number) => ({ register, number }))
    .filter(({ register }) => register.feature === which)
    .map(({ register, number }) => registerRow(register, number));
  return [`<feature name="${name}">`, ...types, ...rows, '</feature>'];
}

function registerRow(register: DebugRegister, number: number): string {
  const { name, bits, type, group, writable } = register;
  // gdb saves and restores registers around a call it makes; what cannot be written must stay out of that.
  const restore = writable && register.feature === 'core' ? '' : ' save-restore="no"';
  return `<reg name="${name}" bitsize="${bits}" type="${type}" regnum="${number}" group="${group}"${restore}/>`;
}

function flags(id: string, fields: readonly Flag[]): string {
  const rows = fields.map(({ name, bit, last }) => `<field name="${name}" start="${bit}" end="${last ?? bit}"/>`);
  return `<flags id="${id}" size="4">${rows.join('')}</flags>`;
}
