/**
 * What the emulation of instructions asks of the guest's memory. `ShadowPaging` is the implementer of
 * the monitor; tests use a flat toy.
 */

import type { Fault } from '../isa/exceptions.ts';
import type { Context } from '../vcpu/context.ts';
import type { Watch } from './watch-ranges.ts';

export type OperandSize = 1 | 2 | 4;

export interface GuestSpace {
  /** The fault of the last access that answered undefined or false. */
  readonly fault: Fault;
  /** True when an access since the last `takeWatchHits` touched a watched range. */
  readonly hasWatchHits: boolean;
  /** Unsigned value, or undefined when the access faults. May cross a page. */
  read(context: Context, linear: number, size: OperandSize, user: boolean): number | undefined;
  /** True when a write would succeed; sets A and D bits but writes nothing. */
  probeWrite(context: Context, linear: number, size: OperandSize, user: boolean): boolean;
  /** False when the access faults; then nothing was written. */
  write(context: Context, linear: number, size: OperandSize, value: number, user: boolean): boolean;
  /** CR0, CR3, CR4 or A20 changed: puts the right shadow table into the context. */
  switchSpace(context: Context): void;
  /** Replaces the guest's own data breakpoints: linear ranges, `id` is n of DRn. */
  setBreakpoints(list: readonly Watch[]): void;
  /** Bn bits of those touched by accesses since the last call. */
  takeBreakpointsMet(): number;
  /** INVLPG. */
  invalidatePage(linear: number): void;
}
