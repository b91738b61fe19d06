/** Data movement and single-flag instructions: what computes nothing. */

import * as w from '../../wasm/opcodes.ts';
import { DF } from '../eflags.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { adjustFlag, carryFlag, condition, parityFlag, setCarry, signFlag, zeroFlag } from './flags.ts';

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

function extending(signed: boolean): Meaning {
  return (e) => {
    const value = e.operand(1);
    e.setOperand(0, signed ? e.signExtend(value, e.form.sizes[1]) : value);
    e.next();
  };
}

function byteSwap(e: Emitter, value: Value): Value {
  const swap = (v: Value, shift: number, mask: number) =>
    e.or(e.and(e.shrU(v, e.k(shift)), e.k(mask)), e.shl(e.and(v, e.k(mask)), e.k(shift)));
  return e.binary(w.I32_ROTL, e.let(swap(value, 8, 0x00ff00ff)), e.k(16));
}

const conditional: Record<string, Meaning> = {};
for (const cc of CONDITIONS) {
  conditional[`set${cc}`] = (e) => {
    e.probeOperand(0);
    e.setOperand(0, e.binary(w.I32_NE, condition(e, cc), e.k(0)));
    e.next();
  };
  // The source is read, and can fault, even when nothing moves (SDM, CMOVcc).
  conditional[`cmov${cc}`] = (e) => {
    const source = e.let(e.operand(1));
    e.if(condition(e, cc), () => e.setOperand(0, source));
    e.next();
  };
}

export const move: Record<string, Meaning> = {
  ...conditional,

  mov: (e) => {
    if (e.isMemory(0)) e.probeOperand(0);
    e.setOperand(0, e.operand(1));
    e.next();
  },
  movzx: extending(false),
  movsx: extending(true),
  lea: (e) => {
    e.setOperand(0, e.effectiveAddress());
    e.next();
  },
  xchg: (e) => {
    const a = e.operandForUpdate(0);
    const b = e.let(e.operand(1));
    e.setOperand(0, b);
    e.setOperand(1, a);
    e.next();
  },
  /** With a 16-bit operand the result is undefined; processors of the Pentium line leave 0. */
  bswap: (e) => {
    const size = e.form.sizes[0];
    const value = e.let(e.operand(0));
    e.setOperand(0, size === 4 ? byteSwap(e, value) : e.k(0));
    e.next();
  },
  cbw: (e) => {
    const size = e.form.size;
    e.setRegister(0, size, e.signExtend(e.register(0, size / 2), size / 2));
    e.next();
  },
  cwd: (e) => {
    const size = e.form.size;
    e.setRegister(2, size, e.shrS(e.signExtend(e.register(0, size), size), e.k(31)));
    e.next();
  },
  xlat: (e) => {
    const offset = e.and(e.add(e.register(3, 4), e.register(0, 1)), e.addressMask());
    e.setRegister(0, 1, e.read(e.linearOperand(offset, 1, 'read'), 1));
    e.next();
  },
  salc: (e) => {
    e.setRegister(0, 1, e.sub(e.k(0), carryFlag(e)));
    e.next();
  },
  nop: (e) => e.next(),

  lahf: (e) => {
    const bit = (value: Value, at: number) => e.shl(value, e.k(at));
    const low = e.or(e.or(carryFlag(e), bit(parityFlag(e), 2)), e.k(2));
    const high = e.or(e.or(bit(adjustFlag(e), 4), bit(zeroFlag(e), 6)), bit(signFlag(e), 7));
    e.setRegister(4, 1, e.or(low, high));
    e.next();
  },
  /** SF ZF AF PF CF from AH; OF is kept. The deltas of the aux word make any combination possible. */
  sahf: (e) => {
    const ah = e.let(e.register(4, 1));
    const bit = (at: number) => e.and(e.shrU(ah, e.k(at)), e.k(1));
    const overflow = e.let(e.shrU(e.xor(e.flagAux(), e.shl(e.flagAux(), e.k(1))), e.k(31)));
    const zero = e.let(bit(6));
    const carry = e.let(bit(0));
    let aux = e.or(e.shl(carry, e.k(31)), e.shl(e.xor(carry, overflow), e.k(30)));
    aux = e.or(aux, e.shl(bit(4), e.k(3)));
    aux = e.or(aux, bit(7));
    // Result is 0 (parity even) or 1 (parity odd): the parity delta is set where that disagrees with PF.
    aux = e.or(aux, e.shl(e.xor(zero, bit(2)), e.k(8)));
    e.setFlagWords(e.xor(zero, e.k(1)), aux);
    e.next();
  },
  clc: (e) => {
    setCarry(e, e.k(0));
    e.next();
  },
  stc: (e) => {
    setCarry(e, e.k(1));
    e.next();
  },
  cmc: (e) => {
    setCarry(e, e.xor(carryFlag(e), e.k(1)));
    e.next();
  },
  cld: (e) => {
    e.setFlagRest(e.and(e.flagRest(), e.k(~DF)));
    e.next();
  },
  std: (e) => {
    e.setFlagRest(e.or(e.flagRest(), e.k(DF)));
    e.next();
  },

  /** Only ZF changes. The destination is always written (SDM, CMPXCHG8B). */
  cmpxchg8b: (e) => {
    const place = e.probe(e.linearOperand(e.effectiveAddress(), 8, 'update'), 8, 'update');
    const low = e.let(e.loadPlace(place, 4));
    const high = e.let(e.loadPlace(place, 4, 4));
    const equal = e.let(e.eqz(e.or(e.xor(low, e.register(0, 4)), e.xor(high, e.register(2, 4)))));
    e.storePlace(place, 4, e.select(equal, e.register(3, 4), low));
    e.storePlace(place, 4, e.select(equal, e.register(1, 4), high), 4);
    e.commit(place);
    e.if(e.eqz(equal), () => {
      e.setRegister(0, 4, low);
      e.setRegister(2, 4, high);
    });
    replaceZeroFlag(e, equal);
    e.next();
  },
};

/** Sets ZF to 0 or 1 and keeps the other five, by way of SF and PF deltas against a result of 0 or 1. */
export function replaceZeroFlag(e: Emitter, zero: Value): void {
  const sign = e.let(signFlag(e));
  const parity = e.let(parityFlag(e));
  const kept = e.let(e.and(e.flagAux(), e.k(0xc0000008 | 0)));
  const aux = e.or(e.or(kept, sign), e.shl(e.xor(zero, parity), e.k(8)));
  e.setFlagWords(e.xor(zero, e.k(1)), aux);
}
