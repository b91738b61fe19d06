/** Instructions on registers: arithmetic, sign, rounding, square root, exchange, moves and constants. */
import { FPU_EMPTY, FPU_REGISTERS } from '../../memory/layout.ts';
import type { Variable } from '../../wasm/body.ts';
import { exponentOf, normalise } from './operands.ts';
import { INTEGER_EXPONENT } from './round.ts';
import { C1, EXPONENT, type Routine, type RoutineBody, type Routines, SIGN } from './routine.ts';
import { underflow } from './stack.ts';

type Operation = (r: RoutineBody, a: Variable, aHead: Variable, b: Variable, bHead: Variable) => void;

const OPERATIONS: Record<string, Operation> = {
  fadd: (r, ...ab) => r.run('add', ...ab, 0),
  fmul: (r, ...ab) => r.run('multiply', ...ab),
  fsub: (r, ...ab) => r.run('add', ...ab, SIGN),
  fsubr: (r, a, aHead, b, bHead) => r.run('add', b, bHead, a, aHead, SIGN),
  fdiv: (r, ...ab) => r.run('divide', ...ab),
  fdivr: (r, a, aHead, b, bHead) => r.run('divide', b, bHead, a, aHead),
};

/** (destination, source, pops): ST(destination) = ST(destination) op ST(source). */
function onRegisters(operation: Operation): Routine {
  return {
    parameters: 'iii',
    result: '',
    emit: (r, _, destination, source, pops) => {
      r.setRaised(0);
      r.if(
        r.i.or(r.isEmpty(destination), r.isEmpty(source)),
        () => underflow(r),
        () => {
          const a = r.word(r.slot(destination));
          const b = r.word(r.slot(source));
          operation(r, r.long(r.mantissa(a)), r.word(r.head(a)), r.long(r.mantissa(b)), r.word(r.head(b)));
        },
      );
      r.run('finish', destination, pops);
    },
  };
}

/** ST(0) = ST(0) op the operand slot. */
function onOperand(operation: Operation): Routine {
  return {
    parameters: '',
    result: '',
    emit: (r) => {
      r.if(
        r.isEmpty(0),
        () => underflow(r),
        () => {
          const a = r.word(r.slot(0));
          operation(r, r.long(r.mantissa(a)), r.word(r.head(a)), r.long(r.operandMantissa), r.word(r.operandHead));
        },
      );
      r.run('finish', 0, 0);
    },
  };
}

/** ST(0) = f(ST(0)). */
function onTop(compute: (r: RoutineBody, mantissa: Variable, head: Variable) => void): Routine {
  return {
    parameters: '',
    result: '',
    emit: (r) => {
      r.setRaised(0);
      r.if(
        r.isEmpty(0),
        () => underflow(r),
        () => {
          const slot = r.word(r.slot(0));
          compute(r, r.long(r.mantissa(slot)), r.word(r.head(slot)));
        },
      );
      r.run('finish', 0, 0);
    },
  };
}

