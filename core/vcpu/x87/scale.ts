/** Exponent work: FPREM, FPREM1, FSCALE, FXTRACT (SDM vol. 2). */
import { FPU_RAISED, FPU_STATUS, FPU_TOP } from '../../memory/layout.ts';
import type { Variable } from '../../wasm/body.ts';
import { CLASS_DENORMAL, exponentOf, normalise } from './operands.ts';
import {
  BEFORE_RESULT,
  BIAS,
  C0,
  C1,
  C2,
  C3,
  CONDITIONS,
  DE,
  EXPONENT,
  IE,
  type RoutineBody,
  type Routines,
  SF,
  SIGN,
  TOP_BIT,
  ZE,
} from './routine.ts';
import { underflow } from './stack.ts';

/** Loads ST(0) and ST(1), unless one is empty: then the result is the masked underflow. */
function withBoth(r: RoutineBody, compute: (a: Variable, aHead: Variable, b: Variable, bHead: Variable) => void): void {
  r.setRaised(0);
  r.if(
    r.i.or(r.isEmpty(0), r.isEmpty(1)),
    () => underflow(r),
    () => {
      const a = r.word(r.slot(0));
      const b = r.word(r.slot(1));
      compute(r.long(r.mantissa(a)), r.word(r.head(a)), r.long(r.mantissa(b)), r.word(r.head(b)));
    },
  );
}

