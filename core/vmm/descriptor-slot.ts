/** A descriptor under examination (SDM vol. 3, 3.4.5): its two words, where it lies, and what its bits say. */
import {
  DESC_ACCESS_MASK,
  DESC_ACCESSED,
  DESC_CODE,
  DESC_CONFORMING,
  DESC_PRESENT,
  DESC_RW,
  DESC_S,
  descriptorBase,
  descriptorDpl,
  descriptorLimit,
  descriptorType,
} from '../isa/descriptors.ts';
import type { SegmentCache } from '../vcpu/context.ts';
import { setCache } from './virtual-cpu.ts';

/** One descriptor as read, reused for every lookup. */
export class DescriptorSlot {
  selector = 0;
  low = 0;
  high = 0;
  /** Linear address of the entry. */
  linear = 0;
  /** What a segment register will hold; filled by `toCache`. */
  readonly cache: SegmentCache = { selector: 0, base: 0, limit: 0, access: 0 };

  get dpl(): number {
    return descriptorDpl(this.high);
  }
  get type(): number {
    return descriptorType(this.high);
  }
  get present(): boolean {
    return (this.high & DESC_PRESENT) !== 0;
  }
  get isSystem(): boolean {
    return (this.high & DESC_S) === 0;
  }
  get isCode(): boolean {
    return (this.high & (DESC_S | DESC_CODE)) === (DESC_S | DESC_CODE);
  }
  get isConforming(): boolean {
    return this.isCode && (this.high & DESC_CONFORMING) !== 0;
  }
  get isWritableData(): boolean {
    return (this.high & (DESC_S | DESC_CODE | DESC_RW)) === (DESC_S | DESC_RW);
  }
  /** Data, or code that may be read. */
  get isReadable(): boolean {
    return !this.isSystem && (!this.isCode || (this.high & DESC_RW) !== 0);
  }
  get limit(): number {
    return descriptorLimit(this.low, this.high);
  }

  /** The hidden part for `selector`, accessed bit set as it is in memory by then. */
  toCache(selector: number): SegmentCache {
    const accessed = this.isSystem ? 0 : DESC_ACCESSED;
    setCache(
      this.cache,
      selector,
      descriptorBase(this.low, this.high),
      this.limit,
      (this.high & DESC_ACCESS_MASK) | accessed,
    );
    return this.cache;
  }
}
