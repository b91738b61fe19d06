/**
 * Registers as a client is shown them, by number of the register table. In 16-bit code EIP and ESP may be
 * shown as linear addresses (segment base added): gdb knows no segments, and only so do its breakpoints, its
 * disassembly and `x/i $pc` meet the code. Packets and conditions read through here, so that a condition
 * means the same wherever it is evaluated.
 */
import { DESC_BIG } from '../isa/descriptors.ts';
import { DEBUG_REGISTERS, GDB_EIP, GDB_ESP } from './register-table.ts';
import type { PcMode, Registers } from './target.ts';

const CS = 1;
const SS = 2;

/** Whether EIP and ESP are shown as linear addresses. */
export function showsLinear(registers: Registers, mode: PcMode): boolean {
  return mode === 'linear' || (mode === 'auto' && registers.codeBits === 16);
}

/** EIP as the client sees it. */
export function shownPc(registers: Registers, mode: PcMode): number {
  if (!showsLinear(registers, mode)) return registers.eip;
  return (registers.segments[CS].base + registers.eip) >>> 0;
}

function shownStack(registers: Registers, mode: PcMode): number {
  return showsLinear(registers, mode) ? linearStack(registers) : registers.general[GDB_ESP];
}

/** Linear address of the stack's top; a stack segment without the B flag has a 16-bit pointer. */
export function linearStack({ segments, general }: Registers): number {
  const { base, access } = segments[SS];
  return (base + (access & DESC_BIG ? general[GDB_ESP] : general[GDB_ESP] & 0xffff)) >>> 0;
}

/** An unsigned number or the 10 bytes of an x87 register; undefined when the table has no such number. */
export function shownRegister(registers: Registers, number: number, mode: PcMode): number | Uint8Array | undefined {
  if (number === GDB_EIP) return shownPc(registers, mode);
  if (number === GDB_ESP) return shownStack(registers, mode);
  return DEBUG_REGISTERS[number]?.read(registers);
}
