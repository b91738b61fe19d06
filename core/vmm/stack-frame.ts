/**
 * A frame that is pushed as a whole: by an interrupt, a far CALL or a call gate, on the current stack or
 * on one that is about to become current. `reserve` makes every check and probe; after it, pushing
 * cannot fail except when the frame overwrites the page tables that map it.
 */
import { DESC_BIG, DESC_EXPAND_DOWN } from '../isa/descriptors.ts';
import { STACK_FAULT } from '../isa/exceptions.ts';
import { ESP, SS } from '../isa/registers.ts';
import { CTX_SEGMENTS, SEG_BASE, SEG_WRITE_HIGH, SEG_WRITE_LOW, SEGMENT_STRIDE } from '../memory/layout.ts';
import type { SegmentCache } from '../vcpu/context.ts';
import type { Monitor } from './monitor.ts';
import { setStackPointer, stackMask } from './operands.ts';
import { DONE, type Outcome } from './outcome.ts';

const STACK = CTX_SEGMENTS + SS * SEGMENT_STRIDE;

export class StackFrame {
  private base = 0;
  private low = 0;
  private high = 0;
  private user = false;
  private itemSize: 2 | 4 = 4;
  /** 0xFFFF or 0xFFFFFFFF. */
  mask = 0;
  pointer = 0;
  /** A push failed; the fault is the space's. */
  failed = false;

  useCurrent(monitor: Monitor): void {
    const { context } = monitor;
    this.base = context.word(STACK + SEG_BASE);
    this.low = context.word(STACK + SEG_WRITE_LOW);
    this.high = context.word(STACK + SEG_WRITE_HIGH);
    this.user = monitor.user;
    this.mask = stackMask(monitor);
    this.pointer = (context.register(ESP) & this.mask) >>> 0;
    this.failed = false;
  }

  /** A checked stack segment (writable data) that is not in SS yet. */
  useSegment(segment: SegmentCache, pointer: number, cpl: number): void {
    const down = (segment.access & DESC_EXPAND_DOWN) !== 0;
    const big = (segment.access & DESC_BIG) !== 0;
    this.base = segment.base;
    this.low = down ? segment.limit + 1 : 0;
    this.high = down ? (big ? 0xffffffff : 0xffff) : segment.limit;
    this.user = cpl === 3;
    this.mask = big ? 0xffffffff : 0xffff;
    this.pointer = (pointer & this.mask) >>> 0;
    this.failed = false;
  }

  /**
   * Checks limit, alignment and pages for `count` items of `itemSize` bytes; #SS(errorCode) when they do not fit, and
   * with its EXT bit #AC.
   */
  reserve(monitor: Monitor, count: number, itemSize: 2 | 4, errorCode: number): Outcome {
    this.itemSize = itemSize;
    const bytes = count * itemSize;
    const lowest = ((this.pointer - bytes) & this.mask) >>> 0;
    const highest = lowest + bytes - 1;
    if (highest > this.mask) return this.reserveWrapped(monitor, count, errorCode);
    if (lowest < this.low || highest > this.high) return monitor.raise(STACK_FAULT, errorCode, 'no room on the stack');
    const first = (this.base + lowest) >>> 0;
    const last = (this.base + highest - (itemSize - 1)) >>> 0;
    const { space, context } = monitor;
    if (this.user && monitor.unaligned(first, itemSize)) return monitor.alignmentFault(first, errorCode & 1);
    if (!space.probeWrite(context, first, itemSize, this.user)) return monitor.memoryFault();
    if ((first ^ (last + itemSize - 1)) >>> 12 !== 0 && !space.probeWrite(context, last, itemSize, this.user))
      return monitor.memoryFault();
    return DONE;
  }

  /** The frame wraps around the end of the stack segment: each item on its own. */
  private reserveWrapped(monitor: Monitor, count: number, errorCode: number): Outcome {
    let { pointer } = this;
    for (let i = 0; i < count; i++) {
      pointer = ((pointer - this.itemSize) & this.mask) >>> 0;
      if (pointer < this.low || pointer + this.itemSize - 1 > this.high) {
        return monitor.raise(STACK_FAULT, errorCode, 'no room on the stack');
      }
      const linear = (this.base + pointer) >>> 0;
      if (this.user && monitor.unaligned(linear, this.itemSize)) return monitor.alignmentFault(linear, errorCode & 1);
      if (!monitor.space.probeWrite(monitor.context, linear, this.itemSize, this.user)) return monitor.memoryFault();
    }
    return DONE;
  }

  /** Pushes one item of the reserved size. */
  push(monitor: Monitor, value: number): void {
    this.pointer = ((this.pointer - this.itemSize) & this.mask) >>> 0;
    const linear = (this.base + this.pointer) >>> 0;
    const stored = this.itemSize === 2 ? value & 0xffff : value >>> 0;
    if (!monitor.space.write(monitor.context, linear, this.itemSize, stored, this.user)) this.failed = true;
  }

  /** ESP as the frame leaves it; call after SS has been loaded. */
  commitPointer(monitor: Monitor): void {
    setStackPointer(monitor, this.pointer, this.mask);
  }
}
