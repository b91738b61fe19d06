/** Comparisons and examination (SDM vol. 2: FCOM, FUCOM, FCOMI, FTST, FXAM). */
import { FPU_RAISED, FPU_STATUS } from '../../memory/layout.ts';
import { CLASS_QUIET, CLASS_SIGNALLING, CLASS_UNSUPPORTED, exponentOf } from './operands.ts';
import { BEFORE_RESULT, C0, C1, C2, C3, CONDITIONS, DE, EXPONENT, IE, type Routines, SF, SIGN } from './routine.ts';

const UNORDERED = C3 | C2 | C0;
const EQUAL = C3;
const LESS = C0;

export const comparison: Routines = {
  /** (a, head, b, head, quiet): C3 C2 C0 of a against b. With `quiet` a QNaN is no invalid operation. */
  compare: {
    parameters: 'lilii',
    result: 'i',
    emit: (r, _, a, aHead, b, bHead, quiet) => {
      const { i, l } = r;
      const ea = exponentOf(r, aHead);
      const eb = exponentOf(r, bHead);
      r.if(i.eqz(i.and(r.isNormal(a, ea), r.isNormal(b, eb))), () => {
        const aClass = r.word(r.call('classify', a, aHead));
        const bClass = r.word(r.call('classify', b, bHead));
        const either = (kind: number) => i.or(i.eq(aClass, kind), i.eq(bClass, kind));
        const bad = r.word(i.or(either(CLASS_UNSUPPORTED), either(CLASS_SIGNALLING)));
        r.if(i.or(bad, either(CLASS_QUIET)), () => {
          // A denormal beside a NaN is not reported.
          r.setRaised(i.select(i.or(bad, i.eqz(quiet)), IE, 0));
          r.return(() => i.push(UNORDERED));
        });
        r.if(either(1), () => r.raise(DE));
        r.if(i.and(l.eqz(a), l.eqz(b)), () => r.return(() => i.push(EQUAL)));
        // A denormal has the smallest exponent; its mantissa says the rest. Zero is smaller still.
        ea.set(i.or(ea, i.and(i.eqz(ea), l.ne(a, 0))));
        eb.set(i.or(eb, i.and(i.eqz(eb), l.ne(b, 0))));
      });
      const aSign = r.word(i.and(aHead, SIGN));
      r.if(i.and(i.xor(aHead, bHead), SIGN), () => r.return(i.select(aSign, LESS, 0)));
      const same = i.eq(ea, eb);
      r.if(i.and(same, l.eq(a, b)), () => r.return(() => i.push(EQUAL)));
      const smaller = i.or(i.lt(ea, eb), i.and(same, l.ltU(a, b)));
      r.return(i.select(i.eq(smaller, i.eqz(aSign)), LESS, 0));
    },
  },

  /** (index, quiet): compares ST(0) with ST(index). */
  compareRegister: {
    parameters: 'ii',
    result: 'i',
    emit: (r, _, index, quiet) => {
      const { i } = r;
      r.setRaised(0);
      r.if(i.or(r.isEmpty(0), r.isEmpty(index)), () => {
        r.setRaised(IE | SF);
        r.return(() => i.push(UNORDERED));
      });
      const a = r.word(r.slot(0));
      const b = r.word(r.slot(index));
      r.return(r.call('compare', r.mantissa(a), r.head(a), r.mantissa(b), r.head(b), quiet));
    },
  },

  /** (index, quiet, pops) */
  fcom: {
    parameters: 'iii',
    result: '',
    emit: (r, _, index, quiet, pops) => {
      const conditions = r.word(r.call('compareRegister', index, quiet));
      r.run('finishCompare', conditions, pops);
    },
  },

  /** (pops): with the operand slot. */
  fcom_memory: {
    parameters: 'i',
    result: '',
    emit: (r, _, pops) => {
      const conditions = r.word();
      r.if(
        r.isEmpty(0),
        () => {
          r.setRaised(IE | SF);
          conditions.set(UNORDERED);
        },
        () => {
          const a = r.word(r.slot(0));
          conditions.set(r.call('compare', r.mantissa(a), r.head(a), r.operandMantissa, r.operandHead, 0));
        },
      );
      r.run('finishCompare', conditions, pops);
    },
  },

  /** (index, quiet, pops): C3 C2 C0 for EFLAGS, or -1 when an unmasked exception leaves them alone. */
  fcomi: {
    parameters: 'iii',
    result: 'i',
    emit: (r, _, index, quiet, pops) => {
      const { i } = r;
      const conditions = r.word(r.call('compareRegister', index, quiet));
      r.if(r.call('report', BEFORE_RESULT), () => r.return(() => i.push(-1)));
      r.run('pop', pops);
      r.return(conditions);
    },
  },

  /** Class of ST(0) in C3 C2 C0, its sign in C1. */
  fxam: {
    parameters: '',
    result: '',
    emit: (r) => {
      const { i, l } = r;
      const slot = r.word(r.slot(0));
      const head = r.word(r.head(slot));
      const mantissa = r.long(r.mantissa(slot));
      const kind = r.word(r.call('classify', mantissa, head));
      const codes = [C2, C3 | C2, C2 | C0, C0, C0, 0];
      const conditions = r.word();
      codes.forEach((code, at) => {
        r.if(i.eq(kind, at), () => conditions.set(code));
      });
      r.if(l.eqz(l.or(mantissa, r.widen(i.and(head, EXPONENT)))), () => conditions.set(C3));
      r.if(r.isEmpty(0), () => conditions.set(C3 | C0));
      const sign = i.select(i.and(head, SIGN), C1, 0);
      r.setField(FPU_STATUS, i.or(i.and(r.status, ~CONDITIONS), i.or(conditions, sign)));
    },
  },

  /** Compares ST(0) with zero. */
  ftst: {
    parameters: '',
    result: '',
    emit: (r) => {
      r.setOperand(0n, 0);
      r.setField(FPU_RAISED, 0);
      r.run('fcom_memory', 0);
    },
  },
};
