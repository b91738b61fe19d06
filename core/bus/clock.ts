/**
 * Virtual time: steps at a configured rate plus idle ticks. Timers are data, so that a
 * snapshot can hold them; ties are broken by the order of arming.
 */
export interface Clock {
  /** Ticks a virtual second. */
  readonly hz: number;
  /** Ticks since power-on: retired steps plus idle ticks. An integer below 2^53. */
  now(): number;
}

export interface Timer {
  readonly name: string;
  /** Tick at which it fires, or -1. */
  readonly deadline: number;
  /** Arms (or re-arms) it for an absolute tick; a deadline in the past fires at the next event point. */
  arm(at: number): void;
  cancel(): void;
}

/** Handed to devices: time, and timers by name. */
export interface TimerSource extends Clock {
  /** Names are unique in a machine (`pit.0`); the callback is fixed at construction and not part of state. */
  timer(name: string, fire: () => void): Timer;
}
