/**
 * Where we differ from a recorded CPU on purpose, as data: which vectors, and why. Everything else must agree.
 */
import type { Vector } from './vector.ts';

export interface Exception {
  readonly reason: string;
  readonly applies: (vector: Vector) => boolean;
}

const PREFIXES = [0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3];
const SEGMENT_PREFIXES = [0x26, 0x2e, 0x36, 0x3e];
const GP = 13;

/** What the rules below look at, in 16-bit code. */
function parts({ code }: Vector): { prefixes: number[]; opcode: number; modrm: number } {
  let at = 0;
  while (PREFIXES.includes(code[at])) at++;
  return { prefixes: [...code.subarray(0, at)], opcode: code[at], modrm: code[at + 1] };
}

/** INS OUTS MOVS CMPS STOS LODS SCAS of words. */
const WORD_STRINGS = [0x6d, 0x6f, 0xa5, 0xa7, 0xab, 0xad, 0xaf];
/** POP ES, SS, DS, POPA, POP r/m, LEAVE: they read the stack. POP of a register is 58–5F. */
const STACK_READS = [0x07, 0x17, 0x1f, 0x61, 0x8f, 0xc9];

/** True when the instruction reads or writes through SS. */
function usesStackSegment(vector: Vector): boolean {
  const { prefixes, opcode, modrm } = parts(vector);
  if (STACK_READS.includes(opcode) || (opcode & 0xf8) === 0x58) return true;
  const override = prefixes.filter((prefix) => SEGMENT_PREFIXES.includes(prefix)).at(-1);
  if (override !== undefined) return override === 0x36;
  const [mod, rm] = [modrm >>> 6, modrm & 7];
  // Bases BP: [bp+si], [bp+di], [bp+d].
  return mod < 3 && (rm === 2 || rm === 3 || (rm === 6 && mod !== 0));
}

/** Offset of a ModRM memory operand in 16-bit code, -1 for a register. */
function effectiveAddress(vector: Vector): number {
  const { prefixes, modrm } = parts(vector);
  const [mod, rm] = [modrm >>> 6, modrm & 7];
  if (mod === 3) return -1;
  const [, , , bx, , bp, si, di] = vector.general;
  const rest = new DataView(vector.code.buffer, vector.code.byteOffset + prefixes.length + 2);
  if (mod === 0 && rm === 6) return rest.getUint16(0, true);
  const base = [bx + si, bx + di, bp + si, bp + di, si, di, bp, bx][rm];
  const displacement = mod === 0 ? 0 : mod === 1 ? rest.getInt8(0) : rest.getInt16(0, true);
  return (base + displacement) & 0xffff;
}

/** LES, LDS, CALL and JMP through a far pointer in memory. */
function readsFarPointer(vector: Vector): boolean {
  const { opcode, modrm } = parts(vector);
  return opcode === 0xc4 || opcode === 0xc5 || (opcode === 0xff && [3, 5].includes((modrm >>> 3) & 7));
}

/** Rules for vectors of an 80286; no other CPU's vectors have exceptions. */
const ON_80286: readonly Exception[] = [
  {
    reason: 'the 80286 takes LOCK before any instruction; later CPUs raise #UD (SDM vol. 2, LOCK)',
    applies: (vector) => parts(vector).prefixes.includes(0xf0),
  },
  {
    reason: 'the 80286 raises 13 for an instruction of more than 10 bytes; the limit is 15 since the 80386',
    applies: (vector) => vector.code.length > 10,
  },
  {
    reason: 'FS and GS came with the 80386; the 80286 raises 6',
    applies: (vector) => parts(vector).opcode === 0x8e && [4, 5].includes((parts(vector).modrm >>> 3) & 7),
  },
  {
    reason: 'the 80286 advances SI, DI and CX before a word at offset FFFFh faults; later CPUs restart cleanly',
    applies: (vector) => vector.expected.vector === GP && WORD_STRINGS.includes(parts(vector).opcode),
  },
  {
    reason: 'the 80286 raises 13 for an operand that wraps in SS too; later CPUs raise 12 (SDM vol. 3, 6.15)',
    applies: (vector) => vector.expected.vector === GP && usesStackSegment(vector),
  },
  {
    reason: 'the 80286 wraps to offset 0 between the two words of a far pointer at FFFEh; later CPUs fault',
    applies: (vector) => readsFarPointer(vector) && effectiveAddress(vector) === 0xfffe,
  },
];

export function exceptionFor(vector: Vector): Exception | undefined {
  return vector.wordRegisters ? ON_80286.find((exception) => exception.applies(vector)) : undefined;
}
