/**
 * Segment and gate descriptors (SDM vol. 3, 3.4.5, 5.8.3, 6.11): constants in the places they have in
 * the descriptor's second word, and how base and limit are put together. Reading tables of a guest is
 * the monitor's business.
 *
 *   second word:  31..24 base 31..24 | G D/B L AVL | limit 19..16 | P DPL S TYPE | 7..0 base 23..16
 *   first word:   31..16 base 15..0  | 15..0 limit 15..0
 */

export const DESC_ACCESSED = 0x100;
/** Writable for data, readable for code. */
export const DESC_RW = 0x200;
/** Expand-down for data. */
export const DESC_EXPAND_DOWN = 0x400;
/** Conforming for code (the same bit as expand-down). */
export const DESC_CONFORMING = 0x400;
export const DESC_CODE = 0x800;
/** 1 = code or data, 0 = system. */
export const DESC_S = 0x1000;
export const DESC_DPL = 0x6000;
export const DESC_DPL_SHIFT = 13;
export const DESC_PRESENT = 0x8000;
/** D for code, B for stacks and expand-down data. */
export const DESC_BIG = 0x400000;
export const DESC_GRANULARITY = 0x800000;
/** What a segment cache keeps of the second word. */
export const DESC_ACCESS_MASK = 0xf0ff00;

// System types (bits 8–11 with S = 0).
export const TYPE_TSS16 = 1;
export const TYPE_LDT = 2;
export const TYPE_TSS16_BUSY = 3;
export const TYPE_CALL_GATE16 = 4;
export const TYPE_TASK_GATE = 5;
export const TYPE_INTERRUPT_GATE16 = 6;
export const TYPE_TRAP_GATE16 = 7;
export const TYPE_TSS32 = 9;
export const TYPE_TSS32_BUSY = 11;
export const TYPE_CALL_GATE32 = 12;
export const TYPE_INTERRUPT_GATE32 = 14;
export const TYPE_TRAP_GATE32 = 15;

/** Table indicator and index; the low two bits are the requested privilege. */
export const SELECTOR_INDEX_MASK = 0xfffc;
export const SELECTOR_LDT = 4;

/** Access of a read/write data segment of real mode (and of CS, which real mode may also write). */
export const REAL_MODE_ACCESS = 0x9300;

export function descriptorBase(low: number, high: number): number {
  return ((low >>> 16) | ((high & 0xff) << 16) | (high & 0xff000000)) >>> 0;
}

/** Effective limit in bytes: a page-granular limit covers its last page whole. */
export function descriptorLimit(low: number, high: number): number {
  const limit = (low & 0xffff) | (high & 0xf0000);
  return high & DESC_GRANULARITY ? ((limit << 12) | 0xfff) >>> 0 : limit;
}

export function descriptorDpl(high: number): number {
  return (high >>> DESC_DPL_SHIFT) & 3;
}

/** The four type bits; of a system descriptor one of the TYPE_* values. */
export function descriptorType(high: number): number {
  return (high >>> 8) & 15;
}
