/** The physical memory map that every kind of loader tells its kernel: multiboot and INT 15h AX=E820h. */
import { HIGH_MEMORY_START, LOW_MEMORY_END } from './boot-plan.ts';

export const RANGE_RAM = 1;
export const RANGE_RESERVED = 2;

export interface MemoryRange {
  readonly start: number;
  /** The byte behind it; may be 2^32. */
  readonly end: number;
  readonly type: number;
}

/** Ascending, without overlaps. */
export function memoryRanges(memoryBytes: number): MemoryRange[] {
  return [
    { start: 0, end: LOW_MEMORY_END, type: RANGE_RAM },
    { start: LOW_MEMORY_END, end: 0xa_0000, type: RANGE_RESERVED },
    { start: 0xf_0000, end: 0x10_0000, type: RANGE_RESERVED },
    { start: HIGH_MEMORY_START, end: memoryBytes, type: RANGE_RAM },
    { start: 0xfffc_0000, end: 0x1_0000_0000, type: RANGE_RESERVED },
  ].filter(({ start, end }) => end > start);
}
