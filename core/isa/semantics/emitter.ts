/**
 * What a meaning is written against. An instruction's semantics (the other files of this folder) call these
 * methods and never know whether operands come from a decoded record (tier 0) or are constants with
 * registers in locals (tier 1). Values are closures that push one i32 when called; `let` evaluates once.
 *
 * Order rule: every access is probed with its final intent before anything is committed. `readForUpdate`
 * probes for writing; a `Place` that was probed can be written without faulting.
 */

import { CTX_FLAG_REST, CTX_STACK_MASK } from '../../memory/layout.ts';
import type { Code } from '../../wasm/code.ts';
import * as w from '../../wasm/opcodes.ts';
import type { Form } from '../forms.ts';

/** Pushes one i32 (or, where said, i64) on the operand stack of the function being emitted. */
export type Value = () => void;

/** In every function that meanings are emitted into: the address of the vCPU's context. */
export const LOCAL_CONTEXT = 0;

/** A memory place whose translation has been done: host address in a local. */
export interface Place {
  readonly host: number;
  readonly writable: boolean;
}

/** `update` is a write that reads first: the slow path must fetch the old bytes (and only then touch MMIO for reading). */
export type Intent = 'read' | 'write' | 'update';

/**
 * What an operand of `size` bytes is aligned to: its size, 8 for ten bytes. What consists of smaller items is aligned
 * to those instead (SDM vol. 3, table 6-7).
 */
export function naturalAlignment(size: number): number {
  return Math.min(size, 8);
}

export abstract class Emitter {
  readonly c: Code;
  readonly form: Form;

  constructor(c: Code, form: Form) {
    this.c = c;
    this.form = form;
  }

  // --- values ---------------------------------------------------------------------------------------

  k(value: number): Value {
    return () => this.c.i32(value);
  }

  binary(code: number, a: Value, b: Value): Value {
    return () => {
      a();
      b();
      this.c.op(code);
    };
  }

  unary(code: number, a: Value): Value {
    return () => {
      a();
      this.c.op(code);
    };
  }

  add(a: Value, b: Value): Value {
    return this.binary(w.I32_ADD, a, b);
  }
  sub(a: Value, b: Value): Value {
    return this.binary(w.I32_SUB, a, b);
  }
  and(a: Value, b: Value): Value {
    return this.binary(w.I32_AND, a, b);
  }
  or(a: Value, b: Value): Value {
    return this.binary(w.I32_OR, a, b);
  }
  xor(a: Value, b: Value): Value {
    return this.binary(w.I32_XOR, a, b);
  }
  shl(a: Value, b: Value): Value {
    return this.binary(w.I32_SHL, a, b);
  }
  shrU(a: Value, b: Value): Value {
    return this.binary(w.I32_SHR_U, a, b);
  }
  shrS(a: Value, b: Value): Value {
    return this.binary(w.I32_SHR_S, a, b);
  }
  not(a: Value): Value {
    return this.xor(a, this.k(-1));
  }
  eqz(a: Value): Value {
    return this.unary(w.I32_EQZ, a);
  }
  negative(a: Value): Value {
    return this.binary(w.I32_LT_S, a, this.k(0));
  }
  select(condition: Value, yes: Value, no: Value): Value {
    return () => {
      yes();
      no();
      condition();
      this.c.op(w.SELECT);
    };
  }

  /** Evaluates now, into a temporary. */
  let(value: Value, type: w.ValueType = w.I32): Value & { readonly local: number } {
    value();
    const local = this.c.temporary(type);
    this.c.set(local);
    return Object.assign(() => this.c.get(local), { local });
  }

  if(condition: Value, then: () => void, otherwise?: () => void): void {
    condition();
    this.c.if();
    then();
    if (otherwise) {
      this.c.else();
      otherwise();
    }
    this.c.end();
  }

  /** `value` cut to `size` bytes, zero-extended. */
  zeroExtend(value: Value, size: number): Value {
    return size === 4 ? value : this.and(value, this.k(size === 1 ? 0xff : 0xffff));
  }

  signExtend(value: Value, size: number): Value {
    if (size === 4) return value;
    return this.unary(size === 1 ? w.I32_EXTEND8_S : w.I32_EXTEND16_S, value);
  }

  // --- state, by back end -----------------------------------------------------------------------------

  /** General register by encoding number, zero-extended. */
  abstract register(number: number, size: number): Value;
  abstract setRegister(number: number, size: number, value: Value): void;
  /** Register operand `index` of the form (0 = first), zero-extended to 32 bits. */
  protected abstract operandRegister(index: number, size: number): Value;
  protected abstract setOperandRegister(index: number, size: number, value: Value): void;
  /** Number i of the ST(i) operand (shapes x and y). */
  abstract stackRegister(): Value;
  /**
   * Calls an x87 routine (core/vcpu/x87) with the context and `operands`; answers its result, if it has one.
   * Only tier 0 has them so far: tier 1 leaves x87 instructions to it.
   */
  routine(name: string, ..._operands: Value[]): Value {
    throw new Error(`internal error: ${name} in a tier without x87`);
  }
  /** EIP of this instruction, prefixes included. */
  instructionEip(): Value {
    throw new Error('internal error: no EIP in this tier');
  }
  abstract displacement(): Value;
  abstract immediate(): Value;

  abstract flagResult(): Value;
  abstract flagAux(): Value;
  abstract setFlagWords(result: Value, aux: Value): void;
  /** The non-arithmetic EFLAGS bits: always in the context, they change too rarely for a local. */
  flagRest(): Value {
    return this.context(CTX_FLAG_REST);
  }
  setFlagRest(value: Value): void {
    this.setContext(CTX_FLAG_REST, value);
  }

