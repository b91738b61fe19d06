/**
 * What the engine asks of whoever owns the guest's memory: the monitor with its shadow page tables, a
 * process VM, or the flat toy of the tests. The engine reads the shadow table at CTX_SHADOW itself and
 * comes here only when an entry lacks the permission it needs.
 */
import type { Fault } from '../isa/exceptions.ts';
import type { Context } from './context.ts';

/** What an access will do. `ACCESS_WRITE` also stands for read-modify-write. */
export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_EXECUTE = 2;
export type Access = typeof ACCESS_READ | typeof ACCESS_WRITE | typeof ACCESS_EXECUTE;

/** The access faults; `fault` holds what. */
export const FILL_FAULT = 0;
/** Translated and permitted, but the bytes must go through `load` and `store` (MMIO, watched, traced, code). */
export const FILL_SLOW = 1;
/** The access is a device's or touches an armed data point, and the engine is not told to make it: EXIT_ALONE. */
export const FILL_ALONE = 2;

export interface AddressSpace {
  /** The fault of the last `fill` that answered FILL_FAULT. */
  readonly fault: Fault;
  /** True when an access made alone touched an armed data point since the hits were last taken. */
  readonly hasWatchHits: boolean;
  /**
   * Translates one access of `size` bytes that does not cross a page. `user` is true at CPL 3 for
   * ordinary accesses, false for supervisor and descriptor-table accesses. Answers FILL_FAULT,
   * FILL_SLOW, FILL_ALONE, or a shadow entry (> 0xFFF or with a permission bit set, never 0–2 alone)
   * that it has also stored in the context's shadow table when it may be reused. Sets A and D bits as
   * the SDM says (vol. 3, 4.8). With `stepping`, watched pages and devices answer FILL_SLOW.
   */
  fill(context: Context, linear: number, size: number, access: Access, user: boolean, stepping: boolean): number;
  /** Copies guest bytes (already filled, may cross a page) to host address `to`; MMIO is read here. */
  load(context: Context, linear: number, size: number, to: number): void;
  /** Copies `size` bytes at host address `from` to the guest; MMIO is written, traces and code dropped here. */
  store(context: Context, linear: number, size: number, from: number): void;
  /** Code was decoded from a host page: whoever writes to it is heard of (Engine.invalidate) from now on. */
  protectCode(hostPage: number): void;
  /** Nothing decoded from it is left: it may be written directly again. */
  releaseCode(hostPage: number): void;
  /** Linear pages that carry code points: their entries must lack the EXEC bits, so that entering them is seen. */
  setExecBlocked(pages: ReadonlySet<number>): void;
}

/** Entry value test: true when `fill` answered a translation that generated code may use directly. */
export function isEntry(answer: number): boolean {
  return answer < 0 || answer > FILL_ALONE;
}
