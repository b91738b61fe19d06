/** What operations of two operands share: NaNs, unsupported formats, denormals (SDM vol. 1, 4.8.3 and 8.2.2). */

import type { Expression, Variable } from '../../wasm/body.ts';
import { DE, EXPONENT, IE, QUIET, type RoutineBody, type Routines, SIGN, TOP_BIT } from './routine.ts';

// Classes answered by `classify`.
export const CLASS_FINITE = 0;
/** Not zero, exponent field 0, integer bit set or not. */
export const CLASS_DENORMAL = 1;
export const CLASS_INFINITE = 2;
export const CLASS_QUIET = 3;
export const CLASS_SIGNALLING = 4;
/** Integer bit clear with an exponent that is not 0. */
export const CLASS_UNSUPPORTED = 5;

export const operands: Routines = {
  /** (mantissa, head): one of CLASS_*. */
  classify: {
    parameters: 'li',
    result: 'i',
    emit: (r, _, mantissa, head) => {
      const { i, l } = r;
      const exponent = r.word(i.and(head, EXPONENT));
      r.if(i.eqz(exponent), () => r.return(l.ne(mantissa, 0)));
      r.if(l.ge(mantissa, 0), () => r.return(() => i.push(CLASS_UNSUPPORTED)));
      r.if(i.ne(exponent, EXPONENT), () => r.return(() => i.push(CLASS_FINITE)));
      r.if(l.eq(mantissa, TOP_BIT), () => r.return(() => i.push(CLASS_INFINITE)));
      r.return(i.select(l.eqz(l.and(mantissa, QUIET)), CLASS_SIGNALLING, CLASS_QUIET));
    },
  },

  /**
   * (a, a's head, b, b's head): 1 when a NaN or an unsupported format decides the result, which is then in
   * the result slot. Otherwise raises DE for denormals. Of two NaNs the quiet one is the result, of equals
   * the one with the larger significand, then the positive one (SDM vol. 1, table 4-7).
   */
  special: {
    parameters: 'lili',
    result: 'i',
    emit: (r, _, a, aHead, b, bHead) => {
      const { i, l } = r;
      const aClass = r.word(r.call('classify', a, aHead));
      const bClass = r.word(r.call('classify', b, bHead));
      const isNan = (x: Variable) => i.or(i.eq(x, CLASS_QUIET), i.eq(x, CLASS_SIGNALLING));
      r.if(i.or(i.eq(aClass, CLASS_UNSUPPORTED), i.eq(bClass, CLASS_UNSUPPORTED)), () => {
        r.invalid();
        r.return(() => i.push(1));
      });
      r.if(i.eqz(i.or(isNan(aClass), isNan(bClass))), () => {
        r.if(i.or(i.eq(aClass, CLASS_DENORMAL), i.eq(bClass, CLASS_DENORMAL)), () => r.raise(DE));
        r.return(() => i.push(0));
      });
      const signalling = i.or(i.eq(aClass, CLASS_SIGNALLING), i.eq(bClass, CLASS_SIGNALLING));
      r.setRaised(i.select(signalling, IE, 0));
      const takeB = r.word();
      r.if(
        i.eqz(isNan(aClass)),
        () => takeB.set(1),
        () =>
          r.if(isNan(bClass), () => {
            r.if(
              i.ne(aClass, bClass),
              () => takeB.set(i.eq(bClass, CLASS_QUIET)),
              () => {
                const larger = l.ltU(a, b);
                const same = i.and(l.eq(a, b), i.eqz(i.and(bHead, SIGN)));
                takeB.set(i.or(larger, same));
              },
            );
          }),
      );
      r.setResult(l.or(l.select(takeB, b, a), QUIET), i.select(takeB, bHead, aHead));
      r.return(() => i.push(1));
    },
  },

  /** (a, a's head): the same for one operand. */
  special1: {
    parameters: 'li',
    result: 'i',
    emit: (r, _, a, head) => r.return(r.call('special', a, head, TOP_BIT, 0x3fff)),
  },
};

/** Makes the mantissa of a finite, non-zero number start with a one; `exponent` (without sign) follows. */
export function normalise(r: RoutineBody, mantissa: Variable, exponent: Variable): void {
  const { i, l } = r;
  r.if(i.eqz(exponent), () => {
    const by = r.long(l.clz(mantissa));
    mantissa.set(l.shl(mantissa, by));
    exponent.set(i.sub(1, r.wrap(by)));
  });
}

/** The exponent field as a number without sign. */
export function exponentOf(r: RoutineBody, head: Expression): Variable {
  return r.word(r.i.and(head, EXPONENT));
}
