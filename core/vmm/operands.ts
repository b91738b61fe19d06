/**
 * Operand access of emulated instructions: effective addresses, segment limits (SDM vol. 3, 5.3) and the
 * stack. Nothing here commits a register; every function answers undefined or FAULT when it faulted.
 */

import { DESC_BIG } from '../isa/descriptors.ts';
import { GP, STACK_FAULT } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { ESP, SS } from '../isa/registers.ts';
import {
  CTX_SEGMENTS,
  SEG_BASE,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEG_WRITE_HIGH,
  SEG_WRITE_LOW,
  SEGMENT_STRIDE,
} from '../memory/layout.ts';
import type { OperandSize } from './guest-space.ts';
import type { Monitor } from './monitor.ts';
import { DONE, FAULT, type Outcome } from './outcome.ts';

/** Offset of the ModRM memory operand in its segment. */
export function effectiveAddress(monitor: Monitor, instruction: Instruction): number {
  const { context } = monitor;
  let offset = instruction.displacement;
  if (instruction.base >= 0) offset += context.register(instruction.base);
  if (instruction.index >= 0) offset += context.register(instruction.index) << instruction.scale;
  return instruction.addressSize === 2 ? offset & 0xffff : offset >>> 0;
}

/** The offset `delta` bytes behind `offset`; it wraps with the address size, as the second half of a far pointer does. */
export function offsetBehind(instruction: Instruction, offset: number, delta: number): number {
  return instruction.addressSize === 2 ? (offset + delta) & 0xffff : (offset + delta) >>> 0;
}

/** The fault of an access outside its segment. */
function limitFault(monitor: Monitor, segment: number): typeof FAULT {
  return segment === SS
    ? monitor.raise(STACK_FAULT, 0, 'stack segment limit or rights')
    : monitor.raise(GP, 0, 'segment limit or rights');
}

export function checkRead(monitor: Monitor, segment: number, offset: number, size: number): Outcome {
  const at = CTX_SEGMENTS + segment * SEGMENT_STRIDE;
  const { context } = monitor;
  if (offset < context.word(at + SEG_READ_LOW) || offset + size - 1 > context.word(at + SEG_READ_HIGH))
    return limitFault(monitor, segment);
  return DONE;
}

export function checkWrite(monitor: Monitor, segment: number, offset: number, size: number): Outcome {
  const at = CTX_SEGMENTS + segment * SEGMENT_STRIDE;
  const { context } = monitor;
  if (offset < context.word(at + SEG_WRITE_LOW) || offset + size - 1 > context.word(at + SEG_WRITE_HIGH))
    return limitFault(monitor, segment);
  return DONE;
}

export function linearOf(monitor: Monitor, segment: number, offset: number): number {
  return (monitor.context.word(CTX_SEGMENTS + segment * SEGMENT_STRIDE + SEG_BASE) + offset) >>> 0;
}

/** Reads memory as the guest would at its current privilege; undefined = fault. */
export function readData(monitor: Monitor, segment: number, offset: number, size: OperandSize): number | undefined {
  if (checkRead(monitor, segment, offset, size) !== DONE) return undefined;
  const linear = linearOf(monitor, segment, offset);
  if (monitor.unaligned(linear, size)) {
    monitor.alignmentFault(linear);
    return undefined;
  }
  const value = monitor.space.read(monitor.context, linear, size, monitor.user);
  if (value === undefined) monitor.memoryFault();
  return value;
}

export function writeData(
  monitor: Monitor,
  segment: number,
  offset: number,
  size: OperandSize,
  value: number,
): Outcome {
  if (checkWrite(monitor, segment, offset, size) !== DONE) return FAULT;
  const linear = linearOf(monitor, segment, offset);
  if (monitor.unaligned(linear, size)) return monitor.alignmentFault(linear);
  return monitor.space.write(monitor.context, linear, size, value, monitor.user) ? DONE : monitor.memoryFault();
}

export function probeData(monitor: Monitor, segment: number, offset: number, size: OperandSize): Outcome {
  if (checkWrite(monitor, segment, offset, size) !== DONE) return FAULT;
  const linear = linearOf(monitor, segment, offset);
  if (monitor.unaligned(linear, size)) return monitor.alignmentFault(linear);
  return monitor.space.probeWrite(monitor.context, linear, size, monitor.user) ? DONE : monitor.memoryFault();
}

/** The 16-bit r/m operand. */
export function readWordOperand(monitor: Monitor, instruction: Instruction): number | undefined {
  if (!instruction.memory) return monitor.context.register16(instruction.rm);
  return readData(monitor, instruction.segment, effectiveAddress(monitor, instruction), 2);
}

/** Writes the selector-like r/m operand: memory always takes 16 bits, a 32-bit register is zero-extended. */
export function writeWordOperand(monitor: Monitor, instruction: Instruction, value: number): Outcome {
  if (instruction.memory)
    return writeData(monitor, instruction.segment, effectiveAddress(monitor, instruction), 2, value & 0xffff);
  setOperandRegister(
    monitor,
    instruction.rm,
    instruction.operandSize,
    instruction.operandSize === 2 ? value : value & 0xffff,
  );
  return DONE;
}

/** Writes a register of 2 or 4 bytes. */
export function setOperandRegister(monitor: Monitor, register: number, size: 2 | 4, value: number): void {
  if (size === 4) monitor.context.setRegister(register, value);
  else monitor.context.setRegister16(register, value);
}

// --- the stack --------------------------------------------------------------------------------------

/** What ESP arithmetic keeps: all 32 bits when SS.B, else 16. */
export function stackMask(monitor: Monitor): number {
  return monitor.context.segmentAccess(SS) & DESC_BIG ? 0xffffffff : 0xffff;
}

/** ESP with its low bits (by `mask`) replaced by `value`. */
export function setStackPointer(monitor: Monitor, value: number, mask: number): void {
  const { context } = monitor;
  if (mask === 0xffff) context.setRegister16(ESP, value);
  else context.setRegister(ESP, value);
}

/** The item `index` bytes above the top of the stack, without popping. */
export function peekStack(monitor: Monitor, index: number, size: OperandSize): number | undefined {
  const offset = ((monitor.context.register(ESP) + index) & stackMask(monitor)) >>> 0;
  return readData(monitor, SS, offset, size);
}

/** Pushes one value; ESP moves only when the write succeeded. */
export function push(monitor: Monitor, value: number, size: OperandSize, written: OperandSize = size): Outcome {
  const mask = stackMask(monitor);
  const offset = ((monitor.context.register(ESP) - size) & mask) >>> 0;
  if (writeData(monitor, SS, offset, written, value) !== DONE) return FAULT;
  setStackPointer(monitor, offset, mask);
  return DONE;
}

/** Drops `bytes` from the stack. */
export function release(monitor: Monitor, bytes: number): void {
  setStackPointer(monitor, monitor.context.register(ESP) + bytes, stackMask(monitor));
}
