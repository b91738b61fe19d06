/** How the emulation of an instruction ended. */
export type Outcome = 0 | 1 | 2 | 3 | 4 | 5;
/** Retired; EIP moves past it. */
export const DONE = 0;
/** Retired; the emulation has set EIP. */
export const JUMPED = 1;
/** One iteration of a repeated string instruction retired; EIP stays. */
export const AGAIN = 2;
/** Faulted; the monitor's `fault*` fields say how. Nothing was committed. */
export const FAULT = 3;
/** Needs something that is not built yet; `refusal` names it. Nothing was committed. */
export const REFUSED = 4;
/** A vector point is armed for the interrupt this instruction makes. Nothing was committed. */
export const POINT = 5;
