/** Values from memory into the operand slot, and FLD, FILD, FBLD (SDM vol. 1, 4.2 and 4.7). */
import type { Variable } from '../../wasm/body.ts';
import { CLASS_SIGNALLING } from './operands.ts';
import { INTEGER_EXPONENT } from './round.ts';
import { BIAS, DE, EXPONENT, IE, QUIET, type RoutineBody, type Routines, SIGN, TOP_BIT } from './routine.ts';

interface FloatFormat {
  readonly fractionBits: number;
  readonly exponentBits: number;
}
const SINGLE: FloatFormat = { fractionBits: 23, exponentBits: 8 };
const DOUBLE: FloatFormat = { fractionBits: 52, exponentBits: 11 };

/** Sets the operand from the bits of an IEEE number; a denormal raises DE. A signalling NaN stays one. */
function unpack(r: RoutineBody, bits: Variable, { fractionBits, exponentBits }: FloatFormat): void {
  const { i, l } = r;
  const last = (1 << exponentBits) - 1;
  const sign = r.word(i.and(r.wrap(l.shr(bits, fractionBits + exponentBits - 15)), SIGN));
  const exponent = r.word(i.and(r.wrap(l.shr(bits, fractionBits)), last));
  // The integer bit is pushed out at the left.
  const mantissa = r.long(l.shl(bits, 64 - fractionBits - 1));
  mantissa.set(l.and(mantissa, TOP_BIT - 1n));
  r.setRaised(0);
  r.if(
    exponent,
    () => {
      const biased = i.select(i.eq(exponent, last), EXPONENT, i.add(exponent, BIAS - (last >> 1)));
      r.setOperand(l.or(mantissa, TOP_BIT), i.or(sign, biased));
    },
    () =>
      r.if(
        l.eqz(mantissa),
        () => r.setOperand(0n, sign),
        () => {
          r.setRaised(DE);
          const by = r.long(l.clz(mantissa));
          r.setOperand(l.shl(mantissa, by), i.or(sign, i.sub(BIAS - (last >> 1) + 1, r.wrap(by))));
        },
      ),
  );
}

export const loads: Routines = {
  /** (host address) */
  loadSingle: {
    parameters: 'i',
    result: '',
    emit: (r, _, host) => unpack(r, r.long(r.widen(r.i.load(host))), SINGLE),
  },
  /** (host address) */
  loadDouble: {
    parameters: 'i',
    result: '',
    emit: (r, _, host) => unpack(r, r.long(r.l.load(host)), DOUBLE),
  },
  /** (host address): as it is, raising nothing. */
  loadExtended: {
    parameters: 'i',
    result: '',
    emit: (r, _, host) => {
      r.setRaised(0);
      r.setOperand(r.l.load(host), r.load16(host, 8));
    },
  },
  /** (value): always exact. */
  loadInteger: {
    parameters: 'l',
    result: '',
    emit: (r, _, value) => {
      const { i, l } = r;
      r.setRaised(0);
      const sign = r.word(i.shl(l.lt(value, 0), 15));
      r.if(sign, () => value.set(l.sub(0, value)));
      const by = r.long(l.clz(value));
      r.if(
        l.eqz(value),
        () => r.setOperand(0n, 0),
        () => r.setOperand(l.shl(value, by), i.or(sign, i.sub(INTEGER_EXPONENT, r.wrap(by)))),
      );
    },
  },
  /** (host address): 18 packed decimal digits and a sign; the value of other nibbles is their number. */
  loadDecimal: {
    parameters: 'i',
    result: '',
    emit: (r, _, host) => {
      const { i, l } = r;
      const value = r.long();
      const at = r.word(i.add(host, 8));
      const left = r.word(9);
      r.while(left, () => {
        const byte = r.word(r.load8(at));
        const pair = i.add(i.mul(i.shr(byte, 4), 10), i.and(byte, 15));
        value.set(l.add(l.mul(value, 100), r.widen(pair)));
        at.set(i.sub(at, 1));
        left.set(i.sub(left, 1));
      });
      r.run('loadInteger', value);
      const sign = i.shl(i.and(r.load8(host, 9), 0x80), 8);
      r.setOperand(r.operandMantissa, i.or(r.operandHead, sign));
    },
  },

  /** Pushes the operand; a signalling NaN of a shorter format becomes quiet. */
  pushOperand: {
    parameters: '',
    result: '',
    emit: (r) => {
      r.setResult(r.operandMantissa, r.operandHead);
      r.run('push');
    },
  },
  /** The same for formats in which a signalling NaN is converted, not copied. */
  pushConverted: {
    parameters: '',
    result: '',
    emit: (r) => {
      const { i, l } = r;
      const signalling = i.eq(r.call('classify', r.operandMantissa, r.operandHead), CLASS_SIGNALLING);
      r.if(signalling, () => {
        r.setRaised(IE);
        r.setOperand(l.or(r.operandMantissa, QUIET), r.operandHead);
      });
      r.run('pushOperand');
    },
  },
};
