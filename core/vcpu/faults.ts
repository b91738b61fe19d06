/** Faults of direct execution: how generated code's and the address space's end up in the exit record. */
import { GP } from '../isa/exceptions.ts';
import { CTX_EXIT, CTX_VECTOR } from '../memory/layout.ts';
import { hex } from '../util/hex.ts';
import { type AddressSpace, FILL_ALONE, FILL_FAULT } from './address-space.ts';
import type { Context } from './context.ts';
import { EXIT_ALONE, EXIT_FAULT } from './exit.ts';

/** In CTX_VECTOR: the fault is already described in the exit record. */
const VECTOR_DESCRIBED = 0x100;

/** Why there is an #AC. */
export function unalignedOperand(linear: number): string {
  return `unaligned operand at ${hex(linear)} with EFLAGS.AC and CR0.AM set`;
}

const CAUSES: Record<number, string> = {
  0: 'divisor is zero or the quotient does not fit',
  5: 'BOUND index out of range',
  7: 'x87 instruction with CR0.EM or CR0.TS, or WAIT with CR0.MP and CR0.TS',
  12: 'stack segment limit violation',
  13: 'segment limit or type violation',
  16: 'pending x87 exception',
};

/** Raises `vector` at the current instruction. */
export function setFault(context: Context, vector: number, cause: string): void {
  const { exit } = context;
  exit.vector = vector;
  exit.errorCode = 0;
  exit.linear = 0;
  exit.cause = cause;
  context.setWord(CTX_VECTOR, VECTOR_DESCRIBED);
  context.setWord(CTX_EXIT, EXIT_FAULT);
}

/** #GP for code that cannot be fetched as a whole. */
export function setFetchFault(context: Context): void {
  setFault(context, GP, 'instruction fetch beyond the CS limit or longer than 15 bytes');
}

/** Completes the exit record after generated code raised a vector by itself. */
export function describeFault(context: Context): void {
  const vector = context.word(CTX_VECTOR);
  if (vector === VECTOR_DESCRIBED) return;
  const { exit } = context;
  exit.vector = vector;
  exit.errorCode = 0;
  exit.linear = 0;
  exit.cause = CAUSES[vector] ?? '';
}

/** True when the answer of a fill ends the instruction; the exit is set. */
export function refused(context: Context, space: AddressSpace, answer: number): boolean {
  if (answer === FILL_FAULT) {
    const { fault } = space;
    setFault(context, fault.vector, fault.cause);
    context.exit.errorCode = fault.errorCode;
    context.exit.linear = fault.linear ?? 0;
    return true;
  }
  if (answer === FILL_ALONE) {
    context.setWord(CTX_EXIT, EXIT_ALONE);
    return true;
  }
  return false;
}
