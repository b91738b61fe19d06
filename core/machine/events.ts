/** Why `Machine.run` came back, and who may feed a machine while it runs. */
import type { FaultRecord } from '../isa/exceptions.ts';

/** An access that hit an armed data or port point. */
export interface AccessHit {
  /** Id given when the point was armed. */
  readonly id: number;
  readonly address: number;
  readonly size: number;
  readonly kind: 'read' | 'write';
  readonly value?: number;
}

/** How long `Machine.run` runs, and past what. */
export interface RunOptions {
  /** Ignore a code point at the first instruction. */
  readonly skipBreak?: boolean;
  /** Interrupt requests wait. */
  readonly holdInterrupts?: boolean;
  /** Come back at this tick at the latest. */
  readonly untilTick?: number;
  /** Come back once so many exceptions and interrupts were delivered since the last step, at the handler. */
  readonly deliveries?: number;
}

/** Where a guest's bytes go: COM1 or port E9h. */
export type OutputChannel = 'serial' | 'debugcon';
export type OutputListener = (channel: OutputChannel, byte: number) => void;

export type MachineEvent =
  /** The steps or ticks asked for are over, or somebody asked for a stop. */
  | { readonly kind: 'slice' }
  /** A code point is armed at EIP; the instruction has not run. */
  | { readonly kind: 'break' }
  /** The step just retired touched armed data. */
  | { readonly kind: 'watch'; readonly hits: readonly AccessHit[] }
  /** The step just retired touched an armed port. */
  | { readonly kind: 'port'; readonly hits: readonly AccessHit[] }
  /** An armed vector is about to be delivered. */
  | { readonly kind: 'vector'; readonly fault: FaultRecord; readonly source: 'exception' | 'interrupt' | 'software' }
  | { readonly kind: 'mode'; readonly changes: readonly string[] }
  | { readonly kind: 'poweroff' }
  /** Port F4h: `status` is (value << 1) | 1, low 8 bits. */
  | { readonly kind: 'exit'; readonly status: number }
  /** The guest asked for a reset. With `onReset: 'reboot'` it has been carried out already. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'triple-fault'; readonly faults: readonly FaultRecord[] }
  /** The guest needs something that is not built yet. */
  | { readonly kind: 'refused'; readonly message: string }
  /** Every vCPU halts and no timer is armed: only an input can change anything; if `dead`, not even that. */
  | { readonly kind: 'idle'; readonly dead: boolean };

/**
 * Feeds a machine from inside the run loop, so that what it does depends on guest time alone: a scenario,
 * a replayed log.
 */
export interface Agent {
  /** Tick at which `poll` must be called next; Infinity when only a requested stop brings it on. */
  readonly nextTick: number;
  /** At that tick, wait for so many deliveries since the last step; 0 unless given. */
  readonly nextDeliveries?: number;
  /** Called between instructions, at `nextTick` and after `Machine.requestStop`. May call `Machine.input`. */
  poll(): void;
}
