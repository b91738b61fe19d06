/** `info gdt` and `info idt`: descriptor tables, a line an entry. */
import { EXCEPTION_NAMES } from '../isa/exceptions.ts';
import { hex } from '../util/hex.ts';
import { decodeDescriptor, decodeGate, descriptorText } from './descriptors.ts';
import type { Registers } from './target.ts';

type ReadLinear = (address: number, length: number) => Uint8Array;

const REAL_MODE = 'The CPU is in real mode: this table is not in use.\n';
const CR0_PE = 1;

export function gdtText(r: Registers, read: ReadLinear): string {
  const head = `GDT at ${hex(r.gdtr.base)}, limit ${hex(r.gdtr.limit, 4)}\n`;
  if (!(r.cr0 & CR0_PE)) return head + REAL_MODE;
  return (
    head +
    table(r.gdtr, read, (selector, low, high) => {
      const entry = decodeDescriptor(low, high);
      return entry && `${hex(selector * 8, 4)}: ${descriptorText(entry)}`;
    })
  );
}

export function idtText(r: Registers, read: ReadLinear): string {
  const head = `IDT at ${hex(r.idtr.base)}, limit ${hex(r.idtr.limit, 4)}\n`;
  if (!(r.cr0 & CR0_PE)) return head + REAL_MODE;
  return (
    head +
    table({ base: r.idtr.base, limit: Math.min(r.idtr.limit, 0x7ff) }, read, (vector, low, high) => {
      const gate = decodeGate(low, high);
      return gate && `${hex(vector, 2)} ${(EXCEPTION_NAMES[vector] ?? '').padEnd(4)} ${descriptorText(gate)}`;
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
