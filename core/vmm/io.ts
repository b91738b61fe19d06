/**
 * Port I/O (SDM vol. 1, chapter 18): IN, OUT, INS, OUTS with IOPL and the I/O permission bitmap of the
 * TSS. A repeated instruction is one iteration a step.
 */

import type { Width } from '../bus/device.ts';
import { descriptorType, TYPE_TSS32_BUSY } from '../isa/descriptors.ts';
import { DF, IOPL } from '../isa/eflags.ts';
import { GP } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { EAX, ECX, EDI, EDX, ES, ESI } from '../isa/registers.ts';
import { CTX_FLAG_REST } from '../memory/layout.ts';
import type { Monitor } from './monitor.ts';
import { probeData, readData, writeData } from './operands.ts';
import { AGAIN, DONE, FAULT, type Outcome } from './outcome.ts';

/** Offset in the TSS of the bitmap's own offset. */
const TSS_IO_BASE = 0x66;

/** #GP(0) unless CPL ≤ IOPL or the TSS permits every port of the access. */
function checkPorts(monitor: Monitor, port: number, width: Width): Outcome {
  const { cpu, context } = monitor;
  if (!cpu.protectedMode || cpu.cpl <= (context.word(CTX_FLAG_REST) & IOPL) >>> 12) return DONE;
  return checkBitmap(monitor, port, width);
}

function checkBitmap(monitor: Monitor, port: number, width: Width): Outcome {
  const { cpu, context, space } = monitor;
  const denied = 'port access with CPL above IOPL and not permitted by the TSS';
  // Two bytes of the bitmap are read, so that an access may straddle a byte (SDM vol. 1, 18.5.2).
  if (descriptorType(cpu.tr.access) !== TYPE_TSS32_BUSY || cpu.tr.limit < TSS_IO_BASE + 1)
    return monitor.raise(GP, 0, denied);
  const base = space.read(context, (cpu.tr.base + TSS_IO_BASE) >>> 0, 2, false);
  if (base === undefined) return monitor.memoryFault();
  const at = base + (port >>> 3);
  if (at + 1 > cpu.tr.limit) return monitor.raise(GP, 0, denied);
  const bits = space.read(context, (cpu.tr.base + at) >>> 0, 2, false);
  if (bits === undefined) return monitor.memoryFault();
  const mask = ((1 << width) - 1) << (port & 7);
  return bits & mask ? monitor.raise(GP, 0, denied) : DONE;
}

function readPort({ breakpoints, ports }: Monitor, port: number, width: Width): number {
  if (breakpoints.armed) breakpoints.touchPorts(port, width);
  return ports.read(port, width);
}

function writePort({ breakpoints, ports }: Monitor, port: number, width: Width, value: number): void {
  if (breakpoints.armed) breakpoints.touchPorts(port, width);
  ports.write(port, width, value);
}

/** E4–E7 name the port, EC–EF take it from DX; even opcodes are bytes. */
function portOf(monitor: Monitor, instruction: Instruction): number {
  return instruction.opcode & 8 ? monitor.context.register16(EDX) : instruction.immediate & 0xff;
}

function widthOf(instruction: Instruction): Width {
  return instruction.opcode & 1 ? instruction.operandSize : 1;
}

export function input(monitor: Monitor, instruction: Instruction): Outcome {
  const width = widthOf(instruction);
  const port = portOf(monitor, instruction);
  if (checkPorts(monitor, port, width) !== DONE) return FAULT;
  const value = readPort(monitor, port, width);
  const { context } = monitor;
  if (width === 1) context.setRegister8(EAX, value);
  else if (width === 2) context.setRegister16(EAX, value);
  else context.setRegister(EAX, value);
  return DONE;
}

export function output(monitor: Monitor, instruction: Instruction): Outcome {
  const width = widthOf(instruction);
  const port = portOf(monitor, instruction);
  if (checkPorts(monitor, port, width) !== DONE) return FAULT;
  const value = monitor.context.register(EAX);
  writePort(monitor, port, width, width === 4 ? value : width === 2 ? value & 0xffff : value & 0xff);
  return DONE;
}

function counter(monitor: Monitor, instruction: Instruction, register: number): number {
  return instruction.addressSize === 2 ? monitor.context.register16(register) : monitor.context.register(register);
}

function setCounter(monitor: Monitor, instruction: Instruction, register: number, value: number): void {
  if (instruction.addressSize === 2) monitor.context.setRegister16(register, value);
  else monitor.context.setRegister(register, value);
}

/** Moves the index register by DF and counts a repetition down; AGAIN while more remain. */
function advance(monitor: Monitor, instruction: Instruction, register: number, width: number): Outcome {
  const delta = monitor.context.word(CTX_FLAG_REST) & DF ? -width : width;
  setCounter(monitor, instruction, register, counter(monitor, instruction, register) + delta);
  if (instruction.repeat === 0) return DONE;
  const left = counter(monitor, instruction, ECX) - 1;
  setCounter(monitor, instruction, ECX, left);
  return left === 0 ? DONE : AGAIN;
}

/** INS: the destination is checked before the port is read, because a read may have effects. */
export function inputString(monitor: Monitor, instruction: Instruction): Outcome {
  if (instruction.repeat !== 0 && counter(monitor, instruction, ECX) === 0) return DONE;
  const width = widthOf(instruction);
  const port = monitor.context.register16(EDX);
  if (checkPorts(monitor, port, width) !== DONE) return FAULT;
  const at = counter(monitor, instruction, EDI);
  if (probeData(monitor, ES, at, width) !== DONE) return FAULT;
  if (writeData(monitor, ES, at, width, readPort(monitor, port, width)) !== DONE) return FAULT;
  return advance(monitor, instruction, EDI, width);
}

export function outputString(monitor: Monitor, instruction: Instruction): Outcome {
  if (instruction.repeat !== 0 && counter(monitor, instruction, ECX) === 0) return DONE;
  const width = widthOf(instruction);
  const port = monitor.context.register16(EDX);
  if (checkPorts(monitor, port, width) !== DONE) return FAULT;
  const value = readData(monitor, instruction.segment, counter(monitor, instruction, ESI), width);
  if (value === undefined) return FAULT;
  writePort(monitor, port, width, value);
  return advance(monitor, instruction, ESI, width);
}
