/** Why the monitor's loop came back, and how it is asked to run. */
import type { FaultRecord } from '../isa/exceptions.ts';
import type { Source } from './event-source.ts';

export type VmmExitReason =
  /** The steps asked for have retired. */
  | 'budget'
  /** HLT, and no interrupt that may be taken: the caller moves the clock. */
  | 'halted'
  /** A code point at EIP. */
  | 'break'
  /** The step just retired touched a watched range: `space.takeWatchHits()`. */
  | 'watch'
  /** An armed vector point; the next run delivers. `faults` ends with the event. */
  | 'vector'
  /** A mode point: `modeChange` has the CHANGED_* bits. */
  | 'mode'
  /** A triple fault; `faults` is the chain that led to it. Only a reset helps. */
  | 'shutdown'
  /** Something is not built yet; `message` names it. The instruction at EIP has not been executed. */
  | 'refused'
  /** `requestStop` was called by a device during the step just retired. */
  | 'stopRequested';

export interface VmmExit {
  reason: VmmExitReason;
  faults: readonly FaultRecord[];
  message: string;
  modeChange: number;
  /** For `vector`. */
  vector: number;
  source: Source;
}

export interface RunOptions {
  /** Pass a code point at the first instruction. */
  readonly skipBreak?: boolean;
  /** Interrupt requests stay pending (a debugger is single-stepping). */
  readonly holdInterrupts?: boolean;
  /** The budget ends before the debug trap of the last step: an input is to come in between. */
  readonly holdTraps?: boolean;
  /** Come back, as at the end of the budget, once so many events were delivered since the last step. */
  readonly deliveries?: number;
}
