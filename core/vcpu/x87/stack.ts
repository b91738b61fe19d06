/**
 * How an x87 instruction ends: exceptions go to the status word, the masked result to its register, and
 * unmasked ones that come before the result leave everything else as it was (SDM vol. 1, 8.4 and 8.5).
 */
import {
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_EMPTY,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_RAISED,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TOP,
} from '../../memory/layout.ts';
import {
  BEFORE_RESULT,
  BUSY,
  C1,
  CONDITIONS,
  ES,
  EXCEPTIONS,
  IE,
  OE,
  type RoutineBody,
  type Routines,
  SF,
  UE,
} from './routine.ts';

/** Ends with a stack underflow: the indefinite value. */
export function underflow(r: RoutineBody): void {
  r.invalid(IE | SF);
}

export const stack: Routines = {
  /**
   * (fatal): adds what was raised to the status word; answers the unmasked exceptions that prevent the
   * result: of these kinds, `fatal`.
   */
  report: {
    parameters: 'i',
    result: 'i',
    emit: (r, _, fatal) => {
      const { i } = r;
      const raised = r.word(r.field(FPU_RAISED));
      const unmasked = r.word(i.and(i.and(raised, i.xor(r.control, -1)), EXCEPTIONS));
      const prevented = r.word(i.and(unmasked, fatal));
      r.if(prevented, () => {
        // Nothing is rounded, so neither PE nor C1, but for C1 as the direction of a stack fault. Without a
        // result there is no overflow or underflow either.
        const direction = i.select(i.and(raised, SF), C1, 0);
        const range = i.select(i.and(prevented, BEFORE_RESULT), 0, OE | UE);
        raised.set(i.and(raised, i.or(i.or(BEFORE_RESULT | SF, range), direction)));
      });
      const summary = i.select(unmasked, ES | BUSY, 0);
      r.setField(FPU_STATUS, i.or(i.or(i.and(r.status, ~C1), raised), summary));
      r.return(prevented);
    },
  },

  /** Sets or clears ES and B by the flags and masks as they are now (after FLDCW, FLDENV …). */
  summarise: {
    parameters: '',
    result: '',
    emit: (r) => {
      const { i } = r;
      const pending = i.and(i.and(r.status, i.xor(r.control, -1)), EXCEPTIONS);
      r.setField(FPU_STATUS, i.or(i.and(r.status, ~(ES | BUSY)), i.select(pending, ES | BUSY, 0)));
    },
  },

  /** (count): pops registers. */
  pop: {
    parameters: 'i',
    result: '',
    emit: (r, _, count) => {
      const { i } = r;
      r.while(count, () => {
        r.setField(FPU_EMPTY, i.or(r.field(FPU_EMPTY), i.shl(1, r.top)));
        r.setField(FPU_TOP, r.physical(1));
        count.set(i.sub(count, 1));
      });
    },
  },

  /** (index): the result slot to ST(index), which is then in use. */
  writeResult: {
    parameters: 'i',
    result: '',
    emit: (r, _, index) => {
      const { i, l } = r;
      const physical = r.word(r.physical(index));
      const slot = r.word(i.add(r.context, i.shl(physical, 4)));
      l.store(slot, r.resultMantissa, FPU_REGISTERS);
      r.store16(slot, r.resultHead, FPU_REGISTERS + 8);
      r.setField(FPU_EMPTY, i.and(r.field(FPU_EMPTY), i.xor(i.shl(1, physical), -1)));
    },
  },

  /** (index, pops): the result goes to ST(index), then the stack is popped. */
  finish: {
    parameters: 'ii',
    result: '',
    emit: (r, _, index, pops) => {
      r.if(r.call('report', BEFORE_RESULT), () => r.return());
      r.run('writeResult', index);
      r.run('pop', pops);
    },
  },

  /** The result is pushed. */
  push: {
    parameters: '',
    result: '',
    emit: (r) => {
      // An empty source (SF is set) comes before a full stack.
      const underflowed = r.i.and(r.field(FPU_RAISED), SF);
      r.if(r.i.eqz(r.i.or(r.isEmpty(7), underflowed)), () => r.invalid(IE | SF | C1));
      r.if(r.call('report', BEFORE_RESULT), () => r.return());
      r.setField(FPU_TOP, r.physical(7));
      r.run('writeResult', 0);
    },
  },

  /** (pops): ends a store to memory; answers 1 when the value may be written. */
  finishStore: {
    parameters: 'i',
    result: 'i',
    emit: (r, _, pops) => {
      r.if(r.call('report', BEFORE_RESULT | OE | UE), () => r.return(() => r.i.push(0)));
      r.run('pop', pops);
      r.return(() => r.i.push(1));
    },
  },

  /** (conditions, pops): ends a comparison. */
  finishCompare: {
    parameters: 'ii',
    result: '',
    emit: (r, _, conditions, pops) => {
      const { i } = r;
      const prevented = r.word(r.call('report', BEFORE_RESULT));
      r.setField(FPU_STATUS, i.or(i.and(r.status, ~CONDITIONS | C1), conditions));
      r.if(i.eqz(prevented), () => r.run('pop', pops));
    },
  },

  /** (index, pops): FFREE. */
  ffree: {
    parameters: 'ii',
    result: '',
    emit: (r, _, index, pops) => {
      r.setField(FPU_EMPTY, r.i.or(r.field(FPU_EMPTY), r.i.shl(1, r.physical(index))));
      r.setField(FPU_STATUS, r.i.and(r.status, ~C1));
      r.run('pop', pops);
    },
  },

  /** (index): FSTP without a stack check (its alias at D9D8): an empty ST(0) is popped, but not copied. */
  copyAndPop: {
    parameters: 'i',
    result: '',
    emit: (r, _, index) => {
      r.if(r.i.eqz(r.isEmpty(0)), () => {
        const slot = r.word(r.slot(0));
        r.setResult(r.mantissa(slot), r.head(slot));
        r.run('writeResult', index);
      });
      r.setField(FPU_STATUS, r.i.and(r.status, ~C1));
      r.run('pop', 1);
    },
  },

  /** (by): turns the stack without touching tags. */
  turn: {
    parameters: 'i',
    result: '',
    emit: (r, _, by) => {
      r.setField(FPU_TOP, r.physical(by));
      r.setField(FPU_STATUS, r.i.and(r.status, ~C1));
    },
  },

  initialise: {
    parameters: '',
    result: '',
    emit: (r) => {
      r.setField(FPU_CONTROL, 0x37f);
      r.setField(FPU_STATUS, 0);
      r.setField(FPU_TOP, 0);
      r.setField(FPU_EMPTY, 0xff);
      for (const offset of POINTERS) r.setField(offset, 0);
    },
  },
};

const POINTERS = [FPU_OPCODE, FPU_INSTRUCTION_OFFSET, FPU_INSTRUCTION_SELECTOR, FPU_DATA_OFFSET, FPU_DATA_SELECTOR];