export const scaling: Routines = {
  /** (nearest): FPREM1 with `nearest`, else FPREM. */
  fprem: {
    parameters: 'i',
    result: '',
    emit: (r, _, nearest) => {
      const { i } = r;
      const conditions = r.word(i.and(r.status, C0 | C3));
      withBoth(r, (...ab) => conditions.set(r.call('remainder', ...ab, nearest)));
      r.run('finish', 0, 0);
      const unmasked = i.and(i.and(r.field(FPU_RAISED), i.xor(r.control, -1)), BEFORE_RESULT);
      r.if(unmasked, () => conditions.set(i.and(r.status, C0 | C3)));
      // The quotient's bits are C0 C3 C1, but for a stack fault's C1.
      const kept = i.select(i.and(r.field(FPU_RAISED), SF), CONDITIONS & ~C1, CONDITIONS);
      r.setField(FPU_STATUS, i.or(i.and(r.status, i.xor(kept, -1)), conditions));
    },
  },

  /** (a, head, b, head, nearest): a modulo b into the result slot; answers the condition bits. */
  remainder: {
    parameters: 'lilii',
    result: 'i',
    emit: (r, _, a, aHead, b, bHead, nearest) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      const sign = r.word(i.and(aHead, SIGN));
      // Without a quotient C0 and C3 stay as they were.
      const unchanged = i.and(r.status, C0 | C3);
      r.if(r.call('special', a, aHead, b, bHead), () => r.return(unchanged));
      r.if(i.or(i.eq(ea, EXPONENT), l.eqz(b)), () => {
        r.invalid();
        r.return(unchanged);
      });
      r.if(l.eqz(a), () => {
        r.setResult(a, aHead);
        r.return(() => i.push(0));
      });
      normalise(r, a, ea);
      normalise(r, b, eb);
      const distance = r.word(i.sub(ea, eb));
      const conditions = r.word();
      const quotient = r.word();
      r.if(
        i.lt(distance, 0),
        () => {
          // |a| < |b|. To nearest, a quotient of 1 is possible when |a| > |b| / 2.
          const half = i.and(i.eq(distance, -1), l.gtU(a, b));
          r.if(i.and(i.and(nearest, half), i.ne(eb, EXPONENT)), () => {
            a.set(l.sub(b, l.sub(a, b)));
            sign.set(i.xor(sign, SIGN));
            quotient.set(1);
          });
        },
        () => {
          const rounds = r.word(distance);
          r.if(i.ge(distance, 64), () => {
            // A partial remainder takes off 32 to 63 bits at a time (implementation-dependent, SDM FPREM).
            rounds.set(i.or(i.and(distance, 31), 32));
            conditions.set(C2);
          });
          const carry = r.word();
          ea.set(i.sub(ea, rounds));
          rounds.set(i.add(rounds, 1));
          r.while(rounds, () => {
            quotient.set(i.shl(quotient, 1));
            r.if(i.or(carry, l.geU(a, b)), () => {
              a.set(l.sub(a, b));
              quotient.set(i.or(quotient, 1));
            });
            rounds.set(i.sub(rounds, 1));
            r.if(rounds, () => {
              carry.set(l.lt(a, 0));
              a.set(l.shl(a, 1));
            });
          });
          r.if(i.and(nearest, i.eqz(conditions)), () => {
            const other = r.long(l.sub(b, a));
            r.if(i.or(l.gtU(a, other), i.and(l.eq(a, other), i.and(quotient, 1))), () => {
              a.set(other);
              sign.set(i.xor(sign, SIGN));
              quotient.set(i.add(quotient, 1));
            });
          });
        },
      );
      r.if(
        l.eqz(a),
        () => r.setResult(0n, sign),
        () => {
          const by = r.long(l.clz(a));
          r.run('roundTo', sign, i.sub(ea, r.wrap(by)), l.shl(a, by), 0n, 0, EXPONENT);
        },
      );
      r.if(i.eqz(conditions), () => {
        const bit = (at: number, flag: number) => i.select(i.and(quotient, 1 << at), flag, 0);
        conditions.set(i.or(i.or(bit(0, C1), bit(1, C3)), bit(2, C0)));
      });
      r.return(conditions);
    },
  },

  /** ST(0) times two to the power of ST(1) cut to an integer. */
  fscale: {
    parameters: '',
    result: '',
    emit: (r) => {
      withBoth(r, (...ab) => r.run('scale', ...ab));
      r.run('finish', 0, 0);
    },
  },

  scale: {
    parameters: 'lili',
    result: '',
    emit: (r, _, a, aHead, b, bHead) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      const sign = r.word(i.and(aHead, SIGN));
      const negative = r.word(i.and(bHead, SIGN));
      r.if(r.call('special', a, aHead, b, bHead), () => r.return());
      r.if(i.eq(eb, EXPONENT), () => {
        // Infinity times 2 to the minus infinity, and zero times 2 to the infinity, are invalid.
        r.if(
          negative,
          () =>
            r.if(
              i.eq(ea, EXPONENT),
              () => r.invalid(),
              () => r.setResult(0n, sign),
            ),
          () =>
            r.if(
              l.eqz(a),
              () => r.invalid(),
              () => r.setResult(TOP_BIT, i.or(sign, EXPONENT)),
            ),
        );
        r.return();
      });
      r.if(i.or(i.eq(ea, EXPONENT), l.eqz(a)), () => {
        r.setResult(a, aHead);
        r.return();
      });
      normalise(r, a, ea);
      // Beyond 2^16 every number over- or underflows.
      const by = r.word(0x10000);
      r.if(i.lt(eb, BIAS), () => by.set(0));
      r.if(i.and(i.ge(eb, BIAS), i.lt(eb, BIAS + 16)), () => {
        by.set(r.wrap(l.shr(b, r.widen(i.sub(BIAS + 63, eb)))));
      });
      ea.set(i.select(negative, i.sub(ea, by), i.add(ea, by)));
      r.run('roundTo', sign, ea, a, 0n, 0, EXPONENT);
    },
  },

  /** ST(0) becomes its exponent, its significand is pushed. */
  fxtract: {
    parameters: '',
    result: '',
    emit: (r) => {
      const { i, l } = r;
      const slot = r.word(r.slot(0));
      const a = r.long(r.mantissa(slot));
      const head = r.word(r.head(slot));
      const exponent = exponentOf(r, head);
      const sign = r.word(i.and(head, SIGN));
      const fault = r.word(i.select(r.isEmpty(0), IE | SF, i.select(r.isEmpty(7), 0, IE | SF | C1)));
      r.setRaised(0);
      r.if(fault, () => {
        r.invalid();
        r.setRaised(fault);
        r.if(r.call('report', 7), () => r.return());
        extracted(r);
        r.return();
      });
      r.if(
        r.call('special1', a, head),
        () => {
          r.setOperand(r.resultMantissa, r.resultHead);
        },
        () =>
          r.if(
            i.eq(exponent, EXPONENT),
            () => {
              r.setResult(a, EXPONENT);
              r.setOperand(a, head);
            },
            () =>
              r.if(
                l.eqz(a),
                () => {
                  r.setRaised(ZE);
                  r.setResult(TOP_BIT, SIGN | EXPONENT);
                  r.setOperand(0n, sign);
                },
                () => {
                  normalise(r, a, exponent);
                  r.run('loadInteger', r.widenSigned(i.sub(exponent, BIAS)));
                  r.setResult(r.operandMantissa, r.operandHead);
                  r.setOperand(a, i.or(sign, BIAS));
                  r.setRaised(i.select(i.eq(r.call('classify', r.mantissa(slot), head), CLASS_DENORMAL), DE, 0));
                },
              ),
          ),
      );
      r.if(r.call('report', 7), () => r.return());
      r.setField(FPU_TOP, r.physical(7));
      r.run('writeResult', 1);
      r.setResult(r.operandMantissa, r.operandHead);
      r.run('writeResult', 0);
    },
  },
};

/** The masked answer to a stack fault of FXTRACT: both values are indefinite. */
function extracted(r: RoutineBody): void {
  r.setField(FPU_TOP, r.physical(7));
  r.run('writeResult', 1);
  r.run('writeResult', 0);
}
