/**
 * Everything that enters a machine from outside, with the position at which it did. Image + configuration +
 * log reproduce a run bit for bit.
 */
export type Input =
  | { readonly kind: 'serial'; readonly bytes: readonly number[] }
  /** PS/2 set-2 scan codes from the keyboard. */
  | { readonly kind: 'keys'; readonly codes: readonly number[] }
  | { readonly kind: 'reset' }
  | { readonly kind: 'poweroff' }
  /** An exception that a debugger has delivered. */
  | { readonly kind: 'exception'; readonly vector: number }
  /** A debugger's write to the machine. */
  | { readonly kind: 'memory'; readonly physical: number; readonly bytes: readonly number[] }
  | { readonly kind: 'register'; readonly vcpu: number; readonly name: string; readonly value: readonly number[] };

/**
 * A point in a run. `step` alone does for a machine that runs; `tick` says when, because time passes for a
 * halted one, and `deliveries` how many interrupts and exceptions have been delivered since that step, because
 * a debugger may stop at a handler's first instruction. An input enters before the timers of its tick fire.
 */
export interface Position {
  readonly step: number;
  readonly tick: number;
  readonly deliveries: number;
}

export type InputRecord = Position & Input;

export interface InputLog {
  readonly version: 1;
  readonly records: readonly InputRecord[];
}
