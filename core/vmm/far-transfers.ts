/**
 * Far JMP and CALL (SDM vol. 2, JMP and CALL; vol. 3, 5.8): real mode, code segments, call gates with and
 * without a change of ring. Transfers through a TSS or a task gate are refused until tasks exist.
 */
import {
  SELECTOR_INDEX_MASK,
  SELECTOR_LDT,
  TYPE_CALL_GATE16,
  TYPE_CALL_GATE32,
  TYPE_TASK_GATE,
  TYPE_TSS16,
  TYPE_TSS32,
} from '../isa/descriptors.ts';
import { GP, NP } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CS, ESP, SS } from '../isa/registers.ts';
import { CTX_SEGMENTS, SEG_LIMIT, SEGMENT_STRIDE } from '../memory/layout.ts';
import { fetchDescriptor, isNull, markAccessed } from './descriptor-tables.ts';
import { innerStack, readInnerStack } from './inner-stack.ts';
import type { Monitor } from './monitor.ts';
import { effectiveAddress, offsetBehind, peekStack, readData } from './operands.ts';
import { DONE, FAULT, JUMPED, type Outcome } from './outcome.ts';
import { commitCode, commitSegment, loadRealSegment } from './segmentation.ts';
import { StackFrame } from './stack-frame.ts';

const frame = new StackFrame();
/** Words a gate copies from the outer stack. */
const parameters = new Uint32Array(31);
const target = { selector: 0, offset: 0 };

export function jumpFar(monitor: Monitor, instruction: Instruction): Outcome {
  return transfer(monitor, instruction, false);
}

export function callFar(monitor: Monitor, instruction: Instruction): Outcome {
  return transfer(monitor, instruction, true);
}

function transfer(monitor: Monitor, instruction: Instruction, call: boolean): Outcome {
  if (readTarget(monitor, instruction) !== DONE) return FAULT;
  const { cpu, codeSlot } = monitor;
  if (!cpu.protectedMode) return transferReal(monitor, instruction, call);
  const { selector } = target;
  if (isNull(selector)) return monitor.raise(GP, 0, 'far transfer to a null selector');
  const fetched = fetchDescriptor(monitor, selector, codeSlot, GP);
  if (fetched !== DONE) return fetched;
  if (codeSlot.isSystem) return transferSystem(monitor, instruction, call);
  const code = selector & SELECTOR_INDEX_MASK;
  if (!codeSlot.isCode) return monitor.raise(GP, code, 'far transfer to a data segment');
  if (codeSlot.isConforming ? codeSlot.dpl > cpu.cpl : (selector & 3) > cpu.cpl || codeSlot.dpl !== cpu.cpl) {
    return monitor.raise(GP, code, 'far transfer to code of another ring');
  }
  if (!codeSlot.present) return monitor.raise(NP, code, 'code segment not present');
  return enterSameRing(monitor, instruction, call, selector, target.offset, instruction.operandSize);
}

/** Selector and offset from the instruction or, in the indirect form, from memory. */
function readTarget(monitor: Monitor, instruction: Instruction): Outcome {
  const size = instruction.operandSize;
  if (!instruction.memory) {
    target.selector = instruction.immediate2 & 0xffff;
    target.offset = size === 2 ? instruction.immediate & 0xffff : instruction.immediate >>> 0;
    return DONE;
  }
  const at = effectiveAddress(monitor, instruction);
  const offset = readData(monitor, instruction.segment, at, size);
  if (offset === undefined) return FAULT;
  const selector = readData(monitor, instruction.segment, offsetBehind(instruction, at, size), 2);
  if (selector === undefined) return FAULT;
  target.selector = selector;
  target.offset = offset;
  return DONE;
}

function transferReal(monitor: Monitor, instruction: Instruction, call: boolean): Outcome {
  const { context } = monitor;
  const reserved = call ? reserveReturn(monitor, instruction.operandSize) : DONE;
  if (reserved !== DONE) return reserved;
  if (target.offset > context.word(CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_LIMIT))
    return monitor.raise(GP, 0, 'far transfer beyond the CS limit');
  if (call) {
    pushReturn(monitor, instruction);
    if (frame.failed) return monitor.memoryFault();
    frame.commitPointer(monitor);
  }
  loadRealSegment(monitor, CS, target.selector);
  context.eip = target.offset;
  return JUMPED;
}

function reserveReturn(monitor: Monitor, itemSize: 2 | 4): Outcome {
  frame.useCurrent(monitor);
  return frame.reserve(monitor, 2, itemSize, 0);
}

function pushReturn(monitor: Monitor, instruction: Instruction): void {
  frame.push(monitor, monitor.context.selector(CS));
  frame.push(monitor, monitor.context.eip + instruction.length);
}

