/**
 * One counter of an 8254: what it reads and where its output is are computed from the cycle in which it
 * was loaded, so that counting costs nothing. Cycles are those of its own crystal (1.193182 MHz). Modes and
 * terms are those of the Intel 8254 datasheet; "elapsed" counts from the cycle that loads the counting
 * element. A load shows in reads at once, up to one cycle before a chip would show it.
 */
import { flag, int, record, word } from '../bus/state-shape.ts';

const LOW = 1;
const HIGH = 2;
const LOW_THEN_HIGH = 3;

const STATUS_OUT = 0x80;
const STATUS_NULL_COUNT = 0x40;

/** No further edge of the output. */
export const NO_EDGE = -1;

export interface CounterState {
  mode: number;
  bcd: boolean;
  /** RW field of the control word. */
  access: number;
  /** The count in force, 1–65536. */
  count: number;
  /** What the guest wrote last; modes 2 and 3 take it over at the end of a period. */
  nextCount: number;
  /**
   * `waiting`: no count or no trigger yet. `counting` since cycle `start`. `held` by the gate after
   * `elapsed` cycles.
   */
  phase: 'waiting' | 'counting' | 'held';
  start: number;
  elapsed: number;
  gate: boolean;
  /** A low byte that waits for its high byte, or -1. */
  writtenLow: number;
  readHighNext: boolean;
  /** Latched count, or -1; latched status, or -1. */
  latch: number;
  statusLatch: number;
  /** A whole count has come since the control word. */
  programmed: boolean;
  /** The count register holds what the counting element has not got yet. */
  loadPending: boolean;
  /** The cycle at which a running mode 2 or 3 takes a pending count over, or -1. */
  takeover: number;
}

export const COUNTER_FIELDS = record<CounterState>({
  mode: int(0, 5),
  bcd: flag,
  access: int(LOW, LOW_THEN_HIGH),
  count: int(1, 0x10000),
  nextCount: int(1, 0x10000),
  phase: word('waiting', 'counting', 'held'),
  // A half-period taken over in the middle can begin before cycle 0.
  start: int(-0x10000, Number.MAX_SAFE_INTEGER),
  elapsed: int(-1, Number.MAX_SAFE_INTEGER),
  gate: flag,
  writtenLow: int(-1, 0xff),
  readHighNext: flag,
  latch: int(-1, 0xffff),
  statusLatch: int(-1, 0xff),
  programmed: flag,
  loadPending: flag,
  takeover: int(-1, Number.MAX_SAFE_INTEGER),
});

export function powerOnCounter(gate: boolean): CounterState {
  return {
    mode: 0,
    bcd: false,
    access: LOW_THEN_HIGH,
    count: 0x10000,
    nextCount: 0x10000,
    phase: 'waiting',
    start: 0,
    elapsed: 0,
    gate,
    writtenLow: -1,
    readHighNext: false,
    latch: -1,
    statusLatch: -1,
    programmed: false,
    loadPending: false,
    takeover: -1,
  };
}

export class Counter {
  s: CounterState;

  constructor(gate: boolean) {
    this.s = powerOnCounter(gate);
  }

  /** A control word for this counter (not a latch or read-back command). */
  control(value: number): void {
    const s = this.s;
    // Modes 2 and 3 are decoded with a don't-care high bit.
    const mode = (value >>> 1) & 7;
    this.s = {
      ...powerOnCounter(s.gate),
      mode: mode > 5 ? mode - 4 : mode,
      bcd: (value & 1) !== 0,
      access: (value >>> 4) & 3,
      count: s.count,
      nextCount: s.nextCount,
      loadPending: true,
    };
  }

