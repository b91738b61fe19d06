/**
 * Function bodies written as expressions: for long pure routines, where spelling out the operand stack hides
 * the arithmetic. An expression is a closure that pushes its value; a number stands for a constant. Knows no x86.
 */
import { Code } from './code.ts';
import * as w from './opcodes.ts';

export type Expression = () => void;
export type Operand = Expression | number | bigint;

/** A local or parameter: called, it pushes its value. */
export interface Variable extends Expression {
  set(value: Operand): void;
}

type Binary = (a: Operand, b: Operand) => Expression;
type Unary = (a: Operand) => Expression;

/** The operations of one integer width. Comparisons answer an i32. */
export class Integers {
  private readonly c: Code;
  private readonly wide: boolean;

  constructor(c: Code, wide: boolean) {
    this.c = c;
    this.wide = wide;
  }

  push(operand: Operand): void {
    if (typeof operand === 'function') operand();
    else if (this.wide) this.c.i64(BigInt(operand));
    else this.c.i32(Number(operand));
  }

  private readonly two =
    (narrow: number, wide: number): Binary =>
    (a, b) =>
    () => {
      this.push(a);
      this.push(b);
      this.c.op(this.wide ? wide : narrow);
    };

  private readonly one =
    (narrow: number, wide: number): Unary =>
    (a) =>
    () => {
      this.push(a);
      this.c.op(this.wide ? wide : narrow);
    };

  readonly add = this.two(w.I32_ADD, w.I64_ADD);
  readonly sub = this.two(w.I32_SUB, w.I64_SUB);
  readonly mul = this.two(w.I32_MUL, w.I64_MUL);
  readonly div = this.two(w.I32_DIV_U, w.I64_DIV_U);
  readonly rem = this.two(w.I32_REM_U, w.I64_REM_U);
  readonly and = this.two(w.I32_AND, w.I64_AND);
  readonly or = this.two(w.I32_OR, w.I64_OR);
  readonly xor = this.two(w.I32_XOR, w.I64_XOR);
  readonly shl = this.two(w.I32_SHL, w.I64_SHL);
  readonly shr = this.two(w.I32_SHR_U, w.I64_SHR_U);
  readonly sar = this.two(w.I32_SHR_S, w.I64_SHR_S);
  readonly eq = this.two(w.I32_EQ, w.I64_EQ);
  readonly ne = this.two(w.I32_NE, w.I64_NE);
  readonly lt = this.two(w.I32_LT_S, w.I64_LT_S);
  readonly le = this.two(w.I32_LE_S, w.I64_LE_S);
  readonly gt = this.two(w.I32_GT_S, w.I64_GT_S);
  readonly ge = this.two(w.I32_GE_S, w.I64_GE_S);
  readonly ltU = this.two(w.I32_LT_U, w.I64_LT_U);
  readonly leU = this.two(w.I32_LE_U, w.I64_LE_U);
  readonly gtU = this.two(w.I32_GT_U, w.I64_GT_U);
  readonly geU = this.two(w.I32_GE_U, w.I64_GE_U);
  readonly eqz = this.one(w.I32_EQZ, w.I64_EQZ);
  readonly clz = this.one(w.I32_CLZ, w.I64_CLZ);

  select(condition: Expression, yes: Operand, no: Operand): Expression {
    return () => {
      this.push(yes);
      this.push(no);
      condition();
      this.c.op(w.SELECT);
    };
  }

  load(address: Expression, offset = 0): Expression {
    return () => {
      address();
      this.c.memory(this.wide ? w.I64_LOAD : w.I32_LOAD, offset);
    };
  }

  store(address: Expression, value: Operand, offset = 0): void {
    address();
    this.push(value);
    this.c.memory(this.wide ? w.I64_STORE : w.I32_STORE, offset);
  }
}

export class Body {
  readonly c: Code;
  readonly i: Integers;
  readonly l: Integers;
  readonly parameters: readonly Variable[];

  /** @param parameters a letter each: i = i32, l = i64 */
  constructor(parameters: string) {
    this.c = new Code(parameters.length);
    this.i = new Integers(this.c, false);
    this.l = new Integers(this.c, true);
    this.parameters = [...parameters].map((type, index) => this.variable(index, type === 'l'));
  }

  private variable(index: number, wide: boolean): Variable {
    const get = () => this.c.get(index);
    const set = (value: Operand) => {
      (wide ? this.l : this.i).push(value);
      this.c.set(index);
    };
    return Object.assign(get, { set });
  }

  /** A fresh i32 local, set to `value` now. */
  word(value: Operand = 0): Variable {
    const local = this.variable(this.c.local(w.I32), false);
    local.set(value);
    return local;
  }

  /** A fresh i64 local, set to `value` now. */
  long(value: Operand = 0n): Variable {
    const local = this.variable(this.c.local(w.I64), true);
    local.set(value);
    return local;
  }

  wrap(value: Expression): Expression {
    return () => {
      value();
      this.c.op(w.I32_WRAP_I64);
    };
  }

  /** i32 to i64, zero-extended. */
  widen(value: Expression): Expression {
    return () => {
      value();
      this.c.op(w.I64_EXTEND_I32_U);
    };
  }

  /** i32 to i64, sign-extended. */
  widenSigned(value: Expression): Expression {
    return () => {
      value();
      this.c.op(w.I64_EXTEND_I32_S);
    };
  }

  load8(address: Expression, offset = 0): Expression {
    return () => {
      address();
      this.c.memory(w.I32_LOAD8_U, offset);
    };
  }

  load16(address: Expression, offset = 0): Expression {
    return () => {
      address();
      this.c.memory(w.I32_LOAD16_U, offset);
    };
  }

  store8(address: Expression, value: Operand, offset = 0): void {
    address();
    this.i.push(value);
    this.c.memory(w.I32_STORE8, offset);
  }

  store16(address: Expression, value: Operand, offset = 0): void {
    address();
    this.i.push(value);
    this.c.memory(w.I32_STORE16, offset);
  }

  if(condition: Expression, then: () => void, otherwise?: () => void): void {
    condition();
    this.c.if();
    then();
    if (otherwise) {
      this.c.else();
      otherwise();
    }
    this.c.end();
  }

  /** Repeats `step` while `condition` holds, tested before each round. */
  while(condition: Expression, step: () => void): void {
    const done = this.c.block();
    const again = this.c.loop();
    this.i.eqz(condition)();
    this.c.brIf(done);
    step();
    this.c.br(again);
    this.c.end();
    this.c.end();
  }

  unreachable(): void {
    this.c.op(w.UNREACHABLE);
  }

  return(value?: Expression): void {
    value?.();
    this.c.return();
  }
}
