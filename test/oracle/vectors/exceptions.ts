/**
 * Where we differ from a recorded CPU on purpose, as data: which vectors, and why. Everything else must agree.
 */
import type { Vector } from './vector.ts';

export interface Exception {
  readonly reason: string;
  readonly applies: (vector: Vector) => boolean;
}

/** Length of the instruction's bytes that are prefixes, from the vector's code. */
function prefixes(vector: Vector): number[] {
  const PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];
  const code = vector.code;
  let count = 0;
  while (PREFIXES.includes(code[count])) count++;
  return [...code.subarray(0, count)];
}

const is80286 = (vector: Vector) => vector.wordRegisters === true;

export const EXCEPTIONS: readonly Exception[] = [
  {
    reason: 'the 80286 takes LOCK before any instruction; later CPUs raise #UD (SDM vol. 2, LOCK)',
    applies: (vector) => is80286(vector) && prefixes(vector).includes(0xf0),
  },
];

export function exceptionFor(vector: Vector): Exception | undefined {
  return EXCEPTIONS.find((exception) => exception.applies(vector));
}
