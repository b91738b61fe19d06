/**
 * LAR, LSL, VERR, VERW and ARPL (SDM vol. 2): questions about descriptors that answer in ZF instead of
 * faulting. They do not exist in real mode.
 */
import {
  descriptorDpl,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_LDT,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS16_BUSY,
  TYPE_TSS32,
  TYPE_TSS32_BUSY,
} from '../isa/descriptors.ts';
import { ZF } from '../isa/eflags.ts';
import { UD } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { isNull, locateDescriptor, readDescriptor } from './descriptor-tables.ts';
import { setFlags } from './flags.ts';
import type { Monitor } from './monitor.ts';
import { effectiveAddress, probeData, readWordOperand, setOperandRegister, writeData } from './operands.ts';
import { DONE, FAULT, type Outcome } from './outcome.ts';

const HAS_LIMIT =
  (1 << TYPE_LDT) | (1 << TYPE_TSS16) | (1 << TYPE_TSS16_BUSY) | (1 << TYPE_TSS32) | (1 << TYPE_TSS32_BUSY);
const HAS_RIGHTS = HAS_LIMIT | (1 << TYPE_CALL_GATE16) | (1 << TYPE_CALL_GATE32) | (1 << TYPE_TASK_GATE);

/** Ends a query: ZF says whether the selector passed. */
function answer(monitor: Monitor, passed: boolean): typeof DONE {
  setFlags(monitor, passed ? ZF : 0, ZF);
  return DONE;
}

/** Whether a selector may be seen at CPL and RPL; conforming code always may. */
function isVisible(monitor: Monitor, selector: number): boolean {
  const { codeSlot, cpu } = monitor;
  if (codeSlot.isConforming) return true;
  const dpl = descriptorDpl(codeSlot.high);
  return dpl >= cpu.cpl && dpl >= (selector & 3);
}

/** Fetches into `codeSlot`. Found false means "ZF = 0"; a page fault on the table is still a fault. */
const lookup = { found: false };
function look(monitor: Monitor, selector: number): Outcome {
  lookup.found = !isNull(selector) && locateDescriptor(monitor, selector, monitor.codeSlot);
  return lookup.found ? readDescriptor(monitor, monitor.codeSlot) : DONE;
}

function query(monitor: Monitor, instruction: Instruction, systemTypes: number): Outcome {
  if (!monitor.cpu.protectedMode) return monitor.raise(UD, 0, `${instruction.mnemonic} in real mode`);
  const selector = readWordOperand(monitor, instruction);
  if (selector === undefined) return FAULT;
  const outcome = look(monitor, selector);
  if (outcome !== DONE) return outcome;
  const { codeSlot } = monitor;
  const kind = lookup.found && (!codeSlot.isSystem || (systemTypes & (1 << codeSlot.type)) !== 0);
  lookup.found = kind && isVisible(monitor, selector);
  return DONE;
}

export function loadAccessRights(monitor: Monitor, instruction: Instruction): Outcome {
  const outcome = query(monitor, instruction, HAS_RIGHTS);
  if (outcome !== DONE) return outcome;
  if (lookup.found)
    setOperandRegister(monitor, instruction.reg, instruction.operandSize, monitor.codeSlot.high & 0xf0ff00);
  return answer(monitor, lookup.found);
}

export function loadSegmentLimit(monitor: Monitor, instruction: Instruction): Outcome {
  const outcome = query(monitor, instruction, HAS_LIMIT);
  if (outcome !== DONE) return outcome;
  if (lookup.found) setOperandRegister(monitor, instruction.reg, instruction.operandSize, monitor.codeSlot.limit);
  return answer(monitor, lookup.found);
}

export function verifyRead(monitor: Monitor, instruction: Instruction): Outcome {
  const outcome = query(monitor, instruction, 0);
  if (outcome !== DONE) return outcome;
  return answer(monitor, lookup.found && monitor.codeSlot.isReadable);
}

export function verifyWrite(monitor: Monitor, instruction: Instruction): Outcome {
  const outcome = query(monitor, instruction, 0);
  if (outcome !== DONE) return outcome;
  return answer(monitor, lookup.found && monitor.codeSlot.isWritableData);
}

/** ARPL: raises the RPL of a selector to that of another. */
export function adjustRequestedPrivilege(monitor: Monitor, instruction: Instruction): Outcome {
  if (!monitor.cpu.protectedMode) return monitor.raise(UD, 0, 'ARPL in real mode');
  const { context } = monitor;
  const at = instruction.memory ? effectiveAddress(monitor, instruction) : 0;
  if (instruction.memory && probeData(monitor, instruction.segment, at, 2) !== DONE) return FAULT;
  const destination = readWordOperand(monitor, instruction);
  if (destination === undefined) return FAULT;
  const wanted = context.register16(instruction.reg) & 3;
  if ((destination & 3) >= wanted) return answer(monitor, false);
  const adjusted = (destination & ~3) | wanted;
  if (!instruction.memory) context.setRegister16(instruction.rm, adjusted);
  else if (writeData(monitor, instruction.segment, at, 2, adjusted) !== DONE) return FAULT;
  return answer(monitor, true);
}