  /** A byte for the count register. */
  write(value: number, cycle: number): void {
    const s = this.s;
    if (s.access === LOW_THEN_HIGH && s.writtenLow < 0) {
      s.writtenLow = value;
      // "Writing the first byte disables counting" in mode 0, and OUT is low at once.
      if (s.mode === 0) s.phase = 'waiting';
      return;
    }
    const raw = s.access === LOW ? value : s.access === HIGH ? value << 8 : s.writtenLow | (value << 8);
    s.writtenLow = -1;
    this.#sync(cycle);
    s.nextCount = decode(raw, s.bcd);
    s.loadPending = true;
    s.programmed = true;
    // Modes 1 and 5 wait for the gate; mode 2 finishes its period first and mode 3 its half-period.
    if (s.mode === 1 || s.mode === 5) return;
    const periodic = s.mode === 2 || s.mode === 3;
    if (!periodic || s.phase === 'waiting') this.#load(cycle);
    else if (s.phase === 'counting' && s.takeover < 0) s.takeover = s.start + periodEnd(s, cycle - s.start);
  }

  read(cycle: number): number {
    const s = this.s;
    if (s.statusLatch >= 0) {
      const status = s.statusLatch;
      s.statusLatch = -1;
      return status;
    }
    const value = s.latch >= 0 ? s.latch : this.value(cycle);
    const high = s.access === HIGH || (s.access === LOW_THEN_HIGH && s.readHighNext);
    if (s.access === LOW_THEN_HIGH) s.readHighNext = !s.readHighNext;
    if (high || s.access === LOW) s.latch = -1;
    return high ? value >>> 8 : value & 0xff;
  }

  /** Counter latch command: holds the count until it is read; a second one changes nothing. */
  latchCount(cycle: number): void {
    if (this.s.latch < 0) this.s.latch = this.value(cycle);
  }

  latchStatus(cycle: number): void {
    const s = this.s;
    if (s.statusLatch >= 0) return;
    this.#sync(cycle);
    const nullCount = s.loadPending || (s.phase === 'counting' && cycle < s.start);
    s.statusLatch =
      (this.output(cycle) ? STATUS_OUT : 0) |
      (nullCount ? STATUS_NULL_COUNT : 0) |
      (s.access << 4) |
      (s.mode << 1) |
      (s.bcd ? 1 : 0);
  }

  setGate(gate: boolean, cycle: number): void {
    const s = this.s;
    if (gate === s.gate) return;
    this.#sync(cycle);
    s.gate = gate;
    const triggered = s.mode === 1 || s.mode === 5;
    if (!gate) {
      // Low stops counting in all modes but the triggered ones, which look only at rises.
      if (!triggered && s.phase === 'counting') {
        s.elapsed = cycle - s.start;
        s.phase = 'held';
      }
      return;
    }
    if (triggered) {
      // A trigger before any count was written has nothing to load.
      if (s.programmed) this.#load(cycle);
    } else if (s.phase === 'held') {
      if (s.mode === 2 || s.mode === 3) this.#load(cycle);
      else {
        s.start = cycle - s.elapsed;
        s.phase = 'counting';
      }
    }
  }

  /** The counting element as the guest reads it, 16 bits, in BCD if so programmed. */
  value(cycle: number): number {
    this.#sync(cycle);
    const s = this.s;
    const limit = s.bcd ? 10000 : 0x10000;
    const elapsed = Math.max(0, this.#elapsed(cycle));
    return encode(valueAt(s.mode, s.count, elapsed, limit), s.bcd);
  }

  output(cycle: number): boolean {
    this.#sync(cycle);
    const s = this.s;
    if (s.phase === 'waiting') return s.mode !== 0;
    // The gate forces OUT high at once in modes 2 and 3.
    if (s.phase === 'held' && (s.mode === 2 || s.mode === 3)) return true;
    return outputAt(s.mode, s.count, this.#elapsed(cycle));
  }

  /** The next cycle after `cycle` in which the output may change, or NO_EDGE. */
  nextEdge(cycle: number): number {
    this.#sync(cycle);
    const s = this.s;
    if (s.phase !== 'counting') return NO_EDGE;
    const next = edgeAfter(s.mode, s.count, cycle - s.start);
    return next === NO_EDGE ? s.takeover : s.start + next;
  }

  #load(cycle: number): void {
    const s = this.s;
    s.count = s.nextCount;
    s.loadPending = false;
    s.takeover = -1;
    // The counting element is loaded by the next clock pulse; a low gate holds it there.
    const running = s.gate || s.mode === 1 || s.mode === 5;
    s.phase = running ? 'counting' : 'held';
    s.start = cycle + 1;
    s.elapsed = running ? 0 : -1;
  }

  /** Takes a pending count over once its period has ended, and moves `start` to the current period. */
  #sync(cycle: number): void {
    const s = this.s;
    if (s.phase !== 'counting' || (s.mode !== 2 && s.mode !== 3)) return;
    if (s.takeover >= 0 && cycle >= s.takeover) {
      const wholePeriod = s.mode === 2 || s.takeover - s.start >= s.count;
      s.count = s.nextCount;
      // After the high half of mode 3 it is the low half of the new count that begins.
      s.start = wholePeriod ? s.takeover : s.takeover - Math.ceil(s.count / 2);
      s.takeover = -1;
      s.loadPending = false;
    }
    const elapsed = cycle - s.start;
    if (s.takeover < 0 && elapsed >= s.count) s.start += elapsed - (elapsed % s.count);
  }

