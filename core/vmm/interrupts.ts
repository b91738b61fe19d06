/**
 * Delivery of one exception, software or hardware interrupt through the real-mode vector table or a
 * protected-mode gate (SDM vol. 3, 6.12; vol. 2, INT n). Atomic: it either takes effect as a whole or
 * answers FAULT with nothing but accessed bits changed. What follows a fault is in double-fault.ts.
 */
import {
  DESC_PRESENT,
  DESC_S,
  descriptorDpl,
  descriptorType,
  SELECTOR_INDEX_MASK,
  TYPE_INTERRUPT_GATE16,
  TYPE_INTERRUPT_GATE32,
  TYPE_TASK_GATE,
  TYPE_TRAP_GATE16,
  TYPE_TRAP_GATE32,
} from '../isa/descriptors.ts';
import { AC, IF, NT, RF, TF, VM } from '../isa/eflags.ts';
import { GP, NP } from '../isa/exceptions.ts';
import { CS, SS } from '../isa/registers.ts';
import { CTX_FLAG_REST, CTX_SEGMENTS, SEG_LIMIT, SEGMENT_STRIDE } from '../memory/layout.ts';
import { fetchDescriptor, isNull, markAccessed } from './descriptor-tables.ts';
import { SOURCE_ICEBP, SOURCE_SOFTWARE, type Source } from './event-source.ts';
import { innerStack, readInnerStack } from './inner-stack.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome } from './outcome.ts';
import { commitCode, commitSegment, loadRealSegment } from './segmentation.ts';
import { StackFrame } from './stack-frame.ts';

const frame = new StackFrame();

/**
 * Delivers `vector`.
 * @param errorCode pushed in protected mode when not negative
 * @param returnEip EIP to push: of the faulting instruction, or of the one after a trap or INT n
 * @param resumeFlag true for faults: the pushed EFLAGS have RF set (SDM vol. 3, 17.3.1.1)
 */
export function deliver(
  monitor: Monitor,
  vector: number,
  source: Source,
  errorCode: number,
  returnEip: number,
  resumeFlag: boolean,
): Outcome {
  if (!monitor.cpu.protectedMode) return deliverReal(monitor, vector, returnEip);
  return deliverProtected(monitor, vector, source, errorCode, returnEip, resumeFlag);
}

/** Real mode: four bytes of the vector table give CS:IP; FLAGS, CS and IP are pushed as words. */
function deliverReal(monitor: Monitor, vector: number, returnEip: number): Outcome {
  const { cpu, space, context } = monitor;
  if (vector * 4 + 3 > cpu.idtr.limit)
    return monitor.raise(GP, 0, `vector ${vector} outside the real-mode vector table`);
  const entry = space.read(context, (cpu.idtr.base + vector * 4) >>> 0, 4, false);
  if (entry === undefined) return monitor.memoryFault();
  frame.useCurrent(monitor);
  const reserved = frame.reserve(monitor, 3, 2, 0);
  if (reserved !== DONE) return reserved;
  const offset = entry & 0xffff;
  if (offset > context.word(CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_LIMIT))
    return monitor.raise(GP, 0, 'handler beyond the CS limit');
  frame.push(monitor, context.eflags);
  frame.push(monitor, context.selector(CS));
  frame.push(monitor, returnEip);
  if (frame.failed) return monitor.memoryFault();
  frame.commitPointer(monitor);
  context.setWord(CTX_FLAG_REST, context.word(CTX_FLAG_REST) & ~(IF | TF | AC | RF));
  loadRealSegment(monitor, CS, entry >>> 16);
  context.eip = offset;
  return DONE;
}

