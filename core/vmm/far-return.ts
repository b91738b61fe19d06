/**
 * Far RET and IRET (SDM vol. 2; vol. 3, 5.8.6), to the same or an outer ring. IRET to virtual-8086 mode
 * and from a nested task are refused until those exist.
 */
import { SELECTOR_INDEX_MASK } from '../isa/descriptors.ts';
import { AC, ARITHMETIC, DF, ID, IF, IOPL, NT, RF, TF, VIF, VIP, VM } from '../isa/eflags.ts';
import { GP, NP } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CS, SS } from '../isa/registers.ts';
import { CTX_SEGMENTS, SEG_LIMIT, SEGMENT_STRIDE } from '../memory/layout.ts';
import { fetchDescriptor, isNull, markAccessed } from './descriptor-tables.ts';
import { setFlags } from './flags.ts';
import type { Monitor } from './monitor.ts';
import { peekStack, release, setStackPointer, stackMask } from './operands.ts';
import { DONE, FAULT, JUMPED, type Outcome } from './outcome.ts';
import {
  checkStackSegment,
  commitCode,
  commitSegment,
  dropPrivilegedSegments,
  loadRealSegment,
} from './segmentation.ts';

/** Return address on the stack. */
const popped = { offset: 0, selector: 0 };
/** `flagsAt` of a far RET: it pops no flags. */
const NO_FLAGS = -1;
const LOW_FLAGS = ARITHMETIC | TF | DF | NT;

export function returnFar(monitor: Monitor, instruction: Instruction): Outcome {
  const size = instruction.operandSize;
  // Only the form with an immediate (CAh) frees parameters.
  const extra = instruction.opcode === 0xca ? instruction.immediate & 0xffff : 0;
  if (readReturn(monitor, size) !== DONE) return FAULT;
  if (monitor.cpu.protectedMode) return returnProtected(monitor, size, extra, NO_FLAGS);
  if (checkRealTarget(monitor) !== DONE) return FAULT;
  release(monitor, 2 * size + extra);
  loadRealSegment(monitor, CS, popped.selector);
  monitor.context.eip = popped.offset;
  return JUMPED;
}

export function interruptReturn(monitor: Monitor, instruction: Instruction): Outcome {
  const size = instruction.operandSize;
  const { context, cpu } = monitor;
  if (cpu.protectedMode && context.eflags & NT) return monitor.refuse('hardware task switch by IRET with NT set');
  if (readReturn(monitor, size) !== DONE) return FAULT;
  const flags = peekStack(monitor, 2 * size, size);
  if (flags === undefined) return FAULT;
  if (cpu.protectedMode) {
    if (size === 4 && flags & VM && cpu.cpl === 0) return monitor.refuse('IRET to virtual-8086 mode');
    return returnProtected(monitor, size, 0, flags);
  }
  if (checkRealTarget(monitor) !== DONE) return FAULT;
  release(monitor, 3 * size);
  loadRealSegment(monitor, CS, popped.selector);
  context.eip = popped.offset;
  setFlags(monitor, flags, LOW_FLAGS | IF | IOPL | (size === 4 ? RF | AC | ID : 0));
  return JUMPED;
}

function readReturn(monitor: Monitor, size: 2 | 4): Outcome {
  const offset = peekStack(monitor, 0, size);
  if (offset === undefined) return FAULT;
  const selector = peekStack(monitor, size, size);
  if (selector === undefined) return FAULT;
  popped.offset = offset;
  popped.selector = selector & 0xffff;
  return DONE;
}

function checkRealTarget(monitor: Monitor): Outcome {
  if (popped.offset > monitor.context.word(CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_LIMIT)) {
    return monitor.raise(GP, 0, 'far return beyond the CS limit');
  }
  return DONE;
}

/**
 * A return in protected mode with the target in `popped`.
 * @param extra bytes of parameters that RET n frees on both stacks
 * @param flags EFLAGS image of an IRET, or NO_FLAGS
 */
function returnProtected(monitor: Monitor, size: 2 | 4, extra: number, flags: number): Outcome {
  const { cpu, context, codeSlot, stackSlot } = monitor;
  const { selector, offset } = popped;
  const code = selector & SELECTOR_INDEX_MASK;
  if (isNull(selector)) return monitor.raise(GP, 0, 'return to a null code selector');
  const fetched = fetchDescriptor(monitor, selector, codeSlot, GP);
  if (fetched !== DONE) return fetched;
  const rpl = selector & 3;
  if (!codeSlot.isCode) return monitor.raise(GP, code, 'return to a segment that is not code');
  if (rpl < cpu.cpl) return monitor.raise(GP, code, 'return to an inner ring');
  if (codeSlot.isConforming ? codeSlot.dpl > rpl : codeSlot.dpl !== rpl) {
    return monitor.raise(GP, code, 'DPL of the code segment does not fit the RPL of the return selector');
  }
  if (!codeSlot.present) return monitor.raise(NP, code, 'code segment of the return not present');

  const outer = rpl > cpu.cpl;
  const bytes = (flags === NO_FLAGS ? 2 : 3) * size + extra;
  let stackPointer = 0;
  let stackSelector = 0;
  if (outer) {
    const pointer = peekStack(monitor, bytes, size);
    if (pointer === undefined) return FAULT;
    const saved = peekStack(monitor, bytes + size, size);
    if (saved === undefined) return FAULT;
    stackPointer = pointer;
    stackSelector = saved & 0xffff;
    if (isNull(stackSelector)) return monitor.raise(GP, 0, 'return to a null stack selector');
    const checked = checkStackSegment(monitor, stackSelector, rpl, stackSlot, GP, 0);
    if (checked !== DONE) return checked;
  }
  if (offset > codeSlot.limit) return monitor.raise(GP, 0, 'return beyond the limit of its code segment');
  if (markAccessed(monitor, codeSlot) !== DONE || (outer && markAccessed(monitor, stackSlot) !== DONE)) return FAULT;

  const changeable = flags === NO_FLAGS ? 0 : changeableFlags(cpu.cpl, context.eflags, size);
  if (outer) {
    monitor.setCpl(rpl);
    commitSegment(monitor, SS, stackSelector, stackSlot);
    setStackPointer(monitor, stackPointer + extra, stackMask(monitor));
    dropPrivilegedSegments(monitor, rpl);
  } else {
    release(monitor, bytes);
  }
  commitCode(monitor, selector, rpl, codeSlot);
  context.eip = offset;
  if (flags !== NO_FLAGS) setFlags(monitor, flags, changeable);
  return JUMPED;
}

/** What IRET may change, by the privilege it runs at. */
function changeableFlags(cpl: number, current: number, size: 2 | 4): number {
  let mask = LOW_FLAGS;
  if (size === 4) mask |= RF | AC | ID;
  if (cpl <= (current & IOPL) >>> 12) mask |= IF;
  if (cpl === 0) mask |= IOPL | (size === 4 ? VIF | VIP : 0);
  return mask;
}
