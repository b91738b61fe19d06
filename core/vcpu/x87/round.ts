/** Rounding to a precision and an exponent range, with the exceptions that come after a result (SDM vol. 1, 4.9.1). */
import { FPU_RAISED } from '../../memory/layout.ts';
import { BIAS, C1, EXPONENT, OE, PE, type Routines, SIGN, TOP_BIT, UE } from './routine.ts';

/** Exponent at which the mantissa is an integer. */
export const INTEGER_EXPONENT = BIAS + 63;

/** Added to (subtracted from) the exponent of an unmasked underflow (overflow), SDM vol. 1, 8.5.4. */
const BIAS_ADJUST = 0x6000;
/** Bits of `roundDirection`. */
const UP = 1;
const INEXACT = 2;

export const rounding: Routines = {
  /**
   * (sign, high, low, drop): whether the 128-bit magnitude is inexact once `low` and the last `drop` bits of
   * `high` are cut off (INEXACT), and whether rounding adds a unit (UP).
   */
  roundDirection: {
    parameters: 'illi',
    result: 'i',
    emit: (r, _, sign, high, low, drop) => {
      const { i, l } = r;
      const wide = r.widen(drop);
      const rest = r.long(low);
      r.if(drop, () => {
        // The bits cut off, moved up; what lies below them only says "not zero".
        rest.set(l.or(l.shl(high, l.sub(64, wide)), r.widen(l.ne(low, 0))));
      });
      r.if(l.eqz(rest), () => r.return(() => i.push(0)));
      const mode = r.word(r.rounding);
      r.if(i.eqz(mode), () => {
        const odd = r.wrap(l.and(l.shr(high, wide), 1));
        const above = l.gtU(rest, TOP_BIT);
        const tie = l.eq(rest, TOP_BIT);
        r.return(i.or(INEXACT, i.or(above, i.and(tie, odd))));
      });
      // 1 rounds negative numbers away from zero, 2 positive ones.
      r.return(i.or(INEXACT, i.eq(mode, i.select(sign, 1, 2))));
    },
  },

  /**
   * (sign, exponent, high, low, drop, limit): rounds a normalised magnitude (top bit of `high` set, `low` its
   * further bits) to 64 - drop bits and to exponents 1 … limit - 1, into the result slot. `limit` is the
   * exponent field of infinity; with 7FFFh the destination is a register, otherwise memory.
   */
  roundTo: {
    parameters: 'iillii',
    result: '',
    emit: (r, _, sign, exponent, high, low, drop, limit) => {
      const { i, l } = r;
      const tiny = r.word();
      const direction = r.word();
      const mask = r.long(l.sub(l.shl(1, r.widen(drop)), 1));
      r.if(i.le(exponent, 0), () => {
        tiny.set(1);
        // Tiny after rounding: the largest mantissa below the smallest exponent may still round up to it.
        r.if(i.and(i.eqz(exponent), l.eq(l.or(high, mask), -1n)), () => {
          tiny.set(i.eqz(i.and(r.call('roundDirection', sign, high, low, drop), UP)));
        });
        r.if(tiny, () => {
          r.if(
            i.and(r.control, UE),
            () => {
              const by = r.long(r.widenSigned(i.sub(1, exponent)));
              const sticky = r.widen(l.ne(low, 0));
              r.if(
                l.lt(by, 64),
                () => {
                  low.set(l.or(l.shl(high, l.sub(64, by)), sticky));
                  high.set(l.shr(high, by));
                },
                () => {
                  low.set(l.select(l.eq(by, 64), l.or(high, sticky), 1));
                  high.set(0);
                },
              );
              exponent.set(0);
            },
            () => {
              r.raise(UE);
              r.if(i.eq(limit, EXPONENT), () => exponent.set(i.add(exponent, BIAS_ADJUST)));
              // Only FSCALE gets beyond even that: zero (SDM vol. 1, 8.5.5).
              r.if(i.and(i.eq(limit, EXPONENT), i.le(exponent, 0)), () => {
                r.raise(PE);
                r.setResult(0n, sign);
                r.return();
              });
              tiny.set(0);
            },
          );
        });
      });
      direction.set(r.call('roundDirection', sign, high, low, drop));
      high.set(l.and(high, l.xor(mask, -1n)));
      r.if(i.and(direction, UP), () => {
        high.set(l.add(high, l.add(mask, 1)));
        r.if(l.eqz(high), () => {
          high.set(TOP_BIT);
          exponent.set(i.add(exponent, 1));
        });
        r.raise(C1);
      });
      r.if(tiny, () => exponent.set(i.add(exponent, l.lt(high, 0))));
      r.if(direction, () => r.raise(i.or(PE, i.shl(tiny, 4))));
      r.if(i.ge(exponent, limit), () => {
        r.raise(OE);
        r.if(
          i.and(r.control, OE),
          () => {
            r.raise(PE);
            const mode = r.word(r.rounding);
            r.if(
              i.or(i.eqz(mode), i.eq(mode, i.select(sign, 1, 2))),
              () => {
                high.set(TOP_BIT);
                exponent.set(limit);
                r.raise(C1);
              },
              () => {
                high.set(l.xor(mask, -1n));
                exponent.set(i.sub(limit, 1));
                r.setRaised(i.and(r.field(FPU_RAISED), ~C1));
              },
            );
          },
          () =>
            r.if(i.eq(limit, EXPONENT), () => {
              exponent.set(i.sub(exponent, BIAS_ADJUST));
              r.if(i.ge(exponent, limit), () => {
                r.raise(PE | C1);
                high.set(TOP_BIT);
                exponent.set(limit);
              });
            }),
        );
      });
      r.setResult(high, i.or(i.and(sign, SIGN), exponent));
    },
  },

  /** (sign, exponent, high, low): rounds by the precision control of the control word. */
  round: {
    parameters: 'iill',
    result: '',
    emit: (r, _, sign, exponent, high, low) => {
      const { i } = r;
      const precision = i.and(i.shr(r.control, 8), 3);
      // 0: 24 bits, 2: 53 bits, 3: 64 bits; 1 is reserved and taken as 64.
      const drop = i.select(i.eqz(precision), 40, i.select(i.eq(precision, 2), 11, 0));
      r.run('roundTo', sign, exponent, high, low, drop, EXPONENT);
    },
  },

  /** (sign, exponent, mantissa): magnitude rounded to an integer; exponents up to 2^64. Raises PE and C1. */
  roundInteger: {
    parameters: 'iil',
    result: 'l',
    emit: (r, _, sign, exponent, mantissa) => {
      const { i, l } = r;
      const by = r.long(r.widenSigned(i.sub(INTEGER_EXPONENT, exponent)));
      const high = r.long();
      const low = r.long();
      r.if(
        l.lt(by, 64),
        () => {
          high.set(l.shr(mantissa, by));
          low.set(l.select(l.eqz(by), 0, l.shl(mantissa, l.sub(64, by))));
        },
        () => low.set(l.select(l.eq(by, 64), mantissa, r.widen(l.ne(mantissa, 0)))),
      );
      const direction = r.word(r.call('roundDirection', sign, high, low, 0));
      r.if(direction, () => r.raise(i.or(PE, i.select(i.and(direction, UP), C1, 0))));
      r.return(l.add(high, r.widen(i.and(direction, UP))));
    },
  },
};
