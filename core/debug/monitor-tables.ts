/** `info gdt` and `info idt`: descriptor tables in words (SDM vol. 3, 3.4.5 and 6.11). */
import { EXCEPTION_NAMES } from '../isa/exceptions.ts';
import { hex } from '../util/hex.ts';
import type { Registers } from './target.ts';

type ReadLinear = (address: number, length: number) => Uint8Array;

/** Types 0–15 of system descriptors (SDM vol. 3, table 3-2). */
const SYSTEM_TYPES: readonly string[] = [
  'Reserved',
  'TSS16-avl',
  'LDT',
  'TSS16-busy',
  'CallGate16',
  'TaskGate',
  'IntGate16',
  'TrapGate16',
  'Reserved',
  'TSS32-avl',
  'Reserved',
  'TSS32-busy',
  'CallGate32',
  'Reserved',
  'IntGate32',
  'TrapGate32',
];
const REAL_MODE = 'The CPU is in real mode: this table is not in use.\n';
const CR0_PE = 1;

export function systemTypeName(type: number): string {
  return SYSTEM_TYPES[type];
}

export function gdtText(r: Registers, read: ReadLinear): string {
  const head = `GDT at ${hex(r.gdtr.base)}, limit ${hex(r.gdtr.limit, 4)}\n`;
  if (!(r.cr0 & CR0_PE)) return head + REAL_MODE;
  return (
    head +
    table(r.gdtr, read, (selector, low, high) => {
      if (low === 0 && high === 0) return undefined;
      return `${hex(selector * 8, 4)}: ${descriptor(low, high)}`;
    })
  );
}

export function idtText(r: Registers, read: ReadLinear): string {
  const head = `IDT at ${hex(r.idtr.base)}, limit ${hex(r.idtr.limit, 4)}\n`;
  if (!(r.cr0 & CR0_PE)) return head + REAL_MODE;
  return (
    head +
    table({ base: r.idtr.base, limit: Math.min(r.idtr.limit, 0x7ff) }, read, (vector, low, high) => {
      if (low === 0 && high === 0) return undefined;
      const name = EXCEPTION_NAMES[vector] ?? '';
      return `${hex(vector, 2)} ${name.padEnd(4)} ${gate(low, high)}`;
    })
  );
}

/** One line an entry; a page that cannot be read ends the table. */
function table(
  { base, limit }: { readonly base: number; readonly limit: number },
  read: ReadLinear,
  line: (index: number, low: number, high: number) => string | undefined,
): string {
  const bytes = read(base, limit + 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let text = '';
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const entry = line(at / 8, view.getUint32(at, true), view.getUint32(at + 4, true));
    if (entry !== undefined) text += `${entry}\n`;
  }
  return bytes.length <= limit ? `${text}Cannot access memory\n` : text;
}

function descriptor(low: number, high: number): string {
  const absent = high & 0x8000 ? '' : ' not present';
  const dpl = `DPL=${(high >> 13) & 3}`;
  const type = (high >> 8) & 15;
  if (!(high & 0x1000) && [4, 5, 6, 7, 12, 14, 15].includes(type)) return `${gate(low, high)}`;
  const base = ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000)) >>> 0;
  const units = (low & 0xffff) | (high & 0xf0000);
  const limit = high & 0x800000 ? ((units << 12) | 0xfff) >>> 0 : units;
  const where = `base=${hex(base)} limit=${hex(limit)} ${dpl}`;
  if (!(high & 0x1000)) return `${where} ${systemTypeName(type)}${absent}`;
  const bit = (mask: number, letter: string) => (high & mask ? letter : '-');
  const bits = high & 0x400000 ? 32 : 16;
  return high & 0x800
    ? `${where} code${bits} [${bit(0x400, 'C')}${bit(0x200, 'R')}${bit(0x100, 'A')}]${absent}`
    : `${where} data${bits} [${bit(0x400, 'E')}${bit(0x200, 'W')}${bit(0x100, 'A')}]${absent}`;
}

function gate(low: number, high: number): string {
  const target = `${hex(low >>> 16, 4)}:${hex(((high & 0xffff0000) | (low & 0xffff)) >>> 0)}`;
  const absent = high & 0x8000 ? '' : ' not present';
  const kind = high & 0x1000 ? 'not a gate' : systemTypeName((high >> 8) & 15);
  return `${target} DPL=${(high >> 13) & 3} ${kind}${absent}`;
}
