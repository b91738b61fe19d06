/**
 * Reading descriptors from the guest's GDT and LDT (SDM vol. 3, 3.5.1) and marking them accessed.
 * The accesses are supervisor accesses whatever the current privilege.
 */
import { DESC_ACCESSED, SELECTOR_INDEX_MASK, SELECTOR_LDT } from '../isa/descriptors.ts';
import type { DescriptorSlot } from './descriptor-slot.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome } from './outcome.ts';

export function isNull(selector: number): boolean {
  return (selector & SELECTOR_INDEX_MASK) === 0;
}

/** True when the selector's eight bytes lie within its table; the address goes to `slot.linear`. */
export function locateDescriptor(monitor: Monitor, selector: number, slot: DescriptorSlot): boolean {
  const { cpu } = monitor;
  const offset = selector & 0xfff8;
  slot.selector = selector;
  if (selector & SELECTOR_LDT) {
    if (cpu.ldtr.access === 0 || offset + 7 > cpu.ldtr.limit) return false;
    slot.linear = (cpu.ldtr.base + offset) >>> 0;
    return true;
  }
  if (offset + 7 > cpu.gdtr.limit) return false;
  slot.linear = (cpu.gdtr.base + offset) >>> 0;
  return true;
}

/** Reads the descriptor whose address is in `slot.linear`. */
export function readDescriptor(monitor: Monitor, slot: DescriptorSlot): Outcome {
  const { space, context } = monitor;
  const low = space.read(context, slot.linear, 4, false);
  if (low === undefined) return monitor.memoryFault();
  const high = space.read(context, (slot.linear + 4) >>> 0, 4, false);
  if (high === undefined) return monitor.memoryFault();
  slot.low = low;
  slot.high = high;
  return DONE;
}

/**
 * Looks a selector up. Outside its table: exception `vector` with the selector (and `external`, the EXT
 * bit) as error code.
 */
export function fetchDescriptor(
  monitor: Monitor,
  selector: number,
  slot: DescriptorSlot,
  vector: number,
  external = 0,
): Outcome {
  if (!locateDescriptor(monitor, selector, slot)) {
    return monitor.raise(vector, (selector & SELECTOR_INDEX_MASK) | external, 'selector outside its descriptor table');
  }
  return readDescriptor(monitor, slot);
}

/**
 * Sets the accessed bit of a code or data descriptor in memory (a locked read-modify-write on
 * hardware). Called after every check, before anything is committed; the write itself can page-fault.
 */
export function markAccessed(monitor: Monitor, slot: DescriptorSlot): Outcome {
  if (slot.high & DESC_ACCESSED) return DONE;
  const type = ((slot.high >>> 8) & 0xff) | 1;
  if (!monitor.space.write(monitor.context, (slot.linear + 5) >>> 0, 1, type, false)) return monitor.memoryFault();
  slot.high |= DESC_ACCESSED;
  return DONE;
}

/** Sets or clears the busy bit of a TSS descriptor. */
export function setBusy(monitor: Monitor, slot: DescriptorSlot, busy: boolean): Outcome {
  const type = (slot.high >>> 8) & 0xff;
  const next = busy ? type | 2 : type & ~2;
  if (!monitor.space.write(monitor.context, (slot.linear + 5) >>> 0, 1, next, false)) return monitor.memoryFault();
  slot.high = (slot.high & ~0xff00) | (next << 8);
  return DONE;
}