function deliverProtected(
  monitor: Monitor,
  vector: number,
  source: Source,
  errorCode: number,
  returnEip: number,
  resumeFlag: boolean,
): Outcome {
  const { cpu, space, context, codeSlot } = monitor;
  const external = source === SOURCE_SOFTWARE ? 0 : 1;
  const gateCode = vector * 8 + 2 + external;
  if (vector * 8 + 7 > cpu.idtr.limit) return monitor.raise(GP, gateCode, `vector ${vector} outside the IDT limit`);
  const at = cpu.idtr.base + vector * 8;
  const low = space.read(context, at >>> 0, 4, false);
  if (low === undefined) return monitor.memoryFault();
  const high = space.read(context, (at + 4) >>> 0, 4, false);
  if (high === undefined) return monitor.memoryFault();
  const checked = checkGate(monitor, vector, source, high, gateCode);
  if (checked !== DONE) return checked;

  const type = descriptorType(high);
  const selector = low >>> 16;
  if (isNull(selector)) return monitor.raise(GP, external, `null code selector in IDT gate ${vector}`);
  const fetched = fetchDescriptor(monitor, selector, codeSlot, GP, external);
  if (fetched !== DONE) return fetched;
  const selectorCode = (selector & SELECTOR_INDEX_MASK) | external;
  if (!codeSlot.isCode || codeSlot.dpl > cpu.cpl) {
    return monitor.raise(GP, selectorCode, `IDT gate ${vector} does not lead to code of this or an inner ring`);
  }
  if (!codeSlot.present) return monitor.raise(NP, selectorCode, `code segment of IDT gate ${vector} not present`);

  const wide = (type & 8) !== 0;
  const offset = wide ? ((high & 0xffff0000) | (low & 0xffff)) >>> 0 : low & 0xffff;
  const inner = !codeSlot.isConforming && codeSlot.dpl < cpu.cpl;
  const cpl = inner ? codeSlot.dpl : cpu.cpl;
  if (inner) {
    const found = readInnerStack(monitor, cpl, external);
    if (found !== DONE) return found;
    frame.useSegment(monitor.stackSlot.toCache(innerStack.selector), innerStack.pointer, cpl);
  } else {
    frame.useCurrent(monitor);
  }
  const items = (inner ? 5 : 3) + (errorCode >= 0 ? 1 : 0);
  const stackCode = inner ? (innerStack.selector & SELECTOR_INDEX_MASK) | external : external;
  const reserved = frame.reserve(monitor, items, wide ? 4 : 2, stackCode);
  if (reserved !== DONE) return reserved;
  if (offset > codeSlot.limit)
    return monitor.raise(GP, external, `offset of IDT gate ${vector} beyond its code segment`);
  if (markAccessed(monitor, codeSlot) !== DONE || (inner && markAccessed(monitor, monitor.stackSlot) !== DONE))
    return monitor.memoryFault();

  // A software interrupt has cleared RF like any other instruction (SDM vol. 3, 17.3.1.1).
  const byInstruction = source === SOURCE_SOFTWARE || source === SOURCE_ICEBP;
  const flags = byInstruction ? context.eflags & ~RF : context.eflags;
  if (inner) {
    frame.push(monitor, context.selector(SS));
    frame.push(monitor, context.register(4));
  }
  frame.push(monitor, resumeFlag ? flags | RF : flags);
  frame.push(monitor, context.selector(CS));
  frame.push(monitor, returnEip);
  if (errorCode >= 0) frame.push(monitor, errorCode);
  if (frame.failed) return monitor.memoryFault();

  if (inner) {
    monitor.setCpl(cpl);
    commitSegment(monitor, SS, innerStack.selector, monitor.stackSlot);
  }
  frame.commitPointer(monitor);
  commitCode(monitor, selector, cpl, codeSlot);
  context.eip = offset;
  // Interrupt gates have type bit 0 clear and close IF; trap gates leave it.
  const cleared = TF | VM | RF | NT | (type & 1 ? 0 : IF);
  context.setWord(CTX_FLAG_REST, context.word(CTX_FLAG_REST) & ~cleared);
  return DONE;
}

/** Type, privilege and presence of an IDT entry (SDM vol. 3, 6.12.1.1). */
function checkGate(monitor: Monitor, vector: number, source: Source, high: number, gateCode: number): Outcome {
  const type = high & DESC_S ? -1 : descriptorType(high);
  const known =
    type === TYPE_INTERRUPT_GATE32 ||
    type === TYPE_TRAP_GATE32 ||
    type === TYPE_INTERRUPT_GATE16 ||
    type === TYPE_TRAP_GATE16 ||
    type === TYPE_TASK_GATE;
  if (!known) return monitor.raise(GP, gateCode, `IDT entry ${vector} is not an interrupt, trap or task gate`);
  if (source === SOURCE_SOFTWARE && descriptorDpl(high) < monitor.cpu.cpl) {
    return monitor.raise(
      GP,
      gateCode,
      `INT ${vector} from ring ${monitor.cpu.cpl}: the gate's DPL is ${descriptorDpl(high)}`,
    );
  }
  if (!(high & DESC_PRESENT)) return monitor.raise(NP, gateCode, `IDT gate ${vector} not present`);
  if (type === TYPE_TASK_GATE) return monitor.refuse(`hardware task switch through a task gate (vector ${vector})`);
  return DONE;
}
