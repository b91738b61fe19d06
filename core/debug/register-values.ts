/**
 * Register names as people write them in expressions, and their values in a `Registers` snapshot; and
 * the other way: which register and which bits a written name stands for.
 */
import * as flags from '../isa/eflags.ts';
import { GENERAL_NAMES, SEGMENT_NAMES } from '../isa/registers.ts';
import type { Registers } from './target.ts';

export interface RegisterValue {
  /** In lower case. */
  readonly name: string;
  readonly value: bigint;
  readonly size: 1 | 2 | 4 | 8;
}

/** EFLAGS bits by name, lowest first (SDM vol. 1, 3.4.3). */
export const FLAG_BITS: readonly (readonly [name: string, mask: number])[] = [
  ['cf', flags.CF],
  ['pf', flags.PF],
  ['af', flags.AF],
  ['zf', flags.ZF],
  ['sf', flags.SF],
  ['tf', flags.TF],
  ['if', flags.IF],
  ['df', flags.DF],
  ['of', flags.OF],
  ['iopl', flags.IOPL],
  ['nt', flags.NT],
  ['rf', flags.RF],
  ['vm', flags.VM],
  ['ac', flags.AC],
  ['vif', flags.VIF],
  ['vip', flags.VIP],
  ['id', flags.ID],
];
const WORDS = ['ax', 'cx', 'dx', 'bx', 'sp', 'bp', 'si', 'di'];
const BYTES = ['al', 'cl', 'dl', 'bl', 'ah', 'ch', 'dh', 'bh'];

const CPU_NAMES = /^(e?[abcd]x|e?[sd]i|e?[sb]p|[abcd][lh]|[c-g]s|ss|e?ip|eflags|[cd]r\d)$/i;

type Reader = { readonly size: 1 | 2 | 4 | 8; readonly read: (registers: Registers) => number };
const READERS: ReadonlyMap<string, Reader> = makeReaders();

function makeReaders(): Map<string, Reader> {
  const readers = new Map<string, Reader>();
  const define = (name: string, size: 1 | 2 | 4 | 8, read: (registers: Registers) => number) =>
    readers.set(name, { size, read });
  GENERAL_NAMES.forEach((name, i) => define(name, 4, (r) => r.general[i]));
  WORDS.forEach((name, i) => define(name, 2, (r) => r.general[i] & 0xffff));
  BYTES.forEach((name, i) => define(name, 1, (r) => (r.general[i & 3] >>> (i < 4 ? 0 : 8)) & 0xff));
  SEGMENT_NAMES.forEach((name, i) => {
    define(name, 2, (r) => r.segments[i].selector);
    define(`${name}_base`, 4, (r) => r.segments[i].base);
    define(`${name}_limit`, 4, (r) => r.segments[i].limit);
    define(`${name}_access`, 4, (r) => r.segments[i].access);
  });
  for (const name of ['ldtr', 'tr'] as const) {
    define(name, 2, (r) => r[name].selector);
    define(`${name}_base`, 4, (r) => r[name].base);
    define(`${name}_limit`, 4, (r) => r[name].limit);
    define(`${name}_access`, 4, (r) => r[name].access);
  }
  for (const name of ['gdtr', 'idtr'] as const) {
    define(`${name}_base`, 4, (r) => r[name].base);
    define(`${name}_limit`, 2, (r) => r[name].limit);
  }
  for (const name of ['eip', 'eflags', 'cr0', 'cr2', 'cr3', 'cr4'] as const) define(name, 4, (r) => r[name]);
  for (let i = 0; i < 8; i++) define(`dr${i}`, 4, (r) => r.dr[i]);
  // The linear address of the next instruction, as gdb is shown its $pc in 16-bit code.
  define('pc', 4, (r) => r.segments[1].base + r.eip);
  define('ip', 2, (r) => r.eip & 0xffff);
  define('flags', 2, (r) => r.eflags & 0xffff);
  define('cpl', 1, (r) => r.cpl);
  define('steps', 8, (r) => r.steps);
  for (const [name, mask] of FLAG_BITS) define(name, 1, (r) => (r.eflags & mask) >>> lowBit(mask));
  return readers;
}

function lowBit(mask: number): number {
  return 31 - Math.clz32(mask & -mask);
}

/** The value of a register, or undefined when there is none of this name (case does not matter). */
export function registerValue(registers: Registers, name: string): RegisterValue | undefined {
  const reader = READERS.get(name.toLowerCase());
  if (reader === undefined) return undefined;
  const value = reader.read(registers);
  const whole = reader.size === 8 ? BigInt(value) : BigInt(value >>> 0);
  return { name: name.toLowerCase(), value: whole, size: reader.size };
}

/** `$sp` and `$fp` are gdb's names for the stack and frame pointers, in 32-bit code all of them; other names stay. */
export function stackRegister({ codeBits }: Registers, name: string): string {
  const lower = name.toLowerCase();
  if (codeBits === 16) return lower === 'fp' ? 'bp' : name;
  return lower === 'sp' ? 'esp' : lower === 'fp' ? 'ebp' : name;
}

export function isRegisterName(name: string): boolean {
  return READERS.has(name.toLowerCase());
}

/** Bytes of a register; undefined when there is none of this name. */
export function registerSize(name: string): 1 | 2 | 4 | 8 | undefined {
  return READERS.get(name.toLowerCase())?.size;
}

/**
 * Flags, parts of hidden registers and other names that the CPU does not know as registers: a symbol of
 * the guest wins over them (`if`, `id`, `pc`), unless a sigil says otherwise.
 */
export function isConvenienceName(name: string): boolean {
  return isRegisterName(name) && !CPU_NAMES.test(name);
}

export function registerNames(): string[] {
  return [...READERS.keys()];
}

/** A write to a name as the write of a whole register: parts and flags are merged with the rest. */
export function registerWrite(
  registers: Registers,
  name: string,
  value: bigint,
): { name: string; value: number } | undefined {
  const lower = name.toLowerCase();
  const number = Number(BigInt.asUintN(32, value));
  const word = WORDS.indexOf(lower);
  if (word >= 0) return { name: GENERAL_NAMES[word], value: merge(registers.general[word], 0xffff, number) };
  const byte = BYTES.indexOf(lower);
  if (byte >= 0) {
    const shift = byte < 4 ? 0 : 8;
    return { name: GENERAL_NAMES[byte & 3], value: merge(registers.general[byte & 3], 0xff << shift, number << shift) };
  }
  const flag = FLAG_BITS.find(([flagName]) => flagName === lower);
  if (flag) return { name: 'eflags', value: merge(registers.eflags, flag[1], number << lowBit(flag[1])) };
  if (lower === 'ip') return { name: 'eip', value: number & 0xffff };
  if (lower === 'pc') return { name: 'eip', value: (number - registers.segments[1].base) >>> 0 };
  if (lower === 'flags') return { name: 'eflags', value: merge(registers.eflags, 0xffff, number) };
  if (!READERS.has(lower) || lower === 'cpl' || lower === 'steps') return undefined;
  return { name: lower, value: number };
}

function merge(old: number, mask: number, value: number): number {
  return ((old & ~mask) | (value & mask)) >>> 0;
}
