/**
 * EFLAGS bits an instruction leaves undefined, by opcode, for vector files that do not say it themselves
 * (SDM vol. 2, the "Flags Affected" sections). The recorded CPU had some value there; ours has another.
 */
import { AF, CF, OF, PF, SF, ZF } from '../../../core/isa/eflags.ts';

const ALL = CF | PF | AF | ZF | SF | OF;
const PREFIXES = new Set([0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3]);

/** Shifts and rotates by `count`: OF is defined for 1 only, AF never (rotates leave it alone), CF up to the size. */
function shift(operation: number, count: number, bits: number): number {
  const masked = count & 31;
  if (masked === 0) return 0;
  const overflow = masked === 1 ? 0 : OF;
  if (operation < 4) return overflow;
  return overflow | AF | (masked >= bits && operation !== 7 ? CF : 0);
}

/** Group 3 (F6, F7): TEST MUL IMUL DIV IDIV. */
function group3(operation: number): number {
  if (operation < 2) return AF;
  if (operation < 4) return 0;
  return operation < 6 ? SF | ZF | AF | PF : ALL;
}

/** @param code instruction bytes @param cl the count register */
export function undefinedFlags(code: Uint8Array, cl: number): number {
  let at = 0;
  while (PREFIXES.has(code[at])) at++;
  const opcode = code[at];
  const modrm = code[at + 1];
  const operation = (modrm >>> 3) & 7;
  const bits = opcode & 1 ? 16 : 8;
  if (opcode < 0x40 && (opcode & 7) < 6) return [1, 4, 6].includes(opcode >>> 3) ? AF : 0;
  switch (opcode) {
    case 0x27:
    case 0x2f:
      return OF;
    case 0x37:
    case 0x3f:
      return OF | SF | ZF | PF;
    case 0x69:
    case 0x6b:
      return SF | ZF | AF | PF;
    case 0x80:
    case 0x81:
    case 0x82:
    case 0x83:
      return [1, 4, 6].includes(operation) ? AF : 0;
    case 0x84:
    case 0x85:
    case 0xa8:
    case 0xa9:
      return AF;
    case 0xc0:
    case 0xc1:
      return shift(operation, code[code.length - 1], bits);
    case 0xd0:
    case 0xd1:
      return shift(operation, 1, bits);
    case 0xd2:
    case 0xd3:
      return shift(operation, cl, bits);
    case 0xd4:
    case 0xd5:
      return OF | AF | CF;
    case 0xf6:
    case 0xf7:
      return group3(operation);
    default:
      return 0;
  }
}
