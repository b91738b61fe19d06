/** Addition, multiplication, division and square root of two normalised values into the result slot. */
import type { Expression, Variable } from '../../wasm/body.ts';
import { exponentOf, normalise } from './operands.ts';
import { BIAS, EXPONENT, type RoutineBody, type Routines, SIGN, TOP_BIT, ZE } from './routine.ts';

const LOW_HALF = 0xffffffffn;

/** True when both are ordinary numbers: nothing special to look at. */
function bothNormal(r: RoutineBody, a: Variable, aExponent: Variable, b: Variable, bExponent: Variable): Expression {
  return r.i.and(r.isNormal(a, aExponent), r.isNormal(b, bExponent));
}

/** high:low = a * b. */
export function multiplyWide(r: RoutineBody, a: Expression, b: Expression): { high: Variable; low: Variable } {
  const { l } = r;
  const aLow = r.long(l.and(a, LOW_HALF));
  const aHigh = r.long(l.shr(a, 32));
  const bLow = r.long(l.and(b, LOW_HALF));
  const bHigh = r.long(l.shr(b, 32));
  const first = r.long(l.mul(aLow, bLow));
  const middle = r.long(l.add(l.mul(aHigh, bLow), l.shr(first, 32)));
  const other = r.long(l.add(l.mul(aLow, bHigh), l.and(middle, LOW_HALF)));
  const high = r.long(l.add(l.add(l.mul(aHigh, bHigh), l.shr(middle, 32)), l.shr(other, 32)));
  return { high, low: r.long(l.or(l.shl(other, 32), l.and(first, LOW_HALF))) };
}

/**
 * quotient and remainder of high:low / divisor, where high < divisor and the divisor's top bit is set: two
 * digits of 32 bits, each estimated from the divisor's upper half (Knuth, TAOCP vol. 2, 4.3.1, algorithm D).
 */
export function divideWide(
  r: RoutineBody,
  high: Expression,
  low: Expression | undefined,
  divisor: Expression,
): { quotient: Variable; remainder: Variable } {
  const { i, l } = r;
  const dHigh = r.long(l.shr(divisor, 32));
  const dLow = r.long(l.and(divisor, LOW_HALF));
  const rest = r.long(high);
  const quotient = r.long();
  for (const shift of [32, 0]) {
    const digit = r.long(l.div(rest, dHigh));
    const left = r.long(l.sub(rest, l.mul(digit, dHigh)));
    const next = low === undefined ? r.long(0) : r.long(l.and(l.shr(low, shift), LOW_HALF));
    // While the estimate is too large: it is so at most twice.
    const tooLarge = i.or(l.gtU(digit, LOW_HALF), l.gtU(l.mul(digit, dLow), l.or(l.shl(left, 32), next)));
    r.while(i.and(l.leU(left, LOW_HALF), tooLarge), () => {
      digit.set(l.sub(digit, 1));
      left.set(l.add(left, dHigh));
    });
    rest.set(l.sub(l.or(l.shl(rest, 32), next), l.mul(digit, divisor)));
    quotient.set(l.or(l.shl(quotient, 32), digit));
  }
  return { quotient, remainder: rest };
}

