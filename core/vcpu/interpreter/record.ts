/**
 * The decoded record: one instruction in 16 bytes, as tier 0 reads it.
 *
 *   0 u16 handler · 2 u16 page offset (bits 0–11) and length - 1 (bits 12–15)
 *   4 u8 first register operand · 5 u8 second one, or base register · 6 u8 index register
 *     (registers as byte offsets into the context; an absent base or index is the zero slot)
 *   7 u8 flat forms: scale · general forms: scale, segment << 2, 16-bit addressing << 5 · branches: 16-bit EIP << 6
 *   8 i32 displacement; branches: target as an offset from the page's first byte
 *  12 i32 immediate; branches: address of the target's record, 0 until linked
 */
export const RECORD_SIZE = 16;
export const REC_HANDLER = 0;
export const REC_PLACE = 2;
export const REC_R1 = 4;
export const REC_R2 = 5;
export const REC_INDEX = 6;
export const REC_SCALE = 7;
export const REC_DISPLACEMENT = 8;
export const REC_IMMEDIATE = 12;

export const SCALE_MASK = 3;
export const SCALE_SEGMENT_SHIFT = 2;
export const SCALE_ADDRESS16 = 1 << 5;
export const SCALE_EIP16 = 1 << 6;

/** Longest straight run of records; every run ends in a branch, a trap or a chain record. */
export const RUN_MAX = 60;
/** The hot loop leaves when fewer steps than this remain: any run fits, so only branches need a test. */
export const MIN_BUDGET = 64;

// Handlers that are no instruction. The forms' handlers follow.
/** What was decoded here is gone: look it up again. */
export const HANDLER_STALE = 0;
/** The monitor's: sensitive, privileged, undefined, missing. */
export const HANDLER_TRAP = 1;
/** Straight execution goes on elsewhere (page end, run limit, existing record); no step. */
export const HANDLER_CHAIN = 2;
/** A code point is armed at the next record; no step. */
export const HANDLER_BREAK = 3;
/** Counts arrivals at a run until tier 1 translates it; immediate = the run, displacement = count. */
export const HANDLER_COUNT = 4;
/** A translated run: immediate = the run, displacement = slot in the function table. */
export const HANDLER_BLOCK = 5;
export const FIRST_FORM = 6;
