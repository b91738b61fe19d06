/**
 * The register file of one vCPU as direct execution sees it: general registers, EIP, flags, segment
 * caches. Privileged state (control registers, descriptor tables) is not here: the monitor owns it.
 */

import { arithmeticFlags, auxWord, FIXED_ONE, REST, ZF } from '../isa/eflags.ts';
import {
  CONTEXT_BASE,
  CONTEXT_SIZE,
  CTX_BUDGET,
  CTX_EIP,
  CTX_EXEC_MASK,
  CTX_FLAG_AUX,
  CTX_FLAG_REST,
  CTX_FLAG_RESULT,
  CTX_FPU_OFF,
  CTX_READ_MASK,
  CTX_REAL_MODE,
  CTX_SEGMENTS,
  CTX_SHADOW,
  CTX_WAIT_OFF,
  CTX_WRITE_MASK,
  SEG_ACCESS,
  SEG_BASE,
  SEG_LIMIT,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEG_SELECTOR,
  SEG_WRITE_HIGH,
  SEG_WRITE_LOW,
  SEGMENT_STRIDE,
  SHADOW_EXEC_SUPERVISOR,
  SHADOW_EXEC_USER,
  SHADOW_READ_SUPERVISOR,
  SHADOW_READ_USER,
  SHADOW_WRITE_SUPERVISOR,
  SHADOW_WRITE_USER,
} from '../memory/layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { type Exit, newExit } from './exit.ts';

/** A segment register with its hidden part. `access`: bits 8–23 of the descriptor's second word, 0 = unusable. */
export interface SegmentCache {
  selector: number;
  base: number;
  /** In bytes, granularity applied. */
  limit: number;
  access: number;
}

const ACCESS_TYPE_CODE = 0x800;
const ACCESS_EXPAND_DOWN = 0x400;
const ACCESS_WRITABLE_OR_READABLE = 0x200;
const ACCESS_BIG = 0x400000;

export class Context {
  readonly index: number;
  readonly base: number;
  readonly memory: LinearMemory;
  /** Filled in by the engine at each exit. */
  readonly exit: Exit = newExit();
  /** Bumped whenever a segment's base, range or D/B bit has changed; the engine re-derives its mode. */
  modeChanges = 0;

  constructor(memory: LinearMemory, index: number) {
    this.memory = memory;
    this.index = index;
    this.base = CONTEXT_BASE + index * CONTEXT_SIZE;
  }

  word(offset: number): number {
    return this.memory.u32[(this.base + offset) >>> 2];
  }

  setWord(offset: number, value: number): void {
    this.memory.i32[(this.base + offset) >>> 2] = value;
  }

  /** General register 0–7 (eax ecx edx ebx esp ebp esi edi), unsigned 32 bits. */
  register(index: number): number {
    return this.memory.u32[(this.base >>> 2) + index];
  }

  setRegister(index: number, value: number): void {
    this.memory.i32[(this.base >>> 2) + index] = value;
  }

  /** 16-bit register in encoding order. */
  register16(index: number): number {
    return this.register(index) & 0xffff;
  }

  setRegister16(index: number, value: number): void {
    this.setRegister(index, (this.register(index) & ~0xffff) | (value & 0xffff));
  }

  /** 8-bit register in encoding order al cl dl bl ah ch dh bh. */
  register8(index: number): number {
    return this.memory.u8[this.base + (index & 3) * 4 + (index >> 2)];
  }

  setRegister8(index: number, value: number): void {
    this.memory.u8[this.base + (index & 3) * 4 + (index >> 2)] = value;
  }

  get eip(): number {
    return this.word(CTX_EIP);
  }

  set eip(value: number) {
    this.setWord(CTX_EIP, value);
  }

  get eflags(): number {
    const arithmetic = arithmeticFlags(this.word(CTX_FLAG_RESULT), this.word(CTX_FLAG_AUX));
    return (arithmetic | this.word(CTX_FLAG_REST) | FIXED_ONE) >>> 0;
  }

  /** Sets every defined bit; reserved bits are ignored. Who may change which bit is the caller's business. */
  set eflags(value: number) {
    this.setWord(CTX_FLAG_RESULT, value & ZF ? 0 : 1);
    this.setWord(CTX_FLAG_AUX, auxWord(value));
    this.setWord(CTX_FLAG_REST, value & REST);
  }

  get budget(): number {
    return this.memory.i32[(this.base + CTX_BUDGET) >>> 2];
  }

  segment(index: number): SegmentCache {
    const at = CTX_SEGMENTS + index * SEGMENT_STRIDE;
    return {
      selector: this.word(at + SEG_SELECTOR),
      base: this.word(at + SEG_BASE),
      limit: this.word(at + SEG_LIMIT),
      access: this.word(at + SEG_ACCESS),
    };
  }