/** To the checked code segment in `codeSlot`, CPL unchanged. */
function enterSameRing(
  monitor: Monitor,
  instruction: Instruction,
  call: boolean,
  selector: number,
  offset: number,
  itemSize: 2 | 4,
): Outcome {
  const { codeSlot, cpu, context } = monitor;
  const reserved = call ? reserveReturn(monitor, itemSize) : DONE;
  if (reserved !== DONE) return reserved;
  if (offset > codeSlot.limit) return monitor.raise(GP, 0, 'far transfer beyond the limit of its code segment');
  const marked = markAccessed(monitor, codeSlot);
  if (marked !== DONE) return marked;
  if (call) {
    pushReturn(monitor, instruction);
    if (frame.failed) return monitor.memoryFault();
    frame.commitPointer(monitor);
  }
  commitCode(monitor, selector, cpu.cpl, codeSlot);
  context.eip = offset;
  return JUMPED;
}

/** A system descriptor as the target: call gate, task gate or TSS. */
function transferSystem(monitor: Monitor, instruction: Instruction, call: boolean): Outcome {
  const { codeSlot, gateSlot, cpu } = monitor;
  const { selector } = target;
  const code = selector & SELECTOR_INDEX_MASK;
  const { type } = codeSlot;
  const isGate = type === TYPE_CALL_GATE16 || type === TYPE_CALL_GATE32;
  // A TSS counts in the GDT only (SDM vol. 3, 7.2.2).
  const isTss = (type === TYPE_TSS16 || type === TYPE_TSS32) && !(selector & SELECTOR_LDT);
  const isTask = type === TYPE_TASK_GATE || isTss;
  if (!isGate && !isTask)
    return monitor.raise(GP, code, 'far transfer to a system descriptor that is neither gate nor available TSS');
  if (codeSlot.dpl < cpu.cpl || (selector & 3) > codeSlot.dpl)
    return monitor.raise(GP, code, 'DPL of the gate is below CPL or RPL');
  if (!codeSlot.present) return monitor.raise(NP, code, 'gate not present');
  if (isTask)
    return monitor.refuse(
      `hardware task switch by a far ${call ? 'CALL' : 'JMP'} (selector ${selector.toString(16)}h)`,
    );

  gateSlot.low = codeSlot.low;
  gateSlot.high = codeSlot.high;
  const inside = gateSlot.low >>> 16;
  if (isNull(inside)) return monitor.raise(GP, 0, 'call gate holds a null selector');
  const fetched = fetchDescriptor(monitor, inside, codeSlot, GP);
  if (fetched !== DONE) return fetched;
  const insideCode = inside & SELECTOR_INDEX_MASK;
  const reachable = call || codeSlot.isConforming ? codeSlot.dpl <= cpu.cpl : codeSlot.dpl === cpu.cpl;
  if (!codeSlot.isCode || !reachable)
    return monitor.raise(GP, insideCode, 'call gate does not lead to code it may enter');
  if (!codeSlot.present) return monitor.raise(NP, insideCode, 'code segment of the call gate not present');
  const wide = type === TYPE_CALL_GATE32;
  const offset = wide ? ((gateSlot.high & 0xffff0000) | (gateSlot.low & 0xffff)) >>> 0 : gateSlot.low & 0xffff;
  if (call && !codeSlot.isConforming && codeSlot.dpl < cpu.cpl)
    return callInner(monitor, instruction, inside, offset, wide);
  return enterSameRing(monitor, instruction, call, inside, offset, wide ? 4 : 2);
}

/** CALL through a gate to an inner ring: new stack from the TSS, parameters copied (SDM vol. 3, 5.8.5). */
function callInner(
  monitor: Monitor,
  instruction: Instruction,
  selector: number,
  offset: number,
  wide: boolean,
): Outcome {
  const { codeSlot, stackSlot, gateSlot, context } = monitor;
  const cpl = codeSlot.dpl;
  const found = readInnerStack(monitor, cpl, 0);
  if (found !== DONE) return found;
  const size = wide ? 4 : 2;
  const count = gateSlot.high & 31;
  frame.useSegment(stackSlot.toCache(innerStack.selector), innerStack.pointer, cpl);
  const reserved = frame.reserve(monitor, 4 + count, size, innerStack.selector & SELECTOR_INDEX_MASK);
  if (reserved !== DONE) return reserved;
  for (let i = 0; i < count; i++) {
    const value = peekStack(monitor, i * size, size);
    if (value === undefined) return FAULT;
    parameters[i] = value;
  }
  if (offset > codeSlot.limit) return monitor.raise(GP, 0, 'offset of the call gate beyond its code segment');
  if (markAccessed(monitor, codeSlot) !== DONE || markAccessed(monitor, stackSlot) !== DONE) return FAULT;
  frame.push(monitor, context.selector(SS));
  frame.push(monitor, context.register(ESP));
  for (let i = count - 1; i >= 0; i--) frame.push(monitor, parameters[i]);
  pushReturn(monitor, instruction);
  if (frame.failed) return monitor.memoryFault();
  monitor.setCpl(cpl);
  commitSegment(monitor, SS, innerStack.selector, stackSlot);
  frame.commitPointer(monitor);
  commitCode(monitor, selector, cpl, codeSlot);
  context.eip = offset;
  return JUMPED;
}
