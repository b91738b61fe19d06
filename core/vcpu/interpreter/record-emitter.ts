/** Tier 0's back end of the semantics: operands come from the record in local 1, state from the context in local 0. */

import { GP, STACK_FAULT } from '../../isa/exceptions.ts';
import type { Form } from '../../isa/forms.ts';
import { SS } from '../../isa/registers.ts';
import {
  Emitter,
  type Intent,
  LOCAL_CONTEXT,
  naturalAlignment,
  type Place,
  type Value,
} from '../../isa/semantics/emitter.ts';
import {
  CTX_BUDGET,
  CTX_EXIT,
  CTX_FLAG_AUX,
  CTX_FLAG_RESULT,
  CTX_PAGE_EIP,
  CTX_READ_MASK,
  CTX_RECORD,
  CTX_REPEATING,
  CTX_RESERVE,
  CTX_RUN_START,
  CTX_SEGMENTS,
  CTX_SHADOW,
  CTX_VECTOR,
  CTX_WRITE_MASK,
  SCRATCH_LIMIT,
  SEG_BASE,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEG_WRITE_HIGH,
  SEG_WRITE_LOW,
  SEGMENT_STRIDE,
} from '../../memory/layout.ts';
import type { Code } from '../../wasm/code.ts';
import * as w from '../../wasm/opcodes.ts';
import { EXIT_BUDGET, EXIT_FAULT, EXIT_LOOKUP, EXIT_TRAP } from '../exit.ts';
import { slowAccess } from '../slow-data.ts';
import type { RoutineIndex } from '../x87/routine.ts';
import {
  REC_DISPLACEMENT,
  REC_HANDLER,
  REC_IMMEDIATE,
  REC_INDEX,
  REC_PLACE,
  REC_R1,
  REC_R2,
  REC_SCALE,
  RECORD_SIZE,
  SCALE_ADDRESS16,
  SCALE_EIP16,
  SCALE_MASK,
  SCALE_SEGMENT_SHIFT,
} from './record.ts';

export const LOCAL_RECORD = 1;

/** Function indices of what handlers call. */
export interface Runtime {
  /** (context, linear, what of `slowAccess`) -> host address, or 0 after setting the exit. */
  readonly slow: number;
  /** (context): writes the scratch buffer out. */
  readonly commit: number;
  /** (context, record, eip) -> record, or 0. */
  readonly jump: number;
  /** (context, record) -> record, or 0. */
  readonly taken: number;
  readonly x87: RoutineIndex;
}

/** How a handler's end is spelled: a branch in the hot loop, a return in a function of its own. */
export interface Ends {
  next(): void;
  taken(): void;
  /** The next record (or 0) is on the stack. */
  record(): void;
  /** The exit has been described in the context. */
  exit(): void;
}

const EDGE = 0x1000;

export class RecordEmitter extends Emitter {
  private readonly runtime: Runtime;
  private readonly ends: Ends;

  constructor(c: Code, form: Form, runtime: Runtime, ends: Ends) {
    super(c, form);
    this.runtime = runtime;
    this.ends = ends;
  }

  private contextPointer(): Value {
    return () => this.c.get(LOCAL_CONTEXT);
  }

  private field(code: number, offset: number): Value {
    return () => {
      this.c.get(LOCAL_RECORD);
      this.c.memory(code, offset);
    };
  }

  private load(size: number, offset: number): void {
    this.c.memory(size === 4 ? w.I32_LOAD : size === 2 ? w.I32_LOAD16_U : w.I32_LOAD8_U, offset);
  }

  private store(size: number, offset: number): void {
    this.c.memory(size === 4 ? w.I32_STORE : size === 2 ? w.I32_STORE16 : w.I32_STORE8, offset);
  }

  private static registerOffset(number: number, size: number): number {
    return size === 1 && number >= 4 ? (number - 4) * 4 + 1 : number * 4;
  }

  register(number: number, size: number): Value {
    return () => {
      this.c.get(LOCAL_CONTEXT);
      this.load(size, RecordEmitter.registerOffset(number, size));
    };
  }

  setRegister(number: number, size: number, value: Value): void {
    this.c.get(LOCAL_CONTEXT);
    value();
    this.store(size, RecordEmitter.registerOffset(number, size));
  }

  /** Register operands fill the record's fields in their order. */
  private operandAddress(index: number): Value {
    const earlier = [...this.form.shapes.slice(0, index)].filter((shape) => shape === 'r').length;
    return this.add(this.contextPointer(), this.field(w.I32_LOAD8_U, earlier === 0 ? REC_R1 : REC_R2));
  }

  protected operandRegister(index: number, size: number): Value {
    return () => {
      this.operandAddress(index)();
      this.load(size, 0);
    };
  }

