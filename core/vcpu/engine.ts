/** Direct execution of guest code, whatever runs it: tier 0, tier 1, or a toy. */
import type { Context } from './context.ts';
import type { Exit } from './exit.ts';

export interface Engine {
  /**
   * Runs guest code from CTX_EIP for at most `budget` steps, until something traps. Answers
   * `context.exit`. A budget is honoured exactly: EXIT_BUDGET means that `budget` steps retired.
   * @param skipBreak ignore a code point at the first instruction (to go on after one)
   * @param alone after EXIT_ALONE, with a budget of 1: make the access
   */
  run(context: Context, budget: number, skipBreak?: boolean, alone?: boolean): Exit;
  /** Guest bytes of a host page changed: forgets what was decoded from [offset, offset + length). */
  invalidate(hostPage: number, offset: number, length: number): void;
  /** Forgets everything decoded: always allowed, never visible to the guest. */
  flush(): void;
  /** Linear addresses (or EIP values) at which execution stops with EXIT_BREAK. Replaces the previous set. */
  setCodePoints(points: ReadonlySet<number>): void;
}
