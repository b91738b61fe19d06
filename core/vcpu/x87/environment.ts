/**
 * FNSTENV, FLDENV, FNSAVE, FRSTOR: the environment in its four formats (SDM vol. 1, figures 8-9 to 8-12). The
 * pointers are kept as selector and offset; the real-mode formats hold linear addresses.
 */
import { CS } from '../../isa/registers.ts';
import {
  CTX_FLAG_REST,
  CTX_REAL_MODE,
  CTX_SEGMENTS,
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_EMPTY,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TOP,
  SEG_SELECTOR,
  SEGMENT_STRIDE,
} from '../../memory/layout.ts';
import type { Expression, Variable } from '../../wasm/body.ts';
import { EXCEPTIONS, EXPONENT, type RoutineBody, type Routines } from './routine.ts';

const VM = 1 << 17;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;
/** Bits of the control word that can be written; bit 6 reads as 1. */
export const CONTROL_BITS = 0x1f3f;
export const CONTROL_FIXED = 0x40;

/** Real mode and virtual-8086 mode have the linear format. */
function isLinear(r: RoutineBody): Expression {
  return r.i.or(r.field(CTX_REAL_MODE), r.i.and(r.field(CTX_FLAG_REST), VM));
}

/** Linear address of a pointer. */
function linear(r: RoutineBody, selector: number, offset: number): Expression {
  return r.i.add(r.i.shl(r.field(selector), 4), r.field(offset));
}

/** Loads a pointer: a linear one has no selector. */
function setPointer(r: RoutineBody, selector: number, offset: number, of: Expression, at: Expression): void {
  r.setField(selector, of);
  r.setField(offset, at);
}