  protected setOperandRegister(index: number, size: number, value: Value): void {
    this.operandAddress(index)();
    value();
    this.store(size, 0);
  }

  stackRegister(): Value {
    return this.field(w.I32_LOAD8_U, REC_R1);
  }

  override routine(name: string, ...operands: Value[]): Value {
    const known = this.runtime.x87.get(name);
    if (known === undefined) throw new Error(`internal error: no x87 routine ${name}`);
    return () => {
      this.c.get(LOCAL_CONTEXT);
      for (const operand of operands) operand();
      this.c.call(known.index);
    };
  }

  override instructionEip(): Value {
    return this.add(this.context(CTX_PAGE_EIP), this.and(this.field(w.I32_LOAD16_U, REC_PLACE), this.k(0xfff)));
  }

  displacement(): Value {
    return this.field(w.I32_LOAD, REC_DISPLACEMENT);
  }
  immediate(): Value {
    return this.field(w.I32_LOAD, REC_IMMEDIATE);
  }

  flagResult(): Value {
    return this.context(CTX_FLAG_RESULT);
  }
  flagAux(): Value {
    return this.context(CTX_FLAG_AUX);
  }
  setFlagWords(result: Value, aux: Value): void {
    const auxNow = this.let(aux);
    this.setContext(CTX_FLAG_RESULT, result);
    this.setContext(CTX_FLAG_AUX, auxNow);
  }
  private slot(offset: number): Value {
    return () => {
      this.add(this.contextPointer(), this.field(w.I32_LOAD8_U, offset))();
      this.c.memory(w.I32_LOAD);
    };
  }

  effectiveAddress(): Value {
    const scale = this.field(w.I32_LOAD8_U, REC_SCALE);
    const shift = this.general ? this.and(scale, this.k(SCALE_MASK)) : scale;
    const sum = this.add(this.add(this.slot(REC_R2), this.shl(this.slot(REC_INDEX), shift)), this.displacement());
    return this.general ? this.and(sum, this.addressMask()) : sum;
  }

  addressMask(): Value {
    if (!this.general) return this.k(-1);
    const short = this.and(this.field(w.I32_LOAD8_U, REC_SCALE), this.k(SCALE_ADDRESS16));
    return this.select(short, this.k(0xffff), this.k(-1));
  }

  baseIsStackPointer(): Value {
    return this.binary(w.I32_EQ, this.field(w.I32_LOAD8_U, REC_R2), this.k(4 * 4));
  }

  linearOperand(offset: Value, size: number, intent: Intent): Value {
    if (!this.general) return offset;
    const number = this.and(this.shrU(this.field(w.I32_LOAD8_U, REC_SCALE), this.k(SCALE_SEGMENT_SHIFT)), this.k(7));
    const segment = this.add(this.contextPointer(), this.shl(number, this.k(5)));
    return this.checked(segment, offset, size, intent);
  }

  linearFixed(segment: number, offset: Value, size: number, intent: Intent, flat: boolean): Value {
    if (flat) return offset;
    return this.checked(this.add(this.contextPointer(), this.k(segment * SEGMENT_STRIDE)), offset, size, intent);
  }

  /** Compares with the segment's range; #SS(0) in the stack segment, else #GP(0) (SDM vol. 3, 5.3). */
  private checked(segmentPointer: Value, offset: Value, size: number, intent: Intent): Value {
    const segment = this.let(segmentPointer);
    const first = this.let(offset);
    const last = this.let(this.add(first, this.k(size - 1)));
    const word =
      (at: number): Value =>
      () => {
        segment();
        this.c.memory(w.I32_LOAD, CTX_SEGMENTS + at);
      };
    const low = word(intent === 'read' ? SEG_READ_LOW : SEG_WRITE_LOW);
    const high = word(intent === 'read' ? SEG_READ_HIGH : SEG_WRITE_HIGH);
    this.if(this.outside(first, last, low, high), () => {
      const isStack = this.binary(w.I32_EQ, this.sub(segment, this.contextPointer()), this.k(SS * SEGMENT_STRIDE));
      this.raise(this.select(isStack, this.k(STACK_FAULT), this.k(GP)));
    });
    return this.let(this.add(first, word(SEG_BASE)));
  }

