/**
 * What a debugger may do to privileged state: registers are written with their architectural effect (the
 * hidden part of a segment is loaded, a new CR3 switches the space) but without raising guest faults.
 * Every function answers undefined, or why the write was not made; then nothing has changed.
 */
import { SELECTOR_INDEX_MASK, SELECTOR_LDT, TYPE_LDT } from '../isa/descriptors.ts';
import { VM } from '../isa/eflags.ts';
import { GP } from '../isa/exceptions.ts';
import { CS } from '../isa/registers.ts';
import { writeCr0, writeCr4, writeDebug } from './control-registers.ts';
import { fetchDescriptor, isNull } from './descriptor-tables.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome, REFUSED } from './outcome.ts';
import { checkSegment, commitCode, commitSegment, loadRealSegment } from './segmentation.ts';
import { setCache } from './virtual-cpu.ts';

export type Refusal = string | undefined;

/** ES CS SS DS FS GS. In protected mode the selector must be loadable at the current privilege; CS sets CPL to its RPL. */
export function writeSegment(monitor: Monitor, segment: number, selector: number): Refusal {
  if (!monitor.cpu.protectedMode) {
    loadRealSegment(monitor, segment, selector);
    return undefined;
  }
  if (segment === CS) return writeCodeSegment(monitor, selector);
  const slot = monitor.codeSlot;
  if (checkSegment(monitor, segment, selector, slot) !== DONE) return monitor.faultCause;
  commitSegment(monitor, segment, selector, slot);
  return undefined;
}

function writeCodeSegment(monitor: Monitor, selector: number): Refusal {
  const slot = monitor.codeSlot;
  if (isNull(selector)) return 'CS cannot be null';
  if (fetchDescriptor(monitor, selector, slot, GP) !== DONE) return monitor.faultCause;
  if (!slot.isCode) return 'not a code segment';
  if (!slot.present) return 'segment not present';
  if (!slot.isConforming && slot.dpl !== (selector & 3)) return 'RPL and DPL differ';
  monitor.setCpl(selector & 3);
  commitCode(monitor, selector, selector & 3, slot);
  return undefined;
}

/** CR0, CR2, CR3 or CR4. */
export function writeControl(monitor: Monitor, register: number, value: number): Refusal {
  switch (register) {
    case 0:
      return reasonOf(monitor, writeCr0(monitor, value));
    case 2:
      monitor.cpu.cr2 = value >>> 0;
      return undefined;
    case 3:
      monitor.setCr3(value >>> 0);
      return undefined;
    case 4:
      return reasonOf(monitor, writeCr4(monitor, value));
    default:
      return `CR${register} does not exist`;
  }
}

/** DR0–DR3, DR6, DR7. */
export function writeDebugRegister(monitor: Monitor, register: number, value: number): Refusal {
  return reasonOf(monitor, writeDebug(monitor, register, value >>> 0));
}

/** EFLAGS as POPF at the highest privilege would, and RF. */
export function writeFlags(monitor: Monitor, value: number): Refusal {
  if (value & VM) return 'virtual-8086 mode is not built yet';
  monitor.context.eflags = value >>> 0;
  monitor.applyPrivilege();
  return undefined;
}

export function writeLocalTable(monitor: Monitor, selector: number): Refusal {
  return writeSystemSegment(monitor, selector, monitor.cpu.ldtr, (type) => type === TYPE_LDT, 'an LDT');
}

/** TR; the descriptor's busy bit is left as it is. */
export function writeTaskRegister(monitor: Monitor, selector: number): Refusal {
  return writeSystemSegment(monitor, selector, monitor.cpu.tr, (type) => (type & 5) === 1, 'a TSS');
}

function writeSystemSegment(
  monitor: Monitor,
  selector: number,
  cache: Monitor['cpu']['tr'],
  fits: (type: number) => boolean,
  what: string,
): Refusal {
  if (isNull(selector)) {
    setCache(cache, selector & SELECTOR_INDEX_MASK, 0, 0, 0);
    return undefined;
  }
  const slot = monitor.codeSlot;
  if (!monitor.cpu.protectedMode) return 'only in protected mode';
  if (selector & SELECTOR_LDT) return 'the selector points into an LDT';
  if (fetchDescriptor(monitor, selector, slot, GP) !== DONE) return monitor.faultCause;
  if (!slot.isSystem || !fits(slot.type)) return `the descriptor is not ${what}`;
  if (!slot.present) return 'segment not present';
  Object.assign(cache, slot.toCache(selector));
  return undefined;
}

function reasonOf(monitor: Monitor, outcome: Outcome): Refusal {
  if (outcome === DONE) return undefined;
  return outcome === REFUSED ? monitor.refusal : monitor.faultCause;
}