export const arithmetic: Routines = {
  /** (a, head, b, head, flip): a + b; `flip` (SIGN or 0) changes the sign of b, but not of a NaN. */
  add: {
    parameters: 'lilii',
    result: '',
    emit: (r, _, a, aHead, b, bHead, flip) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      r.if(i.eqz(bothNormal(r, a, ea, b, eb)), () => {
        r.if(r.call('special', a, aHead, b, bHead), () => r.return());
        bHead.set(i.xor(bHead, flip));
        flip.set(0);
        const differ = i.and(i.xor(aHead, bHead), SIGN);
        r.if(i.eq(ea, EXPONENT), () => {
          r.if(
            i.and(i.eq(eb, EXPONENT), i.ne(differ, 0)),
            () => r.invalid(),
            () => r.setResult(a, aHead),
          );
          r.return();
        });
        r.if(i.eq(eb, EXPONENT), () => {
          r.setResult(b, bHead);
          r.return();
        });
        r.if(i.and(l.eqz(a), l.eqz(b)), () => {
          // Zeros of unlike sign give +0, rounding down -0.
          const unlike = i.shl(i.eq(r.rounding, 1), 15);
          r.setResult(0n, i.select(differ, unlike, i.and(aHead, SIGN)));
          r.return();
        });
        r.if(l.ne(a, 0), () => normalise(r, a, ea));
        r.if(l.ne(b, 0), () => normalise(r, b, eb));
        r.if(l.eqz(a), () => {
          r.run('round', i.and(bHead, SIGN), eb, b, 0n);
          r.return();
        });
        r.if(l.eqz(b), () => {
          r.run('round', i.and(aHead, SIGN), ea, a, 0n);
          r.return();
        });
      });
      bHead.set(i.xor(bHead, flip));
      const sign = r.word(i.and(aHead, SIGN));
      const differ = r.word(i.and(i.xor(aHead, bHead), SIGN));
      // a is to be the larger magnitude.
      r.if(i.or(i.lt(ea, eb), i.and(i.eq(ea, eb), l.ltU(a, b))), () => {
        const mantissa = r.long(a);
        const exponent = r.word(ea);
        a.set(b);
        b.set(mantissa);
        ea.set(eb);
        eb.set(exponent);
        sign.set(i.and(bHead, SIGN));
      });
      const by = r.long(r.widen(i.sub(ea, eb)));
      const low = r.long();
      r.if(l.ne(by, 0), () => {
        r.if(
          l.ltU(by, 64),
          () => {
            low.set(l.shl(b, l.sub(64, by)));
            b.set(l.shr(b, by));
          },
          () => {
            // Further down only "not zero" matters, except for the bit below the mantissa's end.
            low.set(l.select(l.eq(by, 64), b, l.select(l.eq(by, 65), l.or(l.shr(b, 1), l.and(b, 1)), 1)));
            b.set(0);
          },
        );
      });
      r.if(i.eqz(differ), () => {
        const sum = r.long(l.add(a, b));
        r.if(l.ltU(sum, a), () => {
          low.set(l.or(l.or(l.shl(sum, 63), l.shr(low, 1)), l.and(low, 1)));
          sum.set(l.or(l.shr(sum, 1), TOP_BIT));
          ea.set(i.add(ea, 1));
        });
        r.run('round', sign, ea, sum, low);
        r.return();
      });
      const difference = r.long(l.sub(l.sub(a, b), r.widen(l.ne(low, 0))));
      low.set(l.sub(0, low));
      r.if(l.eqz(difference), () => {
        r.if(l.eqz(low), () => {
          r.setResult(0n, i.shl(i.eq(r.rounding, 1), 15));
          r.return();
        });
        difference.set(low);
        low.set(0);
        ea.set(i.sub(ea, 64));
      });
      r.if(l.gt(difference, 0), () => {
        const shift = r.long(l.clz(difference));
        difference.set(l.or(l.shl(difference, shift), l.shr(low, l.sub(64, shift))));
        low.set(l.shl(low, shift));
        ea.set(i.sub(ea, r.wrap(shift)));
      });
      r.run('round', sign, ea, difference, low);
    },
  },

  /** (a, head, b, head): a * b. */
  multiply: {
    parameters: 'lili',
    result: '',
    emit: (r, _, a, aHead, b, bHead) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      const sign = r.word(i.and(i.xor(aHead, bHead), SIGN));
      r.if(i.eqz(bothNormal(r, a, ea, b, eb)), () => {
        r.if(r.call('special', a, aHead, b, bHead), () => r.return());
        const zero = i.or(l.eqz(a), l.eqz(b));
        r.if(i.or(i.eq(ea, EXPONENT), i.eq(eb, EXPONENT)), () => {
          r.if(
            zero,
            () => r.invalid(),
            () => r.setResult(TOP_BIT, i.or(sign, EXPONENT)),
          );
          r.return();
        });
        r.if(zero, () => {
          r.setResult(0n, sign);
          r.return();
        });
        normalise(r, a, ea);
        normalise(r, b, eb);
      });
      const { high, low } = multiplyWide(r, a, b);
      const exponent = r.word(i.sub(i.add(ea, eb), BIAS - 1));
      r.if(l.ge(high, 0), () => {
        high.set(l.or(l.shl(high, 1), l.shr(low, 63)));
        low.set(l.shl(low, 1));
        exponent.set(i.sub(exponent, 1));
      });
      r.run('round', sign, exponent, high, low);
    },
  },

  /** (a, head, b, head): a / b. */
  divide: {
    parameters: 'lili',
    result: '',
    emit: (r, _, a, aHead, b, bHead) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      const sign = r.word(i.and(i.xor(aHead, bHead), SIGN));
      r.if(i.eqz(bothNormal(r, a, ea, b, eb)), () => {
        r.if(r.call('special', a, aHead, b, bHead), () => r.return());
        r.if(i.eq(ea, EXPONENT), () => {
          r.if(
            i.eq(eb, EXPONENT),
            () => r.invalid(),
            () => r.setResult(TOP_BIT, i.or(sign, EXPONENT)),
          );
          r.return();
        });
        r.if(i.eq(eb, EXPONENT), () => {
          r.setResult(0n, sign);
          r.return();
        });
        r.if(l.eqz(b), () => {
          r.if(
            l.eqz(a),
            () => r.invalid(),
            () => {
              // Division by zero comes before the denormal operand (SDM vol. 3, 8.6).
              r.setRaised(ZE);
              r.setResult(TOP_BIT, i.or(sign, EXPONENT));
            },
          );
          r.return();
        });
        r.if(l.eqz(a), () => {
          r.setResult(0n, sign);
          r.return();
        });
        normalise(r, a, ea);
        normalise(r, b, eb);
      });
      const exponent = r.word(i.add(i.sub(ea, eb), BIAS - 1));
      const low = r.long();
      r.if(l.geU(a, b), () => {
        low.set(l.shl(a, 63));
        a.set(l.shr(a, 1));
        exponent.set(i.add(exponent, 1));
      });
      const { quotient, remainder } = divideWide(r, a, low, b);
      r.run('round', sign, exponent, quotient, fraction(r, remainder, b));
    },
  },

  /** (a, head): the square root of a. */
  squareRoot: {
    parameters: 'li',
    result: '',
    emit: (r, _, a, head) => {
      const { i, l } = r;
      const exponent = exponentOf(r, head);
      r.if(i.eqz(i.and(r.isNormal(a, exponent), i.eqz(i.and(head, SIGN)))), () => {
        r.if(r.call('special1', a, head), () => r.return());
        r.if(l.eqz(a), () => {
          r.setResult(a, head);
          r.return();
        });
        r.if(i.and(head, SIGN), () => {
          r.invalid();
          r.return();
        });
        r.if(i.eq(exponent, EXPONENT), () => {
          r.setResult(a, head);
          r.return();
        });
        normalise(r, a, exponent);
      });
      // a:low is the radicand with an even exponent, at least a quarter of 2^128; its root has 64 bits.
      const low = r.long();
      const scaled = r.word(i.sub(exponent, BIAS));
      r.if(i.eqz(i.and(scaled, 1)), () => {
        low.set(l.shl(a, 63));
        a.set(l.shr(a, 1));
      });
      const root = r.long();
      const rest = r.long();
      rootOfHalf(r, a, root, rest);
      // Second half by division (Zimmermann, "Karatsuba square root"): rest:low / 2 root.
      const numerator = r.long(l.or(l.shl(rest, 31), l.shr(low, 33)));
      const digit = r.long(l.div(numerator, root));
      // rest can be as large as 2 root, and then the quotient has 33 bits: cut it, the correction is below.
      r.if(l.gtU(digit, LOW_HALF), () => digit.set(LOW_HALF));
      const left = r.long(l.sub(numerator, l.mul(digit, root)));
      const whole = r.long(l.add(l.shl(root, 32), digit));
      // remainder (65 bits and sign) = (left << 33 | low's last 33 bits) - digit²
      const square = r.long(l.mul(digit, digit));
      const lowBits = r.long(l.or(l.shl(left, 33), l.and(low, 0x1ffffffffn)));
      const remainder = r.long(l.sub(lowBits, square));
      const over = r.long(l.sub(l.shr(left, 31), r.widen(l.ltU(lowBits, square))));
      r.if(l.lt(over, 0), () => {
        whole.set(l.sub(whole, 1));
        const back = r.long(l.add(l.shl(whole, 1), 1));
        const sum = r.long(l.add(remainder, back));
        over.set(l.add(l.add(over, l.shr(whole, 63)), r.widen(l.ltU(sum, remainder))));
        remainder.set(sum);
      });
      // The root is inexact with a remainder, above half an ulp when remainder > root. It is never a tie.
      const above = i.or(l.ne(over, 0), l.gtU(remainder, whole));
      const rounded = l.select(l.eqz(l.or(remainder, over)), 0n, l.select(above, TOP_BIT | 1n, 1n));
      r.run('round', 0, i.add(i.sar(scaled, 1), BIAS), whole, rounded);
    },
  },
};

/** remainder / divisor as bits below a quotient: 0, less than, equal to or more than a half. */
function fraction(r: RoutineBody, remainder: Variable, divisor: Variable): Expression {
  const { l } = r;
  const other = r.long(l.sub(divisor, remainder));
  const more = l.select(l.gtU(remainder, other), TOP_BIT | 1n, l.select(l.eq(remainder, other), TOP_BIT, 1n));
  return l.select(l.eqz(remainder), 0n, more);
}

/** root = floor(sqrt(value)) of 64 bits, bit by bit; rest = value - root². */
function rootOfHalf(r: RoutineBody, value: Variable, root: Variable, rest: Variable): void {
  const { l } = r;
  const bit = r.long(1n << 62n);
  rest.set(value);
  r.while(l.ne(bit, 0), () => {
    const trial = r.long(l.add(root, bit));
    r.if(
      l.geU(rest, trial),
      () => {
        rest.set(l.sub(rest, trial));
        root.set(l.add(l.shr(root, 1), bit));
      },
      () => root.set(l.shr(root, 1)),
    );
    bit.set(l.shr(bit, 2));
  });
}
