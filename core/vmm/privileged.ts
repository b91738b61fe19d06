/**
 * Privileged instructions apart from control and debug registers (SDM vol. 3, 2.8 and 5.9): descriptor
 * table and task registers, HLT, caches, model specific registers.
 */
import { SELECTOR_INDEX_MASK, SELECTOR_LDT, TYPE_LDT, TYPE_TSS16, TYPE_TSS32 } from '../isa/descriptors.ts';
import { GP, NP, UD } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { EAX, ECX, EDX } from '../isa/registers.ts';
import { fetchDescriptor, isNull, setBusy } from './descriptor-tables.ts';
import type { Monitor } from './monitor.ts';
import { effectiveAddress, linearOf, offsetBehind, readData, readWordOperand } from './operands.ts';
import { DONE, FAULT, type Outcome } from './outcome.ts';
import { readTsc, writeTsc } from './time-stamp.ts';
import { setCache, setTable } from './virtual-cpu.ts';

/** #GP(0) above ring 0. */
export function requireRing0(monitor: Monitor, name: string): Outcome {
  if (monitor.cpu.cpl !== 0) return monitor.raise(GP, 0, `${name} in ring ${monitor.cpu.cpl}`);
  return DONE;
}

export function loadTable(monitor: Monitor, instruction: Instruction): Outcome {
  if (!instruction.memory) return monitor.raise(UD, 0, `${instruction.mnemonic} with a register operand`);
  if (requireRing0(monitor, instruction.mnemonic) !== DONE) return FAULT;
  const at = effectiveAddress(monitor, instruction);
  const limit = readData(monitor, instruction.segment, at, 2);
  if (limit === undefined) return FAULT;
  const base = readData(monitor, instruction.segment, offsetBehind(instruction, at, 2), 4);
  if (base === undefined) return FAULT;
  const table = instruction.mnemonic === 'lgdt' ? monitor.cpu.gdtr : monitor.cpu.idtr;
  // With a 16-bit operand only 24 bits of the base are loaded, as on the 80286.
  setTable(table, instruction.operandSize === 2 ? base & 0xffffff : base, limit);
  return DONE;
}

export function loadLocalTable(monitor: Monitor, instruction: Instruction): Outcome {
  const { cpu, codeSlot } = monitor;
  if (!cpu.protectedMode) return monitor.raise(UD, 0, 'LLDT in real mode');
  if (requireRing0(monitor, 'LLDT') !== DONE) return FAULT;
  const selector = readWordOperand(monitor, instruction);
  if (selector === undefined) return FAULT;
  if (isNull(selector)) {
    setCache(cpu.ldtr, selector, 0, 0, 0);
    return DONE;
  }
  const code = selector & SELECTOR_INDEX_MASK;
  if (selector & SELECTOR_LDT) return monitor.raise(GP, code, 'LDT selector that points into an LDT');
  const fetched = fetchDescriptor(monitor, selector, codeSlot, GP);
  if (fetched !== DONE) return fetched;
  if (!codeSlot.isSystem || codeSlot.type !== TYPE_LDT)
    return monitor.raise(GP, code, 'LLDT of a descriptor that is not an LDT');
  if (!codeSlot.present) return monitor.raise(NP, code, 'LDT not present');
  Object.assign(cpu.ldtr, codeSlot.toCache(selector));
  return DONE;
}

export function loadTaskRegister(monitor: Monitor, instruction: Instruction): Outcome {
  const { cpu, codeSlot } = monitor;
  if (!cpu.protectedMode) return monitor.raise(UD, 0, 'LTR in real mode');
  if (requireRing0(monitor, 'LTR') !== DONE) return FAULT;
  const selector = readWordOperand(monitor, instruction);
  if (selector === undefined) return FAULT;
  if (isNull(selector)) return monitor.raise(GP, 0, 'LTR of a null selector');
  const code = selector & SELECTOR_INDEX_MASK;
  if (selector & SELECTOR_LDT) return monitor.raise(GP, code, 'TSS selector that points into an LDT');
  const fetched = fetchDescriptor(monitor, selector, codeSlot, GP);
  if (fetched !== DONE) return fetched;
  const available = codeSlot.isSystem && (codeSlot.type === TYPE_TSS16 || codeSlot.type === TYPE_TSS32);
  if (!available) return monitor.raise(GP, code, 'LTR of a descriptor that is not an available TSS');
  if (!codeSlot.present) return monitor.raise(NP, code, 'TSS not present');
  const marked = setBusy(monitor, codeSlot, true);
  if (marked !== DONE) return marked;
  Object.assign(cpu.tr, codeSlot.toCache(selector));
  return DONE;
}

export function halt(monitor: Monitor): Outcome {
  if (requireRing0(monitor, 'HLT') !== DONE) return FAULT;
  monitor.cpu.halted = true;
  return DONE;
}

export function invalidatePage(monitor: Monitor, instruction: Instruction): Outcome {
  if (!instruction.memory) return monitor.raise(UD, 0, 'INVLPG with a register operand');
  if (requireRing0(monitor, 'INVLPG') !== DONE) return FAULT;
  // The operand is an address, not an access: no limit check (SDM vol. 2, INVLPG).
  monitor.space.invalidatePage(linearOf(monitor, instruction.segment, effectiveAddress(monitor, instruction)));
  return DONE;
}

/** INVD and WBINVD: there is no cache to speak of. */
export function invalidateCaches(monitor: Monitor, instruction: Instruction): Outcome {
  return requireRing0(monitor, instruction.mnemonic);
}

const MSR_TSC = 0x10;
const MSR_PLATFORM_ID = 0x17;
const MSR_MICROCODE = 0x8b;

export function readMsr(monitor: Monitor): Outcome {
  if (requireRing0(monitor, 'RDMSR') !== DONE) return FAULT;
  const { context } = monitor;
  const index = context.register(ECX);
  switch (index) {
    case MSR_TSC:
      readTsc(monitor);
      return DONE;
    case MSR_PLATFORM_ID:
    case MSR_MICROCODE:
      context.setRegister(EAX, 0);
      context.setRegister(EDX, 0);
      return DONE;
    default:
      return monitor.raise(GP, 0, `RDMSR of register ${index.toString(16)}h, which this model has not`);
  }
}

export function writeMsr(monitor: Monitor): Outcome {
  if (requireRing0(monitor, 'WRMSR') !== DONE) return FAULT;
  const { context } = monitor;
  const index = context.register(ECX);
  switch (index) {
    case MSR_TSC:
      writeTsc(monitor, context.register(EAX), context.register(EDX));
      return DONE;
    case MSR_MICROCODE:
      return DONE;
    default:
      return monitor.raise(GP, 0, `WRMSR to register ${index.toString(16)}h, which this model has not`);
  }
}
