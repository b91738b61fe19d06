/**
 * Sensitive instructions that the architecture lets every ring execute (Robin and Irvine):
 * stores of table registers, segment register moves, software interrupts. LAR, LSL, VERR, VERW and ARPL
 * are in descriptor-queries.ts, flags in flags.ts.
 */

import { OF, VM } from '../isa/eflags.ts';
import { BP, DB, OVERFLOW, UD } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CS, DS, ES, FS, GS, SS } from '../isa/registers.ts';
import { SOURCE_ICEBP, SOURCE_SOFTWARE, type Source } from './event-source.ts';
import { deliver } from './interrupts.ts';
import type { Monitor } from './monitor.ts';
import {
  effectiveAddress,
  offsetBehind,
  peekStack,
  probeData,
  push,
  readData,
  readWordOperand,
  release,
  setOperandRegister,
  writeData,
  writeWordOperand,
} from './operands.ts';
import { DONE, FAULT, JUMPED, type Outcome, POINT } from './outcome.ts';
import { loadSegment } from './segmentation.ts';
import { SHADOW_SS } from './virtual-cpu.ts';

/**
 * SGDT and SIDT: six bytes. With a 16-bit operand the manual stores three bytes of the base and a zero, but
 * 32-bit processors store all four.
 */
export function storeTable(monitor: Monitor, instruction: Instruction): Outcome {
  if (!instruction.memory) return monitor.raise(UD, 0, `${instruction.mnemonic} with a register operand`);
  const table = instruction.mnemonic === 'sgdt' ? monitor.cpu.gdtr : monitor.cpu.idtr;
  const at = effectiveAddress(monitor, instruction);
  const behind = offsetBehind(instruction, at, 2);
  const { segment } = instruction;
  if (probeData(monitor, segment, at, 2) !== DONE || probeData(monitor, segment, behind, 4) !== DONE) return FAULT;
  if (writeData(monitor, segment, at, 2, table.limit) !== DONE) return FAULT;
  return writeData(monitor, segment, behind, 4, table.base);
}

export function storeLocalTable(monitor: Monitor, instruction: Instruction): Outcome {
  if (!monitor.cpu.protectedMode) return monitor.raise(UD, 0, 'SLDT in real mode');
  return writeWordOperand(monitor, instruction, monitor.cpu.ldtr.selector);
}

export function storeTaskRegister(monitor: Monitor, instruction: Instruction): Outcome {
  if (!monitor.cpu.protectedMode) return monitor.raise(UD, 0, 'STR in real mode');
  return writeWordOperand(monitor, instruction, monitor.cpu.tr.selector);
}

export function moveFromSegment(monitor: Monitor, instruction: Instruction): Outcome {
  if (instruction.reg > GS) return monitor.raise(UD, 0, 'MOV from a segment register that does not exist');
  return writeWordOperand(monitor, instruction, monitor.context.selector(instruction.reg));
}

export function moveToSegment(monitor: Monitor, instruction: Instruction): Outcome {
  const { reg } = instruction;
  if (reg > GS || reg === CS) return monitor.raise(UD, 0, 'MOV to CS or to a segment register that does not exist');
  const selector = readWordOperand(monitor, instruction);
  if (selector === undefined) return FAULT;
  const outcome = loadSegment(monitor, reg, selector);
  if (outcome === DONE && reg === SS) monitor.cpu.interruptShadow = SHADOW_SS;
  return outcome;
}

/** Segment register of the one-byte and two-byte PUSH and POP forms. */
function segmentOf(instruction: Instruction): number {
  switch (instruction.opcode) {
    case 0x06:
    case 0x07:
      return ES;
    case 0x0e:
      return CS;
    case 0x16:
    case 0x17:
      return SS;
    case 0x1e:
    case 0x1f:
      return DS;
    default:
      return (instruction.opcode & 0xff) < 0xa8 ? FS : GS;
  }
}

