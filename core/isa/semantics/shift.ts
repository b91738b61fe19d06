/** Shifts, rotates and double shifts (SDM vol. 2). Counts are taken modulo 32; a count of 0 changes nothing. */
import * as w from '../../wasm/opcodes.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { auxFromCarryOverflow, carryFlag, setCarryOverflow } from './flags.ts';

interface Result {
  readonly r: Value;
  readonly carry: Value;
  readonly overflow: Value;
}

/** Top bit of an n-byte value, as 0 or 1. */
function top(e: Emitter, value: Value, size: number): Value {
  return e.and(e.shrU(value, e.k(size * 8 - 1)), e.k(1));
}

/** Exclusive or of the top two bits. */
function topTwo(e: Emitter, value: Value, size: number): Value {
  return e.and(e.xor(e.shrU(value, e.k(size * 8 - 1)), e.shrU(value, e.k(size * 8 - 2))), e.k(1));
}

type Compute = (e: Emitter, a: Value, count: Value, size: number) => Result;

function counted(compute: Compute, setFlags: (e: Emitter, size: number, result: Result) => void): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const count = e.let(e.and(e.operand(1), e.k(31)));
    const a = e.operandForUpdate(0);
    e.if(count, () => {
      const result = compute(e, a, count, size);
      setFlags(e, size, result);
      e.setOperand(0, result.r);
    });
    e.next();
  };
}

function shifting(compute: Compute): Meaning {
  return counted(compute, (e, size, { r, carry, overflow }) =>
    e.setFlagWords(e.signExtend(r, size), auxFromCarryOverflow(e, carry, overflow)),
  );
}

/** Rotates change CF and OF only. */
function rotating(compute: Compute): Meaning {
  return counted(compute, (e, _, { carry, overflow }) => setCarryOverflow(e, carry, overflow));
}

const wide = (e: Emitter, value: Value): Value => e.unary(w.I64_EXTEND_I32_U, value);
const narrow = (e: Emitter, value: Value): Value => e.unary(w.I32_WRAP_I64, value);
const k64 =
  (e: Emitter, value: bigint): Value =>
  () =>
    e.c.i64(value);

/** Rotation through CF: an (n + 1)-bit rotation in 64 bits. */
function throughCarry(left: boolean) {
  return (e: Emitter, a: Value, count: Value, size: number): Result => {
    const bits = size * 8;
    const turns = size === 4 ? count : e.let(e.binary(w.I32_REM_U, count, e.k(bits + 1)));
    const value = e.let(
      e.binary(w.I64_OR, wide(e, a), e.binary(w.I64_SHL, wide(e, carryFlag(e)), k64(e, BigInt(bits)))),
      w.I64,
    );
    const near = wide(e, turns);
    const far = wide(e, e.sub(e.k(bits + 1), turns));
    const rotated = e.let(
      e.binary(
        w.I64_OR,
        e.binary(w.I64_SHL, value, left ? near : far),
        e.binary(w.I64_SHR_U, value, left ? far : near),
      ),
      w.I64,
    );
    const r = e.let(narrow(e, rotated));
    const carry = e.let(e.and(narrow(e, e.binary(w.I64_SHR_U, rotated, k64(e, BigInt(bits)))), e.k(1)));
    return { r, carry, overflow: e.let(left ? e.xor(top(e, r, size), carry) : topTwo(e, r, size)) };
  };
}

function rotate(left: boolean) {
  return (e: Emitter, a: Value, count: Value, size: number): Result => {
    const bits = size * 8;
    let r: Value;
    if (size === 4) {
      r = e.let(e.binary(left ? w.I32_ROTL : w.I32_ROTR, a, count));
    } else {
      const turns = e.let(e.and(count, e.k(bits - 1)));
      const back = e.and(e.sub(e.k(bits), turns), e.k(31));
      const [up, down] = left ? [turns, back] : [back, turns];
      r = e.let(e.zeroExtend(e.or(e.shl(a, up), e.shrU(a, down)), size));
    }
    const carry = e.let(left ? e.and(r, e.k(1)) : top(e, r, size));
    return { r, carry, overflow: e.let(left ? e.xor(top(e, r, size), carry) : topTwo(e, r, size)) };
  };
}

/**
 * SHLD and SHRD. With 16-bit operands a count above 16 is undefined; processors go on with the destination
 * again behind the source, so the window is destination:source:destination in both directions.
 */
function double(left: boolean): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const count = e.let(e.and(e.operand(2), e.k(31)));
    const a = e.operandForUpdate(0);
    const b = e.let(e.operand(1));
    e.if(count, () => {
      const bits = BigInt(size * 8);
      const part = (value: Value, at: bigint) => e.binary(w.I64_SHL, wide(e, value), k64(e, at));
      let window: Value;
      if (size === 4)
        window = left ? e.binary(w.I64_OR, part(a, 32n), wide(e, b)) : e.binary(w.I64_OR, part(b, 32n), wide(e, a));
      else window = e.binary(w.I64_OR, e.binary(w.I64_OR, part(a, 32n), part(b, 16n)), wide(e, a));
      const all = e.let(window, w.I64);
      const n = wide(e, count);
      const shifted = left ? e.binary(w.I64_SHL, all, n) : e.binary(w.I64_SHR_U, all, n);
      const r = e.let(e.zeroExtend(narrow(e, left ? e.binary(w.I64_SHR_U, shifted, k64(e, 32n)) : shifted), size));
      // The last bit out: for SHLD at bit (top - count + 1) of the window, for SHRD at bit count - 1.
      const width = size === 4 ? 64n : 32n + bits;
      const out = left
        ? e.binary(w.I64_SHR_U, all, e.binary(w.I64_SUB, k64(e, width), n))
        : e.binary(w.I64_SHR_U, all, e.binary(w.I64_SUB, n, k64(e, 1n)));
      const carry = e.let(e.and(narrow(e, out), e.k(1)));
      const overflow = e.let(e.xor(top(e, r, size), top(e, a, size)));
      e.setFlagWords(e.signExtend(r, size), auxFromCarryOverflow(e, carry, overflow));
      e.setOperand(0, r);
    });
    e.next();
  };
}

export const shift: Record<string, Meaning> = {
  shl: shifting((e, a, count, size) => {
    const r = e.let(e.shl(a, count));
    const out = size === 4 ? e.shrU(a, e.sub(e.k(32), count)) : e.shrU(r, e.k(size * 8));
    const carry = e.let(e.and(out, e.k(1)));
    return { r, carry, overflow: e.let(e.xor(top(e, r, size), carry)) };
  }),
  shr: shifting((e, a, count, size) => {
    const r = e.let(e.shrU(a, count));
    const carry = e.let(e.and(e.shrU(a, e.sub(count, e.k(1))), e.k(1)));
    return { r, carry, overflow: e.let(topTwo(e, r, size)) };
  }),
  sar: shifting((e, a, count, size) => {
    const signed = e.let(e.signExtend(a, size));
    const r = e.let(e.shrS(signed, count));
    const carry = e.let(e.and(e.shrS(signed, e.sub(count, e.k(1))), e.k(1)));
    return { r, carry, overflow: e.k(0) };
  }),
  rol: rotating(rotate(true)),
  ror: rotating(rotate(false)),
  rcl: rotating(throughCarry(true)),
  rcr: rotating(throughCarry(false)),
  shld: double(true),
  shrd: double(false),
};
