/** How results become the two flag words at rest (isa/eflags.ts), and conditions are read from them. */
import * as w from '../../wasm/opcodes.ts';
import { AUX_ADJUST, AUX_CARRY, AUX_CARRY_XOR_OVERFLOW, AUX_MASK } from '../eflags.ts';
import type { Emitter, Value } from './emitter.ts';

/** The carry vector moved so that the operand's top two bits lie at 31 and 30, with AF kept at 3. */
function auxFromVector(e: Emitter, vector: Value, size: number): Value {
  if (size === 4) return e.and(vector, e.k(AUX_MASK));
  const kept = e.let(vector);
  const high = e.and(e.shl(kept, e.k(32 - size * 8)), e.k(AUX_CARRY | AUX_CARRY_XOR_OVERFLOW));
  return e.or(high, e.and(kept, e.k(AUX_ADJUST)));
}

/** Carries out of a + b (+ carry in) = r, bit by bit. */
export function addVector(e: Emitter, a: Value, b: Value, r: Value): Value {
  return e.or(e.and(a, b), e.and(e.or(a, b), e.not(r)));
}

/** Borrows out of a - b (- borrow in) = r, bit by bit. */
export function subVector(e: Emitter, a: Value, b: Value, r: Value): Value {
  return e.or(e.and(e.not(a), b), e.and(e.not(e.xor(a, b)), r));
}

export function setAddFlags(e: Emitter, size: number, a: Value, b: Value, r: Value): void {
  e.setFlagWords(e.signExtend(r, size), auxFromVector(e, addVector(e, a, b, r), size));
}

export function setSubFlags(e: Emitter, size: number, a: Value, b: Value, r: Value): void {
  e.setFlagWords(e.signExtend(r, size), auxFromVector(e, subVector(e, a, b, r), size));
}

/** AND, OR, XOR, TEST: CF = OF = 0; AF is undefined and defined here as 0. */
export function setLogicFlags(e: Emitter, size: number, r: Value): void {
  e.setFlagWords(e.signExtend(r, size), e.k(0));
}

/** INC and DEC: all but CF. `vector` holds the carries of the operation. */
export function setFlagsKeepingCarry(e: Emitter, size: number, r: Value, vector: Value): void {
  const fresh = e.let(auxFromVector(e, vector, size));
  const old = e.let(e.and(e.flagAux(), e.k(AUX_CARRY)));
  // bit 30 = kept CF ^ OF, where OF = fresh bit 31 ^ fresh bit 30.
  const carryXorOverflow = e.and(
    e.xor(e.xor(e.shrU(old, e.k(1)), e.shrU(e.and(fresh, e.k(AUX_CARRY)), e.k(1))), fresh),
    e.k(AUX_CARRY_XOR_OVERFLOW),
  );
  e.setFlagWords(e.signExtend(r, size), e.or(e.or(old, carryXorOverflow), e.and(fresh, e.k(AUX_ADJUST))));
}

/** Aux word from CF and OF as 0/1 values, AF = 0. */
export function auxFromCarryOverflow(e: Emitter, carry: Value, overflow: Value): Value {
  return e.or(e.shl(carry, e.k(31)), e.shl(e.xor(carry, overflow), e.k(30)));
}

/** Changes CF and OF only (rotates). */
export function setCarryOverflow(e: Emitter, carry: Value, overflow: Value): void {
  const kept = e.and(e.flagAux(), e.k(~(AUX_CARRY | AUX_CARRY_XOR_OVERFLOW)));
  e.setFlagWords(e.flagResult(), e.or(kept, auxFromCarryOverflow(e, carry, overflow)));
}

/** Changes CF only; OF is kept. */
export function setCarry(e: Emitter, carry: Value): void {
  const c = e.let(carry);
  setCarryOverflow(e, c, e.let(overflowFlag(e)));
}

export function carryFlag(e: Emitter): Value {
  return e.shrU(e.flagAux(), e.k(31));
}

export function overflowFlag(e: Emitter): Value {
  return e.shrU(e.xor(e.flagAux(), e.shl(e.flagAux(), e.k(1))), e.k(31));
}

export function zeroFlag(e: Emitter): Value {
  return e.eqz(e.flagResult());
}

export function signFlag(e: Emitter): Value {
  return e.shrU(e.xor(e.flagResult(), e.shl(e.flagAux(), e.k(31))), e.k(31));
}

export function adjustFlag(e: Emitter): Value {
  return e.and(e.shrU(e.flagAux(), e.k(3)), e.k(1));
}

export function parityFlag(e: Emitter): Value {
  const low = e.and(e.xor(e.flagResult(), e.shrU(e.flagAux(), e.k(8))), e.k(0xff));
  return e.eqz(e.and(e.unary(w.I32_POPCNT, low), e.k(1)));
}

/** The condition of Jcc, SETcc, CMOVcc by its suffix, 0 or 1 (any non-zero for branches). */
export function condition(e: Emitter, suffix: string): Value {
  const less = () =>
    e.negative(
      e.xor(e.xor(e.flagResult(), e.shl(e.flagAux(), e.k(31))), e.xor(e.flagAux(), e.shl(e.flagAux(), e.k(1)))),
    );
  const below = () => e.negative(e.flagAux());
  switch (suffix) {
    case 'o':
      return overflowFlag(e);
    case 'b':
      return below();
    case 'e':
      return zeroFlag(e);
    case 'be':
      return e.or(below(), zeroFlag(e));
    case 's':
      return signFlag(e);
    case 'p':
      return parityFlag(e);
    case 'l':
      return less();
    case 'le':
      return e.or(less(), zeroFlag(e));
    default:
      return e.eqz(condition(e, OPPOSITE[suffix]));
  }
}

const OPPOSITE: Record<string, string> = { no: 'o', ae: 'b', ne: 'e', a: 'be', ns: 's', np: 'p', ge: 'l', g: 'le' };