/** With a 32-bit operand the selector is zero-extended. */
export function pushSegment(monitor: Monitor, instruction: Instruction): Outcome {
  return push(monitor, monitor.context.selector(segmentOf(instruction)), instruction.operandSize);
}

export function popSegment(monitor: Monitor, instruction: Instruction): Outcome {
  const segment = segmentOf(instruction);
  const size = instruction.operandSize;
  const value = peekStack(monitor, 0, size);
  if (value === undefined) return FAULT;
  if (segment !== SS) {
    const outcome = loadSegment(monitor, segment, value & 0xffff);
    if (outcome === DONE) release(monitor, size);
    return outcome;
  }
  // ESP moves by the size of the old stack; a load of SS cannot fault after that.
  const before = monitor.context.register(4);
  release(monitor, size);
  const outcome = loadSegment(monitor, segment, value & 0xffff);
  if (outcome === DONE) monitor.cpu.interruptShadow = SHADOW_SS;
  else monitor.context.setRegister(4, before);
  return outcome;
}

const POINTER_SEGMENTS: Readonly<Record<string, number>> = { les: ES, lds: DS, lss: SS, lfs: FS, lgs: GS };

/** LES, LDS, LSS, LFS, LGS: a far pointer from memory. */
export function loadPointer(monitor: Monitor, instruction: Instruction): Outcome {
  if (!instruction.memory) return monitor.raise(UD, 0, `${instruction.mnemonic} with a register operand`);
  const size = instruction.operandSize;
  const at = effectiveAddress(monitor, instruction);
  const offset = readData(monitor, instruction.segment, at, size);
  if (offset === undefined) return FAULT;
  const selector = readData(monitor, instruction.segment, offsetBehind(instruction, at, size), 2);
  if (selector === undefined) return FAULT;
  const outcome = loadSegment(monitor, POINTER_SEGMENTS[instruction.mnemonic], selector);
  if (outcome === DONE) setOperandRegister(monitor, instruction.reg, size, offset);
  return outcome;
}

function softwareInterrupt(monitor: Monitor, instruction: Instruction, vector: number, source: Source): Outcome {
  if (monitor.stopsAt(vector, source)) return POINT;
  const outcome = deliver(monitor, vector, source, -1, (monitor.context.eip + instruction.length) >>> 0, false);
  return outcome === DONE ? JUMPED : outcome;
}

export function interrupt(monitor: Monitor, instruction: Instruction): Outcome {
  return softwareInterrupt(monitor, instruction, instruction.immediate & 0xff, SOURCE_SOFTWARE);
}

export function interrupt3(monitor: Monitor, instruction: Instruction): Outcome {
  return softwareInterrupt(monitor, instruction, BP, SOURCE_SOFTWARE);
}

export function interrupt1(monitor: Monitor, instruction: Instruction): Outcome {
  return softwareInterrupt(monitor, instruction, DB, SOURCE_ICEBP);
}

export function interruptOnOverflow(monitor: Monitor, instruction: Instruction): Outcome {
  return monitor.context.eflags & OF ? softwareInterrupt(monitor, instruction, OVERFLOW, SOURCE_SOFTWARE) : DONE;
}

/** UD2, unknown opcodes, and RSM, which is undefined outside system management mode. */
export function undefinedInstruction(monitor: Monitor, instruction: Instruction): Outcome {
  // Bytes that are no instruction at all have that for a name.
  const { mnemonic } = instruction;
  return monitor.raise(UD, 0, mnemonic === 'undefined' ? 'undefined instruction' : `undefined instruction ${mnemonic}`);
}

/**
 * UD2 in the ROM of the built-in firmware calls the monitor. Only from real mode and virtual-8086 mode: nothing
 * else can run that ROM.
 */
export function undefinedOrFirmwareCall(monitor: Monitor, instruction: Instruction): Outcome {
  const { cpu, context } = monitor;
  if (!cpu.protectedMode || context.eflags & VM) {
    if (monitor.firmwareCall((context.segmentBase(CS) + context.eip) >>> 0)) return DONE;
  }
  return undefinedInstruction(monitor, instruction);
}