  probe(linearAddress: Value, size: number, intent: Intent, alignment = naturalAlignment(size)): Place {
    const c = this.c;
    const linear = this.let(linearAddress);
    const host = c.temporary(w.I32);
    const entry = c.temporary(w.I32);
    this.add(this.context(CTX_SHADOW), this.and(this.shrU(linear, this.k(10)), this.k(0x3ffffc)))();
    c.memory(w.I32_LOAD);
    c.set(entry);
    const getEntry: Value = () => c.get(entry);
    const ok = c.block(w.I32);
    const slow = c.block();
    this.eqz(this.and(getEntry, this.context(intent === 'read' ? CTX_READ_MASK : CTX_WRITE_MASK)))();
    c.brIf(slow);
    if (size > 1) {
      this.binary(w.I32_GT_U, this.and(linear, this.k(0xfff)), this.k(EDGE - size))();
      c.brIf(slow);
    }
    this.add(linear, this.and(getEntry, this.k(~0xfff)))();
    c.br(ok);
    c.end();
    c.get(LOCAL_CONTEXT);
    linear();
    c.i32(slowAccess(size, intent, alignment));
    c.call(this.runtime.slow);
    c.tee(host);
    c.op(w.I32_EQZ);
    c.if();
    this.ends.exit();
    c.end();
    c.get(host);
    c.end();
    c.set(host);
    return { host, writable: intent !== 'read' };
  }

  commit(place: Place): void {
    this.if(
      this.binary(w.I32_LT_U, () => this.c.get(place.host), this.k(SCRATCH_LIMIT)),
      () => {
        this.c.get(LOCAL_CONTEXT);
        this.c.call(this.runtime.commit);
      },
    );
  }

  nextEip(): Value {
    const place = this.let(this.field(w.I32_LOAD16_U, REC_PLACE));
    const length = this.add(this.shrU(place, this.k(12)), this.k(1));
    return this.add(this.add(this.context(CTX_PAGE_EIP), this.and(place, this.k(0xfff))), length);
  }

  targetEip(): Value {
    const target = this.add(this.context(CTX_PAGE_EIP), this.displacement());
    const short = this.and(this.field(w.I32_LOAD8_U, REC_SCALE), this.k(SCALE_EIP16));
    return this.and(target, this.select(short, this.k(0xffff), this.k(-1)));
  }

  next(): void {
    this.ends.next();
  }

  taken(): void {
    this.ends.taken();
  }

  jump(eip: Value): void {
    this.c.get(LOCAL_CONTEXT);
    this.c.get(LOCAL_RECORD);
    eip();
    this.c.call(this.runtime.jump);
    this.ends.record();
  }

  private raise(vector: Value): void {
    this.setContext(CTX_VECTOR, vector);
    this.setContext(CTX_EXIT, this.k(EXIT_FAULT));
    this.ends.exit();
  }

  fault(vector: number): void {
    this.raise(this.k(vector));
  }

  trap(): void {
    this.setContext(CTX_EXIT, this.k(EXIT_TRAP));
    this.ends.exit();
  }

  repeat(iteration: () => Value | undefined): void {
    const c = this.c;
    const mask = this.let(this.addressMask());
    const charge = (steps: number) => this.setContext(CTX_BUDGET, this.sub(this.context(CTX_BUDGET), this.k(steps)));
    this.if(this.eqz(this.and(this.register(1, 4), mask)), () => this.next());
    const done = c.block();
    const loop = c.loop();
    const used = this.shrS(
      this.sub(() => c.get(LOCAL_RECORD), this.context(CTX_RUN_START)),
      this.k(4),
    );
    const left = this.sub(this.sub(this.context(CTX_BUDGET), used), this.context(CTX_RESERVE));
    this.if(this.binary(w.I32_LE_S, left, this.k(0)), () => {
      this.setContext(CTX_EXIT, this.k(EXIT_BUDGET));
      this.ends.exit();
    });
    const goesOn = iteration();
    const count = this.let(this.and(this.sub(this.register(1, 4), this.k(1)), mask));
    this.setRegister(1, 4, this.or(this.and(this.register(1, 4), this.not(mask)), count));
    charge(1);
    this.eqz(count)();
    c.brIf(done);
    if (goesOn) {
      this.eqz(goesOn)();
      c.brIf(done);
    }
    // Whatever the next iteration leaves by (its fault, too) comes after this one.
    this.setContext(CTX_REPEATING, this.k(1));
    // An iteration may have rewritten this very instruction: what is left of it is what is there now.
    this.if(this.eqz(this.field(w.I32_LOAD16_U, REC_HANDLER)), () => {
      this.setContext(CTX_EXIT, this.k(EXIT_LOOKUP));
      this.ends.exit();
    });
    c.br(loop);
    c.end();
    c.end();
    this.setContext(CTX_REPEATING, this.k(0));
    // The record itself is counted as one step when execution moves past it.
    charge(-1);
    this.next();
  }

  /** Stores the record at which execution stopped; the caller returns. */
  static storeRecord(c: Code): void {
    c.get(LOCAL_CONTEXT);
    c.get(LOCAL_RECORD);
    c.memory(w.I32_STORE, CTX_RECORD);
  }

  static advance(c: Code): void {
    c.get(LOCAL_RECORD);
    c.i32(RECORD_SIZE);
    c.op(w.I32_ADD);
  }
}
