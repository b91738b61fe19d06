/**
 * What the x87 routines are written in: named functions of the tier-0 module over the x87 part of a context.
 * A value is a mantissa (i64, explicit integer bit) and a word with sign (bit 15) and biased exponent, as in
 * an 80-bit register (SDM vol. 1, 4.2). Only integer arithmetic: no float of WebAssembly or JavaScript.
 */
import {
  FPU_CONTROL,
  FPU_EMPTY,
  FPU_OPERAND,
  FPU_RAISED,
  FPU_REGISTERS,
  FPU_RESULT,
  FPU_STATUS,
  FPU_TOP,
} from '../../memory/layout.ts';
import { Body, type Expression, type Operand, type Variable } from '../../wasm/body.ts';
import { DROP } from '../../wasm/opcodes.ts';

// Status word (SDM vol. 1, 8.1.3); the low six bits are also the masks in the control word.
export const IE = 1 << 0;
export const DE = 1 << 1;
export const ZE = 1 << 2;
export const OE = 1 << 3;
export const UE = 1 << 4;
export const PE = 1 << 5;
export const SF = 1 << 6;
export const ES = 1 << 7;
export const C0 = 1 << 8;
export const C1 = 1 << 9;
export const C2 = 1 << 10;
export const C3 = 1 << 14;
export const BUSY = 1 << 15;
export const EXCEPTIONS = 0x3f;
export const CONDITIONS = C0 | C1 | C2 | C3;
/** These leave everything as it was when they are not masked; the others come after the result. */
export const BEFORE_RESULT = IE | DE | ZE;

export const SIGN = 0x8000;
export const EXPONENT = 0x7fff;
export const BIAS = 0x3fff;
export const TOP_BIT = 1n << 63n;
/** Bit 62: set in a quiet NaN. */
export const QUIET = 1n << 62n;

/** The QNaN floating-point indefinite: the masked answer to an invalid operation. */
export const INDEFINITE_MANTISSA = TOP_BIT | QUIET;
export const INDEFINITE_EXPONENT = SIGN | EXPONENT;

/** `parameters` and `result`: a letter each, i = i32, l = i64; the context pointer comes first and is not listed. */
export interface Routine {
  readonly parameters: string;
  readonly result: '' | 'i' | 'l';
  readonly emit: (r: RoutineBody, ...parameters: Variable[]) => void;
}

export type Routines = Readonly<Record<string, Routine>>;

/** Index and signature of every routine by name, known before the first body is emitted. */
export type RoutineIndex = ReadonlyMap<string, { readonly index: number; readonly routine: Routine }>;

export class RoutineBody extends Body {
  private readonly known: RoutineIndex;

  constructor(routine: Routine, known: RoutineIndex) {
    super(`i${routine.parameters}`);
    this.known = known;
  }

  get context(): Variable {
    return this.parameters[0];
  }

  /** Calls another routine with the same context, for its result. */
  call(name: string, ...operands: Operand[]): Expression {
    const callee = this.known.get(name);
    if (callee === undefined) throw new Error(`internal error: no x87 routine ${name}`);
    return () => {
      this.context();
      operands.forEach((operand, at) => {
        (callee.routine.parameters[at] === 'l' ? this.l : this.i).push(operand);
      });
      this.c.call(callee.index);
    };
  }

  /** Calls another routine as a statement; a result is dropped. */
  run(name: string, ...operands: Operand[]): void {
    this.call(name, ...operands)();
    if (this.known.get(name)?.routine.result !== '') this.c.op(DROP);
  }

  /** A context word. */
  field(offset: number): Expression {
    return this.i.load(this.context, offset);
  }
  setField(offset: number, value: Operand): void {
    this.i.store(this.context, value, offset);
  }

  get control(): Expression {
    return this.field(FPU_CONTROL);
  }
  /** Rounding control: 0 nearest, 1 down, 2 up, 3 towards zero. */
  get rounding(): Expression {
    return this.i.and(this.i.shr(this.control, 10), 3);
  }
  get status(): Expression {
    return this.field(FPU_STATUS);
  }
  get top(): Expression {
    return this.field(FPU_TOP);
  }

  /** Physical number of ST(index). */
  physical(index: Operand): Expression {
    return this.i.and(this.i.add(this.top, index), 7);
  }

  /** 1 when ST(index) is empty. */
  isEmpty(index: Operand): Expression {
    return this.i.and(this.i.shr(this.field(FPU_EMPTY), this.physical(index)), 1);
  }

  /** Host address of ST(index) without FPU_REGISTERS: an offset for the loads below. */
  slot(index: Operand): Expression {
    return this.i.add(this.context, this.i.shl(this.physical(index), 4));
  }
  mantissa(slot: Expression): Expression {
    return this.l.load(slot, FPU_REGISTERS);
  }
  /** Sign and exponent. */
  head(slot: Expression): Expression {
    return this.load16(slot, FPU_REGISTERS + 8);
  }

  get operandMantissa(): Expression {
    return this.l.load(this.context, FPU_OPERAND);
  }
  get operandHead(): Expression {
    return this.field(FPU_OPERAND + 8);
  }
  setOperand(mantissa: Operand, head: Operand): void {
    this.l.store(this.context, mantissa, FPU_OPERAND);
    this.setField(FPU_OPERAND + 8, head);
  }

  get resultMantissa(): Expression {
    return this.l.load(this.context, FPU_RESULT);
  }
  get resultHead(): Expression {
    return this.field(FPU_RESULT + 8);
  }
  setResult(mantissa: Operand, head: Operand): void {
    this.l.store(this.context, mantissa, FPU_RESULT);
    this.setField(FPU_RESULT + 8, head);
  }

  setRaised(flags: Operand): void {
    this.setField(FPU_RAISED, flags);
  }
  raise(flags: Operand): void {
    this.setRaised(this.i.or(this.field(FPU_RAISED), flags));
  }

  /** Invalid operation: the indefinite result, no other exception. */
  invalid(flags = IE): void {
    this.setRaised(flags);
    this.setResult(INDEFINITE_MANTISSA, INDEFINITE_EXPONENT);
  }

  /** Neither zero, denormal, infinite, NaN nor unsupported. `exponent` is without sign. */
  isNormal(mantissa: Expression, exponent: Expression): Expression {
    return this.i.and(this.i.ltU(this.i.sub(exponent, 1), EXPONENT - 1), this.l.lt(mantissa, 0));
  }
}
