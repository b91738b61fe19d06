/** Registers as hex digits of packets, and their writing: the view of them is core's. */
import {
  bytesToHex,
  DEBUG_REGISTERS,
  type DebugRegister,
  type DebugTarget,
  GDB_EIP,
  GDB_ESP,
  type PcMode,
  type Registers,
  shownRegister,
  showsLinear,
  type WriteResult,
} from '../../core/index.ts';
import { littleEndian } from './text.ts';

const CS = 1;
const SS = 2;

/** The value of register `number` as the hex digits of a packet. */
export function encodeRegister(registers: Registers, number: number, mode: PcMode): string {
  const value = shownRegister(registers, number, mode) ?? 0;
  return typeof value === 'number' ? littleEndian(value, DEBUG_REGISTERS[number].bits / 8) : bytesToHex(value);
}

/** Where in CS an address lies that the client got from `eip`. */
export function offsetOf(registers: Registers, shown: number, mode: PcMode): number {
  return showsLinear(registers, mode) ? (shown - registers.segments[CS].base) >>> 0 : shown;
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
