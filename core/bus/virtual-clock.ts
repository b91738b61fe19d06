/**
 * The machine's only clock: ticks that the machine advances, and timers that it fires. It
 * never looks at the host. Deadlines are part of its state, callbacks are not: a restored machine builds
 * the same devices, which ask for the same timer names.
 */
import { assert } from '../util/assert.ts';
import type { Timer, TimerSource } from './clock.ts';
import type { DeviceState } from './device.ts';
import { count, int, invalid, record, StateShape, table } from './state-shape.ts';

const NEVER = -1;

interface ArmedTimer {
  deadline: number;
  sequence: number;
}

interface ClockState {
  hz: number;
  now: number;
  sequence: number;
  timers: Map<string, ArmedTimer>;
}

const SHAPE = new StateShape<ClockState>(1, {
  hz: int(1, 2 ** 32),
  now: count,
  sequence: count,
  timers: table(record<ArmedTimer>({ deadline: count, sequence: count })),
});

class ClockTimer implements Timer {
  readonly name: string;
  readonly fire: () => void;
  deadline = NEVER;
  /** Order of arming: breaks ties of deadlines. */
  sequence = 0;
  readonly #clock: VirtualClock;

  constructor(clock: VirtualClock, name: string, fire: () => void) {
    this.#clock = clock;
    this.name = name;
    this.fire = fire;
  }

  arm(at: number): void {
    this.#clock.schedule(this, at);
  }

  cancel(): void {
    this.#clock.schedule(this, NEVER);
  }
}

export class VirtualClock implements TimerSource {
  readonly hz: number;
  #now = 0;
  #sequence = 0;
  /** The earliest deadline; kept because the machine asks before every slice. */
  #next = Number.POSITIVE_INFINITY;
  readonly #timers = new Map<string, ClockTimer>();

  /** @param hz ticks a virtual second, 1 to 2^32 */
  constructor(hz: number) {
    assert(Number.isInteger(hz) && hz >= 1 && hz <= 2 ** 32, `clock rate ${hz}`);
    this.hz = hz;
  }

  now(): number {
    return this.#now;
  }

  advance(ticks: number): void {
    assert(Number.isInteger(ticks) && ticks >= 0, `advance by ${ticks} ticks`);
    // At 100 MHz the end of time is 2.8 virtual years away; an idle guest that gets there stands still.
    this.#now = Math.min(this.#now + ticks, Number.MAX_SAFE_INTEGER);
  }

  timer(name: string, fire: () => void): Timer {
    assert(!this.#timers.has(name), `two timers named ${name}`);
    const timer = new ClockTimer(this, name, fire);
    this.#timers.set(name, timer);
    return timer;
  }

  /** The tick of the earliest armed timer; Infinity when none is. It may lie in the past. */
  nextDeadline(): number {
    return this.#next;
  }

  /**
   * Fires what is due, by deadline and then by order of arming. A timer armed by one of these callbacks
   * waits for the next call even if it is due already: a device cannot keep the machine here.
   */
  fireDue(): void {
    const limit = this.#sequence;
    while (this.#next <= this.#now) {
      const due = this.#earliest(limit);
      if (due === undefined) return;
      this.schedule(due, NEVER);
      due.fire();
    }
  }

  /** Used by timers. @param at absolute tick, or -1 for never */
  schedule(timer: ClockTimer, at: number): void {
    assert(Number.isInteger(at) && at >= NEVER, `deadline ${at} of ${timer.name}`);
    const before = timer.deadline;
    const deadline = at >= Number.MAX_SAFE_INTEGER ? NEVER : at;
    timer.deadline = deadline;
    if (deadline !== NEVER) {
      timer.sequence = this.#sequence++;
      if (deadline < this.#next) this.#next = deadline;
    }
    if (before !== NEVER && before === this.#next && deadline !== before) this.#recompute();
  }

  save(): DeviceState {
    const timers = new Map<string, ArmedTimer>();
    for (const { name, deadline, sequence } of this.#timers.values()) {
      if (deadline !== NEVER) timers.set(name, { deadline, sequence });
    }
    return SHAPE.save({ hz: this.hz, now: this.#now, sequence: this.#sequence, timers });
  }

  /** Throws UserError for a state of another rate or version, with unknown timers or impossible numbers. */
  load(state: DeviceState): void {
    const { hz, now, sequence, timers } = SHAPE.load(state, 'clock');
    if (hz !== this.hz) throw invalid('clock.hz', `${this.hz}`);
    const seen = new Set<number>();
    for (const [name, timer] of timers) {
      if (!this.#timers.has(name)) throw invalid(`clock.timers.${name}`, 'no such timer');
      if (timer.sequence >= sequence || seen.has(timer.sequence)) {
        throw invalid(`clock.timers.${name}.sequence`, `a number of its own below ${sequence}`);
      }
      seen.add(timer.sequence);
    }
    this.#now = now;
    this.#sequence = sequence;
    for (const timer of this.#timers.values()) {
      const armed = timers.get(timer.name);
      timer.deadline = armed?.deadline ?? NEVER;
      timer.sequence = armed?.sequence ?? 0;
    }
    this.#recompute();
  }

  #earliest(limit: number): ClockTimer | undefined {
    let best: ClockTimer | undefined;
    for (const timer of this.#timers.values()) {
      if (timer.deadline === NEVER || timer.deadline > this.#now || timer.sequence >= limit) continue;
      if (
        best === undefined ||
        timer.deadline < best.deadline ||
        (timer.deadline === best.deadline && timer.sequence < best.sequence)
      ) {
        best = timer;
      }
    }
    return best;
  }

  #recompute(): void {
    this.#next = Number.POSITIVE_INFINITY;
    for (const timer of this.#timers.values()) {
      if (timer.deadline !== NEVER && timer.deadline < this.#next) this.#next = timer.deadline;
    }
  }
}
