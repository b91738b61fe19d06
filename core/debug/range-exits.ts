/**
 * Where execution can leave a range of code: the instructions at which a debugger that steps through the
 * range has to look, so that everything between them runs at full speed. A loop on one line then costs
 * one look a round, or none.
 */
import { decode } from '../isa/decode.ts';
import type { Instruction } from '../isa/instruction.ts';

export interface RangeExits {
  /** Offsets of all instructions in the range. */
  readonly starts: ReadonlySet<number>;
  /** Those that may leave it, and the end itself. */
  readonly exits: readonly number[];
}

/** Ranges longer than this are no source line. */
export const MAX_RANGE = 0x4000;

/** Near and far CALL, INT3, INT n, INTO, INT1; of FF the forms /2 and /3. */
const CALLS = new Set([0xe8, 0x9a, 0xcc, 0xcd, 0xce, 0xf1]);

/** RET, RETF, IRET, INT3, INT n, INTO, INT1, far CALL and JMP, near CALL; SYSENTER and SYSEXIT. */
const ALWAYS = new Set([0xc2, 0xc3, 0xca, 0xcb, 0xcf, 0xcc, 0xcd, 0xce, 0xf1, 0x9a, 0xea, 0xe8, 0x0f34, 0x0f35]);

/**
 * @param bytes of the range @param start offset in CS of its first byte
 * @returns undefined when it does not decode as code from `start` to its very end
 */
export function rangeExits(bytes: Uint8Array, start: number, bits16: boolean): RangeExits | undefined {
  if (bytes.length === 0 || bytes.length > MAX_RANGE) return undefined;
  const end = (start + bytes.length) >>> 0;
  const starts = new Set<number>();
  const exits = [end];
  for (let at = 0; at < bytes.length; ) {
    const instruction = decode(bytes, at, bits16);
    if (instruction === undefined || instruction.length === 0) return undefined;
    const offset = (start + at) >>> 0;
    starts.add(offset);
    at += instruction.length;
    if (mayLeave(instruction, (start + at) >>> 0, start, end)) exits.push(offset);
  }
  return { starts, exits };
}

function mayLeave(instruction: Instruction, next: number, start: number, end: number): boolean {
  const { opcode, reg, trapClass, immediate, operandSize } = instruction;
  if (ALWAYS.has(opcode) || trapClass === 'undefined' || trapClass === 'missing') return true;
  if (opcode === 0xff) return reg >= 2 && reg <= 5;
  if (!isRelativeJump(opcode)) return false;
  const target = operandSize === 2 ? (next + immediate) & 0xffff : (next + immediate) >>> 0;
  return target < start || target >= end;
}

/** Jcc, JMP, LOOPcc and JECXZ with a displacement. */
function isRelativeJump(opcode: number): boolean {
  if ((opcode >= 0x70 && opcode <= 0x7f) || (opcode >= 0x0f80 && opcode <= 0x0f8f)) return true;
  return (opcode >= 0xe0 && opcode <= 0xe3) || opcode === 0xe9 || opcode === 0xeb;
}

/** Bytes of the instruction at the start of `bytes` when it is one that comes back: a CALL or a software interrupt. */
export function callLength(bytes: Uint8Array, bits16: boolean): number | undefined {
  const instruction = decode(bytes, 0, bits16);
  if (instruction === undefined) return undefined;
  const { opcode, reg, length } = instruction;
  return CALLS.has(opcode) || (opcode === 0xff && (reg === 2 || reg === 3)) ? length : undefined;
}