export const environment: Routines = {
  /** (eip, word): the pointers of an instruction; `word` has its opcode in bits 0–10. */
  note: {
    parameters: 'ii',
    result: '',
    emit: (r, _, eip, word) => {
      r.setField(FPU_INSTRUCTION_OFFSET, eip);
      r.setField(FPU_INSTRUCTION_SELECTOR, r.field(CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_SELECTOR));
      r.setField(FPU_OPCODE, r.i.and(word, 0x7ff));
    },
  },

  /** (eip, word, offset): the same with a memory operand; the segment's number is in bits 16–18. */
  noteMemory: {
    parameters: 'iii',
    result: '',
    emit: (r, _, eip, word, offset) => {
      const { i } = r;
      r.run('note', eip, word);
      r.setField(FPU_DATA_OFFSET, offset);
      const segment = i.add(r.context, i.shl(i.shr(word, 16), 5));
      r.setField(FPU_DATA_SELECTOR, i.load(segment, CTX_SEGMENTS + SEG_SELECTOR));
    },
  },

  /** The full tag word, from the registers' contents. */
  tagWord: {
    parameters: '',
    result: 'i',
    emit: (r) => {
      const { i, l } = r;
      const tags = r.word();
      const number = r.word(8);
      r.while(number, () => {
        number.set(i.sub(number, 1));
        const slot = r.word(i.add(r.context, i.shl(number, 4)));
        const mantissa = r.long(r.mantissa(slot));
        const exponent = r.word(i.and(r.head(slot), EXPONENT));
        const tag = r.word(i.select(r.isNormal(mantissa, exponent), 0, TAG_SPECIAL));
        r.if(l.eqz(l.or(mantissa, r.widen(exponent))), () => tag.set(TAG_ZERO));
        r.if(i.and(i.shr(r.field(FPU_EMPTY), number), 1), () => tag.set(TAG_EMPTY));
        tags.set(i.or(i.shl(tags, 2), tag));
      });
      r.return(tags);
    },
  },

  /** (host address, wide): 28 bytes, or 14 without `wide`. */
  storeEnvironment: {
    parameters: 'ii',
    result: '',
    emit: (r, _, host, wide) => {
      const { i } = r;
      const words = [r.control, i.or(r.status, i.shl(r.top, 11)), r.call('tagWord')];
      const instruction = r.word(r.field(FPU_INSTRUCTION_OFFSET));
      const instructionSelector = r.word(r.field(FPU_INSTRUCTION_SELECTOR));
      const data = r.word(r.field(FPU_DATA_OFFSET));
      const dataSelector = r.word(r.field(FPU_DATA_SELECTOR));
      const opcode = r.word(i.and(r.field(FPU_OPCODE), 0x7ff));
      const real = r.word(isLinear(r));
      r.if(real, () => {
        instruction.set(linear(r, FPU_INSTRUCTION_SELECTOR, FPU_INSTRUCTION_OFFSET));
        data.set(linear(r, FPU_DATA_SELECTOR, FPU_DATA_OFFSET));
      });
      r.if(
        wide,
        () => {
          // Reserved halves read as ones.
          words.forEach((word, at) => {
            i.store(host, i.or(word, 0xffff0000), at * 4);
          });
          r.if(
            real,
            () => {
              i.store(host, i.or(i.and(instruction, 0xffff), 0xffff0000), 12);
              i.store(host, i.or(i.shl(i.shr(instruction, 16), 12), opcode), 16);
              i.store(host, i.or(i.and(data, 0xffff), 0xffff0000), 20);
              i.store(host, i.shl(i.shr(data, 16), 12), 24);
            },
            () => {
              i.store(host, instruction, 12);
              i.store(host, i.or(i.and(instructionSelector, 0xffff), i.shl(opcode, 16)), 16);
              i.store(host, data, 20);
              i.store(host, i.or(i.and(dataSelector, 0xffff), 0xffff0000), 24);
            },
          );
        },
        () => {
          words.forEach((word, at) => {
            r.store16(host, word, at * 2);
          });
          r.store16(host, instruction, 6);
          r.store16(host, data, 10);
          const high = (pointer: Variable) => i.shl(i.and(i.shr(pointer, 16), 15), 12);
          r.store16(host, i.select(real, i.or(high(instruction), opcode), instructionSelector), 8);
          r.store16(host, i.select(real, high(data), dataSelector), 12);
        },
      );
    },
  },

  /** (control, status, tags): the three words, with ES and B made to fit. */
  loadWords: {
    parameters: 'iii',
    result: '',
    emit: (r, _, control, status, tags) => {
      const { i } = r;
      r.setField(FPU_CONTROL, i.or(i.and(control, CONTROL_BITS), CONTROL_FIXED));
      r.setField(FPU_STATUS, i.and(status, 0xffff & ~0x3800));
      r.setField(FPU_TOP, i.and(i.shr(status, 11), 7));
      const empty = r.word();
      const number = r.word(8);
      r.while(number, () => {
        number.set(i.sub(number, 1));
        const tag = i.and(i.shr(tags, i.shl(number, 1)), 3);
        empty.set(i.or(i.shl(empty, 1), i.eq(tag, TAG_EMPTY)));
      });
      r.setField(FPU_EMPTY, empty);
      r.run('summarise');
    },
  },

  /** (host address, wide) */
  loadEnvironment: {
    parameters: 'ii',
    result: '',
    emit: (r, _, host, wide) => {
      const { i } = r;
      const real = r.word(isLinear(r));
      const instruction = [FPU_INSTRUCTION_SELECTOR, FPU_INSTRUCTION_OFFSET] as const;
      const data = [FPU_DATA_SELECTOR, FPU_DATA_OFFSET] as const;
      const none = () => i.push(0);
      r.if(
        wide,
        () => {
          r.run('loadWords', r.load16(host), r.load16(host, 4), r.load16(host, 8));
          r.if(
            real,
            () => {
              const high = (at: number) => i.shl(i.and(i.shr(i.load(host, at), 12), 0xffff), 16);
              setPointer(r, ...instruction, none, i.or(r.load16(host, 12), high(16)));
              setPointer(r, ...data, none, i.or(r.load16(host, 20), high(24)));
              r.setField(FPU_OPCODE, i.and(r.load16(host, 16), 0x7ff));
            },
            () => {
              setPointer(r, ...instruction, r.load16(host, 16), i.load(host, 12));
              setPointer(r, ...data, r.load16(host, 24), i.load(host, 20));
              r.setField(FPU_OPCODE, i.and(r.load16(host, 18), 0x7ff));
            },
          );
        },
        () => {
          r.run('loadWords', r.load16(host), r.load16(host, 2), r.load16(host, 4));
          r.if(
            real,
            () => {
              const high = (at: number) => i.shl(i.shr(r.load16(host, at), 12), 16);
              setPointer(r, ...instruction, none, i.or(r.load16(host, 6), high(8)));
              setPointer(r, ...data, none, i.or(r.load16(host, 10), high(12)));
              r.setField(FPU_OPCODE, i.and(r.load16(host, 8), 0x7ff));
            },
            () => {
              setPointer(r, ...instruction, r.load16(host, 8), r.load16(host, 6));
              setPointer(r, ...data, r.load16(host, 12), r.load16(host, 10));
              // The 16-bit protected-mode format has no opcode.
              r.setField(FPU_OPCODE, 0);
            },
          );
        },
      );
    },
  },

  /** (host address, wide): FNSTENV: all exceptions are masked afterwards. */
  fnstenv: {
    parameters: 'ii',
    result: '',
    emit: (r, _, host, wide) => {
      r.run('storeEnvironment', host, wide);
      r.setField(FPU_CONTROL, r.i.or(r.control, EXCEPTIONS));
      r.run('summarise');
    },
  },

  /** (host address, wide): FNSAVE: environment, then ST(0) to ST(7), then as FNINIT. */
  fnsave: {
    parameters: 'ii',
    result: '',
    emit: (r, _, host, wide) => {
      r.run('storeEnvironment', host, wide);
      eachRegister(r, host, wide, (slot, at) => {
        r.l.store(at, r.mantissa(slot));
        r.store16(at, r.head(slot), 8);
      });
      r.run('initialise');
    },
  },

  /** (host address, wide) */
  frstor: {
    parameters: 'ii',
    result: '',
    emit: (r, _, host, wide) => {
      r.run('loadEnvironment', host, wide);
      eachRegister(r, host, wide, (slot, at) => {
        r.l.store(slot, r.l.load(at), FPU_REGISTERS);
        r.store16(slot, r.load16(at, 8), FPU_REGISTERS + 8);
      });
    },
  },
};

/** Visits ST(0) to ST(7) and their places in the image. */
function eachRegister(
  r: RoutineBody,
  host: Variable,
  wide: Variable,
  visit: (slot: Variable, at: Variable) => void,
): void {
  const { i } = r;
  const number = r.word();
  const at = r.word(i.add(host, i.select(wide, 28, 14)));
  r.while(i.lt(number, 8), () => {
    visit(r.word(r.slot(number)), at);
    number.set(i.add(number, 1));
    at.set(i.add(at, 10));
  });
}