export const operations: Routines = {
  ...Object.fromEntries(
    Object.entries(OPERATIONS).flatMap(([name, operation]) => [
      [name, onRegisters(operation)],
      [`${name}_memory`, onOperand(operation)],
    ]),
  ),

  fsqrt: onTop((r, mantissa, head) => r.run('squareRoot', mantissa, head)),
  fchs: onTop((r, mantissa, head) => r.setResult(mantissa, r.i.xor(head, SIGN))),
  fabs: onTop((r, mantissa, head) => r.setResult(mantissa, r.i.and(head, EXPONENT))),
  frndint: onTop((r, mantissa, head) => r.run('integralPart', mantissa, head)),

  /** (a, head): a rounded to an integral value. */
  integralPart: {
    parameters: 'li',
    result: '',
    emit: (r, _, a, head) => {
      const { i, l } = r;
      r.if(r.call('special1', a, head), () => r.return());
      const exponent = exponentOf(r, head);
      r.if(i.or(l.eqz(a), i.ge(exponent, INTEGER_EXPONENT)), () => {
        r.setResult(a, head);
        r.return();
      });
      const sign = r.word(i.and(head, SIGN));
      normalise(r, a, exponent);
      const value = r.long(r.call('roundInteger', sign, exponent, a));
      const by = r.long(l.clz(value));
      const resultHead = i.select(l.eqz(value), 0, i.sub(INTEGER_EXPONENT, r.wrap(by)));
      r.setResult(l.shl(value, by), i.or(sign, resultHead));
    },
  },

  /** (index): pushes a copy of ST(index). */
  fld_register: {
    parameters: 'i',
    result: '',
    emit: (r, _, index) => {
      r.setRaised(0);
      r.if(
        r.isEmpty(index),
        () => underflow(r),
        () => {
          const slot = r.word(r.slot(index));
          r.setResult(r.mantissa(slot), r.head(slot));
        },
      );
      r.run('push');
    },
  },

  /** (mantissa rounded to nearest, head, ulps to add when rounding down or to zero, when up): pushes a constant. */
  fld_constant: {
    parameters: 'liii',
    result: '',
    emit: (r, _, mantissa, head, down, up) => {
      const { i, l } = r;
      const mode = r.word(r.rounding);
      const adjust = i.select(i.eqz(mode), 0, i.select(i.eq(mode, 2), up, down));
      r.setRaised(0);
      r.setResult(l.add(mantissa, r.widenSigned(adjust)), head);
      r.run('push');
    },
  },

  /** (index, pops): copies ST(0) to ST(index). */
  fst_register: {
    parameters: 'ii',
    result: '',
    emit: (r, _, index, pops) => {
      r.setRaised(0);
      r.if(
        r.isEmpty(0),
        () => underflow(r),
        () => {
          const slot = r.word(r.slot(0));
          r.setResult(r.mantissa(slot), r.head(slot));
        },
      );
      r.run('finish', index, pops);
    },
  },

  /** (index, condition): copies ST(index) to ST(0) if the condition holds; both must be in use. */
  fcmov: {
    parameters: 'ii',
    result: '',
    emit: (r, _, index, condition) => {
      // C1 means nothing but a stack fault here: otherwise it stays.
      r.setRaised(r.i.and(r.status, C1));
      const slot = r.word(r.slot(r.i.select(condition, index, 0)));
      r.setResult(r.mantissa(slot), r.head(slot));
      r.if(r.i.or(r.isEmpty(0), r.isEmpty(index)), () => underflow(r));
      r.run('finish', 0, 0);
    },
  },

  /** (index): exchanges; an empty side counts as the indefinite value when invalid operations are masked. */
  fxch: {
    parameters: 'i',
    result: '',
    emit: (r, _, index) => {
      const { i, l } = r;
      const a = r.word(r.slot(0));
      const b = r.word(r.slot(index));
      r.setRaised(0);
      r.if(i.or(r.isEmpty(0), r.isEmpty(index)), () => {
        underflow(r);
        r.if(r.call('report', 1), () => r.return());
        for (const [at, slot] of [
          [0, a],
          [index, b],
        ] as const) {
          r.if(r.isEmpty(at), () => {
            l.store(slot, r.resultMantissa, FPU_REGISTERS);
            r.store16(slot, r.resultHead, FPU_REGISTERS + 8);
            r.setField(FPU_EMPTY, i.and(r.field(FPU_EMPTY), i.xor(i.shl(1, r.physical(at)), -1)));
          });
        }
        r.setRaised(i.and(r.status, 0x41));
      });
      r.run('report', 0);
      const mantissa = r.long(r.mantissa(a));
      const head = r.word(r.head(a));
      l.store(a, r.mantissa(b), FPU_REGISTERS);
      r.store16(a, r.head(b), FPU_REGISTERS + 8);
      l.store(b, mantissa, FPU_REGISTERS);
      r.store16(b, head, FPU_REGISTERS + 8);
    },
  },
};
