/** Multiplication and division (SDM vol. 2). SF ZF AF PF after a multiplication are undefined: taken from the low half. */

import * as w from '../../wasm/opcodes.ts';
import { DE } from '../exceptions.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';

const wideU = (e: Emitter, value: Value): Value => e.unary(w.I64_EXTEND_I32_U, value);
const wideS = (e: Emitter, value: Value): Value => e.unary(w.I64_EXTEND_I32_S, value);
const narrow = (e: Emitter, value: Value): Value => e.unary(w.I32_WRAP_I64, value);
const highHalf = (e: Emitter, value: Value): Value =>
  narrow(
    e,
    e.binary(w.I64_SHR_U, value, () => e.c.i64(32n)),
  );

/** CF = OF = `carry` (0 or 1), the rest from the low half. */
function setProductFlags(e: Emitter, low: Value, size: number, carry: Value): void {
  e.setFlagWords(e.signExtend(low, size), e.shl(carry, e.k(31)));
}

/** One-operand MUL and IMUL: AX, DX:AX or EDX:EAX = accumulator * operand. */
function intoAccumulator(signed: boolean): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const source = e.let(e.operand(0));
    if (size === 4) {
      const widen = signed ? wideS : wideU;
      const product = e.let(e.binary(w.I64_MUL, widen(e, e.register(0, 4)), widen(e, source)), w.I64);
      const low = e.let(narrow(e, product));
      const high = e.let(highHalf(e, product));
      e.setRegister(0, 4, low);
      e.setRegister(2, 4, high);
      const expected = signed ? e.shrS(low, e.k(31)) : e.k(0);
      setProductFlags(e, low, 4, e.binary(w.I32_NE, high, expected));
    } else {
      const extend = (value: Value) => (signed ? e.signExtend(value, size) : value);
      const product = e.let(e.binary(w.I32_MUL, extend(e.register(0, size)), extend(source)));
      const fits = e.let(
        e.binary(w.I32_NE, product, signed ? e.signExtend(product, size) : e.zeroExtend(product, size)),
      );
      if (size === 1) {
        e.setRegister(0, 2, product);
      } else {
        e.setRegister(0, 2, product);
        e.setRegister(2, 2, e.shrU(product, e.k(16)));
      }
      setProductFlags(e, product, size, fits);
    }
    e.next();
  };
}

/** DIV and IDIV in 64 bits for every size; #DE when the divisor is 0 or the quotient does not fit. */
function divide(signed: boolean): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const source = e.let(e.operand(0));
    const divisor = e.let(signed ? wideS(e, e.signExtend(source, size)) : wideU(e, source), w.I64);
    const dividend = e.let(dividendOf(e, size, signed), w.I64);
    e.if(e.eqz(source), () => e.fault(DE));
    const quotient = e.c.temporary(w.I64);
    const remainder = e.c.temporary(w.I64);
    const q: Value = () => e.c.get(quotient);
    const r: Value = () => e.c.get(remainder);
    const regular = () => {
      e.binary(signed ? w.I64_DIV_S : w.I64_DIV_U, dividend, divisor)();
      e.c.set(quotient);
      e.binary(w.I64_SUB, dividend, e.binary(w.I64_MUL, q, divisor))();
      e.c.set(remainder);
    };
    if (signed) {
      // -2^63 / -1 would trap in WebAssembly: dividing by -1 is negation.
      e.if(
        e.binary(w.I64_EQ, divisor, () => e.c.i64(-1n)),
        () => {
          e.binary(w.I64_SUB, () => e.c.i64(0n), dividend)();
          e.c.set(quotient);
          e.c.i64(0n);
          e.c.set(remainder);
        },
        regular,
      );
    } else {
      regular();
    }
    const bits = BigInt(size * 8);
    const shift = 64n - bits;
    const k =
      (value: bigint): Value =>
      () =>
        e.c.i64(value);
    const cut = signed
      ? e.binary(w.I64_SHR_S, e.binary(w.I64_SHL, q, k(shift)), k(shift))
      : e.binary(w.I64_SHR_U, e.binary(w.I64_SHL, q, k(shift)), k(shift));
    e.if(e.binary(w.I64_NE, cut, q), () => e.fault(DE));
    if (size === 1) {
      e.setRegister(0, 1, narrow(e, q));
      e.setRegister(4, 1, narrow(e, r));
    } else {
      e.setRegister(0, size, narrow(e, q));
      e.setRegister(2, size, narrow(e, r));
    }
    e.next();
  };
}

/** AX, DX:AX or EDX:EAX as an i64. */
function dividendOf(e: Emitter, size: number, signed: boolean): Value {
  if (size === 1) return signed ? wideS(e, e.signExtend(e.register(0, 2), 2)) : wideU(e, e.register(0, 2));
  if (size === 2) {
    const joined = e.or(e.shl(e.register(2, 2), e.k(16)), e.register(0, 2));
    return signed ? wideS(e, joined) : wideU(e, joined);
  }
  const high = e.binary(w.I64_SHL, wideU(e, e.register(2, 4)), () => e.c.i64(32n));
  return e.binary(w.I64_OR, high, wideU(e, e.register(0, 4)));
}

export const multiply: Record<string, Meaning> = {
  mul: intoAccumulator(false),
  imul1: intoAccumulator(true),
  div: divide(false),
  idiv: divide(true),
  /** Two and three operands: the product is cut; CF = OF = it did not fit. */
  imul: (e) => {
    const size = e.form.sizes[0];
    const three = e.form.shapes.length === 3;
    const a = e.let(e.signExtend(e.operand(three ? 1 : 0), size));
    const b = e.let(e.signExtend(e.operand(three ? 2 : 1), size));
    if (size === 4) {
      const product = e.let(e.binary(w.I64_MUL, wideS(e, a), wideS(e, b)), w.I64);
      const low = e.let(narrow(e, product));
      e.setOperand(0, low);
      setProductFlags(e, low, 4, e.binary(w.I64_NE, wideS(e, low), product));
    } else {
      const product = e.let(e.binary(w.I32_MUL, a, b));
      e.setOperand(0, product);
      setProductFlags(e, product, size, e.binary(w.I32_NE, e.signExtend(product, size), product));
    }
    e.next();
  },
};
