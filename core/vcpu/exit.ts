/** Why direct execution stopped. One record a context, overwritten at each exit (as kvm_run does). */
import type { Instruction } from '../isa/instruction.ts';

/** The budget is used up (exactly). */
export const EXIT_BUDGET = 0;
/** The instruction at EIP must be emulated; `instruction` describes it. Nothing of it was executed. */
export const EXIT_TRAP = 1;
/** The instruction at EIP faulted; `vector`, `errorCode`, `linear` say how. Nothing of it was committed. */
export const EXIT_FAULT = 2;
/** A code point is armed at EIP; the instruction has not been executed. */
export const EXIT_BREAK = 3;
/** The step just retired touched a watched range; `AddressSpace.takeWatchHits()` tells which. */
export const EXIT_WATCH = 4;
/** Internal to the engine: a record has to be looked up or decoded at CTX_EIP. */
export const EXIT_LOOKUP = 5;
/**
 * The instruction at EIP touches a device or a watched range; nothing of it was executed. Run it `alone`: a
 * device then sees the step at which it is touched, and what it asks for (an interrupt, the end of the run) is
 * heard before the next step.
 */
export const EXIT_ALONE = 6;

export interface Exit {
  reason: number;
  /** For EXIT_FAULT. */
  vector: number;
  errorCode: number;
  linear: number;
  cause: string;
  /** For EXIT_TRAP. */
  instruction: Instruction | undefined;
  /** Steps retired by the run that just ended. */
  steps: number;
  /** The last of these steps was an iteration of the instruction at EIP, which goes on. */
  repeating: boolean;
}

export function newExit(): Exit {
  return {
    reason: EXIT_BUDGET,
    vector: 0,
    errorCode: 0,
    linear: 0,
    cause: '',
    instruction: undefined,
    steps: 0,
    repeating: false,
  };
}
