/**
 * Register values as gdb is shown them. In 16-bit code EIP and ESP are linear (segment base added): gdb
 * knows no segments, and only so do its breakpoints, its disassembly and `x/i $pc` meet the code.
 */
import {
  bytesToHex,
  DEBUG_REGISTERS,
  type DebugRegister,
  type DebugTarget,
  GDB_EIP,
  GDB_ESP,
  type Registers,
  type WriteResult,
} from '../../core/index.ts';
import type { PcMode } from './stub.ts';
import { littleEndian } from './text.ts';

const CS = 1;
const SS = 2;
/** B bit of a stack segment: ESP instead of SP. */
const ACCESS_BIG = 0x400000;

function showsLinear(registers: Registers, mode: PcMode): boolean {
  return mode === 'linear' || (mode === 'auto' && registers.codeBits === 16);
}

/** EIP as the client sees it. */
export function shownPc(registers: Registers, mode: PcMode): number {
  if (!showsLinear(registers, mode)) return registers.eip;
  return (registers.segments[CS].base + registers.eip) >>> 0;
}

function shownStack(registers: Registers, mode: PcMode): number {
  const esp = registers.general[4];
  if (!showsLinear(registers, mode)) return esp;
  const { base, access } = registers.segments[SS];
  return (base + (access & ACCESS_BIG ? esp : esp & 0xffff)) >>> 0;
}

/** The value of register `number` as the hex digits of a packet. */
export function encodeRegister(registers: Registers, number: number, mode: PcMode): string {
  const register = DEBUG_REGISTERS[number];
  if (number === GDB_EIP) return littleEndian(shownPc(registers, mode), 4);
  if (number === GDB_ESP) return littleEndian(shownStack(registers, mode), 4);
  const value = register.read(registers);
  return typeof value === 'number' ? littleEndian(value, register.bits / 8) : bytesToHex(value);
}

/** Writes what `encodeRegister` showed; `bytes` has the register's size. */
export async function writeShown(
  target: DebugTarget,
  vcpu: number,
  number: number,
  bytes: Uint8Array,
  mode: PcMode,
): Promise<WriteResult> {
  const register: DebugRegister = DEBUG_REGISTERS[number];
  const registers = await target.readRegisters(vcpu);
  // After a call that the user made gdb puts all registers back: what did not change is not written again,
  // for that has effects, and the step counter, which did, is no error.
  if (register.name === 'steps' || encodeRegister(registers, number, mode) === bytesToHex(bytes)) return { ok: true };
  if (!register.writable) return { ok: false, reason: `${register.name} cannot be written` };
  if (register.bits === 80) return target.writeRegister(vcpu, register.name, bytes);
  const value = (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0;
  if (number !== GDB_EIP && number !== GDB_ESP) return target.writeRegister(vcpu, register.name, value);
  if (!showsLinear(registers, mode)) return target.writeRegister(vcpu, register.name, value);
  const segment = registers.segments[number === GDB_EIP ? CS : SS];
  const offset = (value - segment.base) >>> 0;
  if (offset > segment.limit) {
    return {
      ok: false,
      reason: `0x${value.toString(16)} lies outside the ${number === GDB_EIP ? 'code' : 'stack'} segment`,
    };
  }
  return target.writeRegister(vcpu, register.name, offset);
}
