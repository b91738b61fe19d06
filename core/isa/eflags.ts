/**
 * EFLAGS (SDM vol. 1, 3.4.3) and the form in which the arithmetic flags rest in a context.
 *
 * At rest the six arithmetic flags are two words that every ALU operation can make without knowing who
 * will read them:
 *   result  the result sign-extended to 32 bits: ZF = (result == 0)
 *   aux     bit 31 CF · bit 30 CF ^ OF · bit 3 AF · bit 0 SF delta · bits 8–15 PF delta, others 0
 *           SF = (result bit 31) ^ (aux bit 0); PF = even parity of (result ^ aux >> 8) bits 0–7
 * The two deltas are only non-zero after flags were loaded as a whole (POPF, SAHF, IRET), where ZF, SF
 * and PF can take values that no single result has.
 */
export const CF = 1 << 0;
export const PF = 1 << 2;
export const AF = 1 << 4;
export const ZF = 1 << 6;
export const SF = 1 << 7;
export const TF = 1 << 8;
export const IF = 1 << 9;
export const DF = 1 << 10;
export const OF = 1 << 11;
export const IOPL = 3 << 12;
export const NT = 1 << 14;
export const RF = 1 << 16;
export const VM = 1 << 17;
export const AC = 1 << 18;
export const VIF = 1 << 19;
export const VIP = 1 << 20;
export const ID = 1 << 21;

export const ARITHMETIC = CF | PF | AF | ZF | SF | OF;
/** Bit 1 always reads 1. */
export const FIXED_ONE = 1 << 1;
/** Bits that exist and are not arithmetic. */
export const REST = TF | IF | DF | IOPL | NT | RF | VM | AC | VIF | VIP | ID;

export const AUX_CARRY = 1 << 31;
export const AUX_CARRY_XOR_OVERFLOW = 1 << 30;
export const AUX_ADJUST = 1 << 3;
export const AUX_SIGN_DELTA = 1;
export const AUX_MASK = AUX_CARRY | AUX_CARRY_XOR_OVERFLOW | AUX_ADJUST;

/** 1 when the low byte of `value` has an even number of ones. */
export function evenParity(value: number): number {
  let v = value & 0xff;
  v ^= v >> 4;
  return (0x9669 >> (v & 15)) & 1;
}

/** The arithmetic flags in their EFLAGS places. */
export function arithmeticFlags(result: number, aux: number): number {
  const carry = aux >>> 31;
  let flags = carry;
  if (evenParity(result ^ (aux >>> 8))) flags |= PF;
  if (aux & AUX_ADJUST) flags |= AF;
  if ((result | 0) === 0) flags |= ZF;
  if ((result >>> 31) ^ (aux & 1)) flags |= SF;
  if (carry ^ ((aux >>> 30) & 1)) flags |= OF;
  return flags;
}

/** The aux word for EFLAGS `flags` beside a result of 0 (ZF set) or 1 (ZF clear). */
export function auxWord(flags: number): number {
  const carry = flags & CF ? 1 : 0;
  const overflow = flags & OF ? 1 : 0;
  let aux = (carry << 31) | ((carry ^ overflow) << 30);
  if (flags & AF) aux |= AUX_ADJUST;
  if (flags & SF) aux |= AUX_SIGN_DELTA;
  // Results 0 and 1 have even and odd parity.
  if (((flags & ZF) === 0) !== ((flags & PF) === 0)) aux |= 1 << 8;
  return aux;
}
