/** Decimal adjustment (SDM vol. 2). OF, and SF ZF PF of AAA and AAS, are undefined: OF = 0, the others by AL. */

import * as w from '../../wasm/opcodes.ts';
import { DE } from '../exceptions.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { adjustFlag, carryFlag } from './flags.ts';

function setDecimalFlags(e: Emitter, al: Value, adjust: Value, carry: Value): void {
  // CF alone: bit 30 is CF ^ OF with OF = 0.
  const aux = e.or(e.or(e.shl(carry, e.k(31)), e.shl(carry, e.k(30))), e.shl(adjust, e.k(3)));
  e.setFlagWords(e.signExtend(al, 1), aux);
}

const gtU = (e: Emitter, a: Value, b: number): Value => e.binary(w.I32_GT_U, a, e.k(b));

/** DAA and DAS. */
function packed(subtract: boolean): Meaning {
  return (e) => {
    const old = e.let(e.register(0, 1));
    const oldCarry = e.let(carryFlag(e));
    const adjust = e.let(e.or(gtU(e, e.and(old, e.k(15)), 9), adjustFlag(e)));
    const high = e.let(e.or(gtU(e, old, 0x99), oldCarry));
    const change = e.add(e.select(adjust, e.k(6), e.k(0)), e.select(high, e.k(0x60), e.k(0)));
    const al = e.let(e.and(subtract ? e.sub(old, change) : e.add(old, change), e.k(0xff)));
    // DAS: a borrow from subtracting 6 alone also leaves CF set.
    const borrowed = e.and(adjust, e.binary(w.I32_LT_U, old, e.k(6)));
    e.setRegister(0, 1, al);
    setDecimalFlags(e, al, adjust, e.let(subtract ? e.or(high, borrowed) : high));
    e.next();
  };
}

/** AAA and AAS. */
function unpacked(subtract: boolean): Meaning {
  return (e) => {
    const ax = e.let(e.register(0, 2));
    const adjust = e.let(e.or(gtU(e, e.and(ax, e.k(15)), 9), adjustFlag(e)));
    const changed = subtract ? e.sub(ax, e.k(0x106)) : e.add(ax, e.k(0x106));
    const value = e.let(e.and(e.select(adjust, changed, ax), e.k(0xff0f)));
    e.setRegister(0, 2, value);
    setDecimalFlags(e, value, adjust, adjust);
    e.next();
  };
}

export const bcd: Record<string, Meaning> = {
  daa: packed(false),
  das: packed(true),
  aaa: unpacked(false),
  aas: unpacked(true),
  aam: (e) => {
    const base = e.let(e.operand(0));
    e.if(e.eqz(base), () => e.fault(DE));
    const old = e.let(e.register(0, 1));
    const al = e.let(e.binary(w.I32_REM_U, old, base));
    e.setRegister(4, 1, e.binary(w.I32_DIV_U, old, base));
    e.setRegister(0, 1, al);
    e.setFlagWords(e.signExtend(al, 1), e.k(0));
    e.next();
  },
  aad: (e) => {
    const product = e.binary(w.I32_MUL, e.register(4, 1), e.operand(0));
    const al = e.let(e.and(e.add(e.register(0, 1), product), e.k(0xff)));
    e.setRegister(0, 2, al);
    e.setFlagWords(e.signExtend(al, 1), e.k(0));
    e.next();
  },
};