  selector(index: number): number {
    return this.word(CTX_SEGMENTS + index * SEGMENT_STRIDE + SEG_SELECTOR);
  }

  segmentBase(index: number): number {
    return this.word(CTX_SEGMENTS + index * SEGMENT_STRIDE + SEG_BASE);
  }

  segmentAccess(index: number): number {
    return this.word(CTX_SEGMENTS + index * SEGMENT_STRIDE + SEG_ACCESS);
  }

  /** Loads a segment cache and derives the ranges that generated code compares with (SDM vol. 3, 5.3). */
  setSegment(index: number, segment: SegmentCache): void {
    const at = CTX_SEGMENTS + index * SEGMENT_STRIDE;
    const { access, limit } = segment;
    const isCode = (access & ACCESS_TYPE_CODE) !== 0;
    const down = !isCode && (access & ACCESS_EXPAND_DOWN) !== 0;
    const low = down ? limit + 1 : 0;
    const high = down ? (access & ACCESS_BIG ? 0xffffffff : 0xffff) : limit;
    const empty = access === 0 || low > high;
    // An execute-only code segment cannot be read as data; CS itself is fetched through READ.
    const readable = !empty && (index === 1 || !isCode || (access & ACCESS_WRITABLE_OR_READABLE) !== 0);
    const writable = !empty && !isCode && (access & ACCESS_WRITABLE_OR_READABLE) !== 0;
    const readLow = readable ? low : 1;
    const readHigh = readable ? high : 0;
    const writeLow = writable ? low : 1;
    const writeHigh = writable ? high : 0;
    // A kernel that reloads flat segments all the time does not change the mode.
    const changed =
      this.word(at + SEG_BASE) !== segment.base >>> 0 ||
      this.word(at + SEG_READ_LOW) !== readLow ||
      this.word(at + SEG_READ_HIGH) !== readHigh ||
      this.word(at + SEG_WRITE_LOW) !== writeLow ||
      this.word(at + SEG_WRITE_HIGH) !== writeHigh ||
      ((this.word(at + SEG_ACCESS) ^ access) & ACCESS_BIG) !== 0;
    this.setWord(at + SEG_SELECTOR, segment.selector);
    this.setWord(at + SEG_LIMIT, limit);
    this.setWord(at + SEG_ACCESS, access);
    if (!changed) return;
    this.setWord(at + SEG_BASE, segment.base);
    this.setWord(at + SEG_READ_LOW, readLow);
    this.setWord(at + SEG_READ_HIGH, readHigh);
    this.setWord(at + SEG_WRITE_LOW, writeLow);
    this.setWord(at + SEG_WRITE_HIGH, writeHigh);
    this.modeChanges++;
  }

  /**
   * Selects the permission bits for CPL 3 or for a supervisor.
   * @param aligned unaligned data operands raise #AC: no entry has a permission then, so that all go the slow way
   */
  setPrivilege(user: boolean, aligned = false): void {
    const read = user ? SHADOW_READ_USER : SHADOW_READ_SUPERVISOR;
    const write = user ? SHADOW_WRITE_USER : SHADOW_WRITE_SUPERVISOR;
    this.setWord(CTX_READ_MASK, aligned ? 0 : read);
    this.setWord(CTX_WRITE_MASK, aligned ? 0 : write);
    this.setWord(CTX_EXEC_MASK, user ? SHADOW_EXEC_USER : SHADOW_EXEC_SUPERVISOR);
  }

  get user(): boolean {
    return this.word(CTX_EXEC_MASK) === SHADOW_EXEC_USER;
  }

  /** Unaligned data operands raise #AC: ring 3 with CR0.AM and EFLAGS.AC. */
  get alignmentChecked(): boolean {
    return this.word(CTX_READ_MASK) === 0 && this.user;
  }

  /** Host address of the shadow table in force. */
  get shadow(): number {
    return this.word(CTX_SHADOW);
  }

  set shadow(table: number) {
    this.setWord(CTX_SHADOW, table);
  }

  /** When `off`, x87 instructions raise #NM (CR0.EM or CR0.TS), with `waitOff` WAIT does; `real`: CR0.PE is clear. */
  setFpuMode(off: boolean, waitOff: boolean, real: boolean): void {
    this.setWord(CTX_FPU_OFF, off ? 1 : 0);
    this.setWord(CTX_WAIT_OFF, waitOff ? 1 : 0);
    this.setWord(CTX_REAL_MODE, real ? 1 : 0);
  }
}