  /** True when memory operands go through any segment with checks, with either address size. */
  protected get general(): boolean {
    return this.form.addressing === 'g' || this.form.shapes.includes('g');
  }

  /** Offset of the memory operand in its segment, wrapped to the address size. */
  abstract effectiveAddress(): Value;
  /** 1 when ESP is the base register of the memory operand (POP computes its address after the increment). */
  abstract baseIsStackPointer(): Value;
  /** All ones or 0xFFFF: the address-size mask (a constant for flat forms). */
  abstract addressMask(): Value;
  /** All ones or 0xFFFF by SS.B. */
  stackMask(): Value {
    return this.context(CTX_STACK_MASK);
  }
  /** Linear address of `offset` in the form's memory-operand segment, checked unless the form is flat. */
  abstract linearOperand(offset: Value, size: number, intent: Intent): Value;
  /** The same in a fixed segment (ES for string destinations, SS for the stack); `flat` skips the check. */
  abstract linearFixed(segment: number, offset: Value, size: number, intent: Intent, flat: boolean): Value;
  /**
   * Translates `size` bytes at a linear address; exits (side exit or fault) when it cannot.
   * @param alignment bytes the operand has to be aligned to where that is checked
   */
  abstract probe(linear: Value, size: number, intent: Intent, alignment?: number): Place;
  /** To be called after the last store to a place probed for writing. */
  abstract commit(place: Place): void;

  /** True when the bytes from `first` to `last` are not all in [low, high]. */
  protected outside(first: Value, last: Value, low: Value, high: Value): Value {
    const beyond = this.or(this.binary(w.I32_LT_U, first, low), this.binary(w.I32_GT_U, last, high));
    return this.or(beyond, this.binary(w.I32_LT_U, last, first));
  }

  /** A context word by its layout offset. */
  context(offset: number): Value {
    return () => {
      this.c.get(LOCAL_CONTEXT);
      this.c.memory(w.I32_LOAD, offset);
    };
  }

  setContext(offset: number, value: Value): void {
    this.c.get(LOCAL_CONTEXT);
    value();
    this.c.memory(w.I32_STORE, offset);
  }

  // --- ends -------------------------------------------------------------------------------------------

  /** EIP of the instruction after this one. */
  abstract nextEip(): Value;
  /** EIP of the direct branch target (16-bit wrapped where the operand size says so). */
  abstract targetEip(): Value;
  /** Goes on with the next instruction. */
  abstract next(): void;
  /** Takes the direct branch. */
  abstract taken(): void;
  /** Jumps to an EIP known only now; limit checks have been done. */
  abstract jump(eip: Value): void;
  /** Raises an exception at this instruction; nothing has been committed. */
  abstract fault(vector: number): void;
  /** Leaves the instruction to the monitor. */
  abstract trap(): void;
  /** One iteration of a REP instruction was committed; runs on if ECX, the condition and the budget allow. */
  abstract repeat(iteration: () => Value | undefined): void;

  // --- memory helpers ------------------------------------------------------------------------------------

  loadPlace(place: Place, size: number, offset = 0): Value {
    return () => {
      this.c.get(place.host);
      this.c.memory(size === 4 ? w.I32_LOAD : size === 2 ? w.I32_LOAD16_U : w.I32_LOAD8_U, offset);
    };
  }

  storePlace(place: Place, size: number, value: Value, offset = 0): void {
    this.c.get(place.host);
    value();
    this.c.memory(size === 4 ? w.I32_STORE : size === 2 ? w.I32_STORE16 : w.I32_STORE8, offset);
  }

  read(linear: Value, size: number): Value {
    return this.let(this.loadPlace(this.probe(linear, size, 'read'), size));
  }

  // --- operands of the form ----------------------------------------------------------------------------

  private readonly places = new Map<number, Place>();

  /** Value of operand `index`, zero-extended. */
  operand(index: number): Value {
    const size = this.form.sizes[index];
    switch (this.form.shapes[index]) {
      case 'r':
        return this.operandRegister(index, size);
      case 'c':
        return this.register(1, 1);
      case 'i':
        return this.immediate();
      default:
        return this.read(this.linearOperand(this.effectiveAddress(), size, 'read'), size);
    }
  }

  /** Value of operand 0 or another destination that will be written: memory is probed for writing. */
  operandForUpdate(index: number): Value {
    if (!this.isMemory(index)) return this.let(this.operand(index));
    this.probeOperand(index, 'update');
    return this.let(this.loadPlace(this.place(index), this.form.sizes[index]));
  }

  /** Probes a memory destination for writing; registers need nothing. */
  probeOperand(index: number, intent: Intent = 'write'): void {
    if (!this.isMemory(index)) return;
    const size = this.form.sizes[index];
    this.places.set(index, this.probe(this.linearOperand(this.effectiveAddress(), size, intent), size, intent));
  }

  private place(index: number): Place {
    const place = this.places.get(index);
    if (!place) throw new Error('internal error: destination written before it was probed');
    return place;
  }

  /** Writes a destination; a memory one must have been probed. */
  setOperand(index: number, value: Value): void {
    const size = this.form.sizes[index];
    if (!this.isMemory(index)) {
      this.setOperandRegister(index, size, value);
      return;
    }
    const place = this.place(index);
    this.storePlace(place, size, value);
    this.commit(place);
  }

  isMemory(index: number): boolean {
    const shape = this.form.shapes[index];
    return shape === 'm' || shape === 'g';
  }
}

/** Emits a whole instruction, ending in `next`, `taken`, `jump`, `fault` or `trap` on every path. */
export type Meaning = (e: Emitter) => void;