  #elapsed(cycle: number): number {
    if (this.s.phase === 'counting') return cycle - this.s.start;
    return this.s.phase === 'held' ? this.s.elapsed : 0;
  }
}

/** What the counting element holds after `elapsed` cycles; a count equal to `limit` shows as 0. */
function valueAt(mode: number, n: number, elapsed: number, limit: number): number {
  if (mode === 2) return (n - (elapsed % n)) % limit;
  if (mode === 3) {
    // Counts by two; an odd count is loaded less one, and its high half lasts one cycle longer.
    const phase = elapsed % n;
    const high = Math.ceil(n / 2);
    return ((n & ~1) - 2 * (phase < high ? phase : phase - high)) % limit;
  }
  return (((n - elapsed) % limit) + limit) % limit;
}

function outputAt(mode: number, n: number, elapsed: number): boolean {
  switch (mode) {
    case 0:
    case 1:
      return elapsed >= n;
    case 2:
      // A count of 1 is illegal: it makes no pulse.
      return elapsed < 0 || n === 1 || elapsed % n !== n - 1;
    case 3:
      return elapsed < 0 || elapsed % n < Math.ceil(n / 2);
    default:
      return elapsed !== n;
  }
}

/** The first elapsed count after `elapsed` at which the output may change, or NO_EDGE. */
function edgeAfter(mode: number, n: number, elapsed: number): number {
  if (mode === 2 || mode === 3) {
    if (n === 1) return NO_EDGE;
    const middle = mode === 2 ? n - 1 : Math.ceil(n / 2);
    if (elapsed < 0) return middle;
    const phase = elapsed % n;
    return elapsed - phase + (phase < middle ? middle : n);
  }
  if (elapsed < n) return n;
  // Modes 4 and 5 end their strobe one cycle later.
  return mode >= 4 && elapsed === n ? n + 1 : NO_EDGE;
}

/** The end of the current period (mode 2) or half-period (mode 3), in elapsed cycles. */
function periodEnd(s: CounterState, elapsed: number): number {
  const middle = s.mode === 3 ? Math.ceil(s.count / 2) : s.count;
  return elapsed < middle ? middle : s.count;
}

/** A written count: four decimal digits or binary; 0 stands for the largest. */
function decode(raw: number, bcd: boolean): number {
  if (!bcd) return raw === 0 ? 0x10000 : raw;
  // Digits above 9 are not defined by the datasheet; they count as what they weigh.
  const value = ((raw >>> 12) * 1000 + ((raw >>> 8) & 15) * 100 + ((raw >>> 4) & 15) * 10 + (raw & 15)) % 10000;
  return value === 0 ? 10000 : value;
}

function encode(value: number, bcd: boolean): number {
  if (!bcd) return value & 0xffff;
  const digit = (weight: number) => Math.floor(value / weight) % 10;
  return (digit(1000) << 12) | (digit(100) << 8) | (digit(10) << 4) | digit(1);
}
