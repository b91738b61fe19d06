/** ST(0) to memory: FST, FIST, FBSTP (SDM vol. 1, 4.8.3.6 for the integer and decimal indefinites). */
import { FPU_RAISED, FPU_RESULT } from '../../memory/layout.ts';
import {
  CLASS_DENORMAL,
  CLASS_INFINITE,
  CLASS_SIGNALLING,
  CLASS_UNSUPPORTED,
  exponentOf,
  normalise,
} from './operands.ts';
import { INTEGER_EXPONENT } from './round.ts';
import { BIAS, IE, INDEFINITE_MANTISSA, QUIET, type Routines, SF, SIGN } from './routine.ts';
import { underflow } from './stack.ts';

/** Sign of the value between `magnitude` and what stores it. */
const SIGN_WORD = FPU_RESULT + 8;
/** Largest magnitude of 18 decimal digits. */
const DECIMAL_LIMIT = 999_999_999_999_999_999n;

export const stores: Routines = {
  /**
   * (a, head, bias, drop, limit): a rounded to an IEEE format into the result slot, its head then has the
   * exponent of that format. `limit` is the format's exponent of infinities and NaNs.
   */
  narrow: {
    parameters: 'liiii',
    result: '',
    emit: (r, _, a, head, bias, drop, limit) => {
      const { i, l } = r;
      const kind = r.word(r.call('classify', a, head));
      const sign = r.word(i.and(head, SIGN));
      const exponent = exponentOf(r, head);
      r.if(i.eq(kind, CLASS_UNSUPPORTED), () => {
        r.invalid();
        r.setResult(INDEFINITE_MANTISSA, i.or(SIGN, limit));
        r.return();
      });
      r.if(i.ge(kind, CLASS_INFINITE), () => {
        r.if(i.eq(kind, CLASS_SIGNALLING), () => r.setRaised(IE));
        r.setResult(l.select(i.eq(kind, CLASS_INFINITE), a, l.or(a, QUIET)), i.or(sign, limit));
        r.return();
      });
      r.if(l.eqz(a), () => {
        r.setResult(0n, sign);
        r.return();
      });
      normalise(r, a, exponent);
      r.run('roundTo', sign, i.add(i.sub(exponent, BIAS), bias), a, 0n, drop, limit);
    },
  },

  /** (host address, pops): 1 when four bytes were written. */
  storeSingle: {
    parameters: 'ii',
    result: 'i',
    emit: (r, _, host, pops) => {
      const { i, l } = r;
      r.run('narrowTop', 127, 40, 0xff);
      r.if(i.eqz(r.call('finishStore', pops)), () => r.return(() => i.push(0)));
      const head = r.word(r.resultHead);
      const fraction = i.and(r.wrap(l.shr(r.resultMantissa, 40)), 0x7fffff);
      const exponent = i.shl(i.and(head, 0xff), 23);
      i.store(host, i.or(i.or(fraction, exponent), i.shl(i.and(head, SIGN), 16)));
      r.return(() => i.push(1));
    },
  },
  /** (host address, pops): 1 when eight bytes were written. */
  storeDouble: {
    parameters: 'ii',
    result: 'i',
    emit: (r, _, host, pops) => {
      const { i, l } = r;
      r.run('narrowTop', 1023, 11, 0x7ff);
      r.if(i.eqz(r.call('finishStore', pops)), () => r.return(() => i.push(0)));
      const head = r.word(r.resultHead);
      const fraction = l.and(l.shr(r.resultMantissa, 11), (1n << 52n) - 1n);
      const exponent = l.shl(r.widen(i.and(head, 0x7ff)), 52);
      l.store(host, l.or(l.or(fraction, exponent), l.shl(r.widen(i.and(head, SIGN)), 48)));
      r.return(() => i.push(1));
    },
  },
  /** (bias, drop, limit): `narrow` of ST(0), or the indefinite value when it is empty. */
  narrowTop: {
    parameters: 'iii',
    result: '',
    emit: (r, _, bias, drop, limit) => {
      r.setRaised(0);
      r.if(
        r.isEmpty(0),
        () => {
          r.setRaised(IE | SF);
          r.setResult(INDEFINITE_MANTISSA, r.i.or(SIGN, limit));
        },
        () => {
          const slot = r.word(r.slot(0));
          r.run('narrow', r.mantissa(slot), r.head(slot), bias, drop, limit);
        },
      );
    },
  },
  /** (host address, pops): ten bytes as they are. */
  storeExtended: {
    parameters: 'ii',
    result: 'i',
    emit: (r, _, host, pops) => {
      const { i, l } = r;
      r.setRaised(0);
      r.if(
        r.isEmpty(0),
        () => underflow(r),
        () => {
          const slot = r.word(r.slot(0));
          r.setResult(r.mantissa(slot), r.head(slot));
        },
      );
      r.if(i.eqz(r.call('finishStore', pops)), () => r.return(() => i.push(0)));
      l.store(host, r.resultMantissa);
      r.store16(host, r.resultHead, 8);
      r.return(() => i.push(1));
    },
  },

  /** (limit): ST(0) rounded to an integer; with its sign in the result's head, the magnitude at most `limit`
   * (one less when positive if `limit` is even, as in two's complement). Otherwise raises IE. */
  magnitude: {
    parameters: 'l',
    result: 'l',
    emit: (r, _, limit) => {
      const { i, l } = r;
      r.setRaised(0);
      r.if(r.isEmpty(0), () => {
        r.setRaised(IE | SF);
        r.return(() => l.push(0));
      });
      const slot = r.word(r.slot(0));
      const head = r.word(r.head(slot));
      const mantissa = r.long(r.mantissa(slot));
      const exponent = exponentOf(r, head);
      const sign = r.word(i.and(head, SIGN));
      r.setField(SIGN_WORD, sign);
      r.if(i.or(i.gt(exponent, INTEGER_EXPONENT), i.gt(r.call('classify', mantissa, head), CLASS_DENORMAL)), () => {
        r.setRaised(IE);
        r.return(() => l.push(0));
      });
      const value = r.long(r.call('roundInteger', sign, exponent, mantissa));
      const positive = i.and(i.eqz(sign), i.eqz(r.wrap(l.and(limit, 1))));
      r.if(l.gtU(value, l.sub(limit, r.widen(positive))), () => r.setRaised(IE));
      r.return(value);
    },
  },

  /** (host address, size, pops): 1 when a two's complement integer of 2, 4 or 8 bytes was written. */
  storeInteger: {
    parameters: 'iii',
    result: 'i',
    emit: (r, _, host, size, pops) => {
      const { i, l } = r;
      const limit = r.long(l.shl(1, r.widen(i.sub(i.shl(size, 3), 1))));
      const value = r.long(r.call('magnitude', limit));
      r.if(r.field(SIGN_WORD), () => value.set(l.sub(0, value)));
      r.if(i.and(r.field(FPU_RAISED), IE), () => value.set(limit));
      r.if(i.eqz(r.call('finishStore', pops)), () => r.return(() => i.push(0)));
      r.if(
        i.eq(size, 8),
        () => l.store(host, value),
        () =>
          r.if(
            i.eq(size, 4),
            () => i.store(host, r.wrap(value)),
            () => r.store16(host, r.wrap(value)),
          ),
      );
      r.return(() => i.push(1));
    },
  },

  /** (host address, pops): 1 when ten bytes of packed decimal were written. */
  storeDecimal: {
    parameters: 'ii',
    result: 'i',
    emit: (r, _, host, pops) => {
      const { i, l } = r;
      const value = r.long(r.call('magnitude', DECIMAL_LIMIT));
      const bad = r.word(i.and(r.field(FPU_RAISED), IE));
      r.if(i.eqz(r.call('finishStore', pops)), () => r.return(() => i.push(0)));
      r.if(bad, () => {
        l.store(host, 0xc000000000000000n);
        r.store16(host, 0xffff, 8);
        r.return(() => i.push(1));
      });
      const at = r.word(host);
      const left = r.word(9);
      r.while(left, () => {
        const pair = r.word(r.wrap(l.rem(value, 100)));
        value.set(l.div(value, 100));
        r.store8(at, i.or(i.shl(i.div(pair, 10), 4), i.rem(pair, 10)));
        at.set(i.add(at, 1));
        left.set(i.sub(left, 1));
      });
      r.store8(host, i.shr(r.field(SIGN_WORD), 8), 9);
      r.return(() => i.push(1));
    },
  },
};
