/**
 * Loading segment registers with all checks (SDM vol. 3, 5.5–5.7; vol. 2, MOV to Sreg). Far transfers
 * are in far-transfers.ts.
 */
import {
  DESC_BIG,
  DESC_CODE,
  DESC_CONFORMING,
  DESC_GRANULARITY,
  REAL_MODE_ACCESS,
  SELECTOR_INDEX_MASK,
} from '../isa/descriptors.ts';
import { GP, NP, STACK_FAULT } from '../isa/exceptions.ts';
import { CS, DS, ES, FS, GS, SS } from '../isa/registers.ts';
import { CTX_SEGMENTS, SEG_LIMIT, SEGMENT_STRIDE } from '../memory/layout.ts';
import type { SegmentCache } from '../vcpu/context.ts';
import type { DescriptorSlot } from './descriptor-slot.ts';
import { fetchDescriptor, isNull, markAccessed } from './descriptor-tables.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome } from './outcome.ts';
import { setCache } from './virtual-cpu.ts';

const scratch: SegmentCache = { selector: 0, base: 0, limit: 0, access: 0 };

/** Loads ES, SS, DS, FS or GS as MOV, POP and LDS do. Commits only when every check has passed. */
export function loadSegment(monitor: Monitor, segment: number, selector: number): Outcome {
  if (!monitor.cpu.protectedMode) {
    loadRealSegment(monitor, segment, selector);
    return DONE;
  }
  const slot = segment === SS ? monitor.stackSlot : monitor.codeSlot;
  const checked = checkSegment(monitor, segment, selector, slot);
  if (checked !== DONE) return checked;
  commitSegment(monitor, segment, selector, slot);
  return DONE;
}

/** Everything of a protected-mode load but the commit; the accessed bit is set by the end of it. */
export function checkSegment(monitor: Monitor, segment: number, selector: number, slot: DescriptorSlot): Outcome {
  if (segment === SS) {
    if (isNull(selector)) return monitor.raise(GP, 0, 'null selector loaded into SS');
    const outcome = checkStackSegment(monitor, selector, monitor.cpu.cpl, slot, GP, 0);
    return outcome === DONE ? markAccessed(monitor, slot) : outcome;
  }
  if (isNull(selector)) return DONE;
  const fetched = fetchDescriptor(monitor, selector, slot, GP);
  if (fetched !== DONE) return fetched;
  const code = selector & SELECTOR_INDEX_MASK;
  if (!slot.isReadable)
    return monitor.raise(GP, code, 'data segment register loaded with a segment that cannot be read');
  if (!slot.isConforming && (slot.dpl < (selector & 3) || slot.dpl < monitor.cpu.cpl)) {
    return monitor.raise(GP, code, 'data segment more privileged than CPL or RPL');
  }
  if (!slot.present) return monitor.raise(NP, code, 'data segment not present');
  return markAccessed(monitor, slot);
}

/** Makes a checked protected-mode load take effect; a null selector makes the register unusable. */
export function commitSegment(monitor: Monitor, segment: number, selector: number, slot: DescriptorSlot): void {
  if (isNull(selector)) {
    setCache(scratch, selector, 0, 0, 0);
    monitor.context.setSegment(segment, scratch);
  } else {
    monitor.context.setSegment(segment, slot.toCache(selector));
  }
}

/**
 * Checks a non-null stack selector for use at privilege `cpl`; the slot holds its descriptor afterwards.
 * `vector` is #GP for MOV and IRET, #TS for a stack taken from a TSS; `external` is the EXT bit.
 */
export function checkStackSegment(
  monitor: Monitor,
  selector: number,
  cpl: number,
  slot: DescriptorSlot,
  vector: number,
  external: number,
): Outcome {
  const code = (selector & SELECTOR_INDEX_MASK) | external;
  const fetched = fetchDescriptor(monitor, selector, slot, vector, external);
  if (fetched !== DONE) return fetched;
  if ((selector & 3) !== cpl)
    return monitor.raise(vector, code, 'RPL of the stack selector is not the privilege level');
  if (!slot.isWritableData) return monitor.raise(vector, code, 'stack segment is not writable data');
  if (slot.dpl !== cpl) return monitor.raise(vector, code, 'DPL of the stack segment is not the privilege level');
  if (!slot.present) return monitor.raise(STACK_FAULT, code, 'stack segment not present');
  return DONE;
}

/**
 * Real mode: the base follows the selector, limit and size bits stay as protected mode left them
 * (SDM vol. 3, 9.9.2; what is called unreal mode relies on it), the rights become plain read/write.
 */
export function loadRealSegment(monitor: Monitor, segment: number, selector: number): void {
  const { context } = monitor;
  const access = context.segmentAccess(segment);
  const limit = access === 0 ? 0xffff : context.word(CTX_SEGMENTS + segment * SEGMENT_STRIDE + SEG_LIMIT);
  setCache(scratch, selector, selector << 4, limit, (access & (DESC_BIG | DESC_GRANULARITY)) | REAL_MODE_ACCESS);
  context.setSegment(segment, scratch);
}

/** Loads CS from a checked code descriptor; the selector's RPL becomes `cpl`. */
export function commitCode(monitor: Monitor, selector: number, cpl: number, slot: DescriptorSlot): void {
  monitor.context.setSegment(CS, slot.toCache((selector & SELECTOR_INDEX_MASK) | cpl));
}

const DATA_REGISTERS = [ES, DS, FS, GS] as const;

/**
 * A return to an outer ring empties the data registers that the outer ring could not have loaded
 * (SDM vol. 3, 5.8.6): data and non-conforming code more privileged than the new CPL.
 */
export function dropPrivilegedSegments(monitor: Monitor, cpl: number): void {
  const { context } = monitor;
  for (const segment of DATA_REGISTERS) {
    const access = context.segmentAccess(segment);
    if (access === 0) continue;
    const conforming = (access & (DESC_CODE | DESC_CONFORMING)) === (DESC_CODE | DESC_CONFORMING);
    if (conforming || ((access >>> 13) & 3) >= cpl) continue;
    setCache(scratch, 0, 0, 0, 0);
    context.setSegment(segment, scratch);
  }
}
