/**
 * The stack that a transfer to an inner ring takes from the current TSS (SDM vol. 3, 5.8.5): SS and ESP
 * of the new privilege level, checked, with the descriptor in `monitor.stackSlot`.
 */
import { descriptorType, SELECTOR_INDEX_MASK, TYPE_TSS16, TYPE_TSS16_BUSY } from '../isa/descriptors.ts';
import { TS } from '../isa/exceptions.ts';
import { isNull } from './descriptor-tables.ts';
import type { Monitor } from './monitor.ts';
import type { Outcome } from './outcome.ts';
import { checkStackSegment } from './segmentation.ts';

/** What `readInnerStack` found. */
export const innerStack = { selector: 0, pointer: 0 };

/**
 * Reads and checks SS:ESP for privilege `cpl`.
 *   32-bit TSS: ESP at 4 + 8 * cpl, SS at 8 + 8 * cpl · 16-bit TSS: SP at 2 + 4 * cpl, SS at 4 + 4 * cpl
 * @param external the EXT bit of error codes
 */
export function readInnerStack(monitor: Monitor, cpl: number, external: number): Outcome {
  const { cpu, space, context } = monitor;
  const type = descriptorType(cpu.tr.access);
  const narrow = type === TYPE_TSS16 || type === TYPE_TSS16_BUSY;
  const at = narrow ? 2 + 4 * cpl : 4 + 8 * cpl;
  const size = narrow ? 2 : 4;
  if (at + size + 1 > cpu.tr.limit) {
    return monitor.raise(
      TS,
      (cpu.tr.selector & SELECTOR_INDEX_MASK) | external,
      'TSS too short to hold the inner stack',
    );
  }
  const pointer = space.read(context, (cpu.tr.base + at) >>> 0, size, false);
  if (pointer === undefined) return monitor.memoryFault();
  const selector = space.read(context, (cpu.tr.base + at + size) >>> 0, 2, false);
  if (selector === undefined) return monitor.memoryFault();
  if (isNull(selector)) return monitor.raise(TS, external, 'null stack selector in the TSS');
  innerStack.selector = selector;
  innerStack.pointer = pointer;
  return checkStackSegment(monitor, selector, cpl, monitor.stackSlot, TS, external);
}
