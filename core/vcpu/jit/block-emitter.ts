/**
 * Tier 1's back end of the semantics: one straight block, operands as constants, registers and flags in
 * locals. Whatever cannot be done here - a miss in the shadow table, a fault, a taken branch - is a side
 * exit: dirty locals are spilled and tier 0 goes on at that very record, so that state is exact everywhere.
 */
import type { Decoded } from '../../isa/decode.ts';
import type { Form } from '../../isa/forms.ts';
import { isX87Mnemonic } from '../../isa/opcodes-x87.ts';
import { Emitter, type Intent, LOCAL_CONTEXT, type Place, type Value } from '../../isa/semantics/emitter.ts';
import {
  CTX_FLAG_AUX,
  CTX_FLAG_RESULT,
  CTX_READ_MASK,
  CTX_RUN_START,
  CTX_SEGMENTS,
  CTX_SHADOW,
  CTX_WRITE_MASK,
  SEG_BASE,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEG_WRITE_HIGH,
  SEG_WRITE_LOW,
  SEGMENT_STRIDE,
} from '../../memory/layout.ts';
import type { Code } from '../../wasm/code.ts';
import * as w from '../../wasm/opcodes.ts';
import { RECORD_SIZE } from '../interpreter/record.ts';

/** Slots of `BlockState`: eight registers, then the two flag words. */
const FLAG_RESULT = 8;
const FLAG_AUX = 9;
const SLOTS = 10;

/** What a block keeps in locals, and which of them differ from the context. */
export class BlockState {
  readonly c: Code;
  readonly locals: number[];
  /** Slots read or written anywhere in the block: loaded at its start. */
  readonly used = new Set<number>();
  readonly dirty = new Set<number>();

  constructor(c: Code) {
    this.c = c;
    this.locals = Array.from({ length: SLOTS }, () => c.local(w.I32));
  }

  private static offset(slot: number): number {
    return slot === FLAG_RESULT ? CTX_FLAG_RESULT : slot === FLAG_AUX ? CTX_FLAG_AUX : slot * 4;
  }

  load(slots: ReadonlySet<number>): void {
    for (const slot of slots) {
      this.c.get(LOCAL_CONTEXT);
      this.c.memory(w.I32_LOAD, BlockState.offset(slot));
      this.c.set(this.locals[slot]);
    }
  }

  spill(slots: Iterable<number>): void {
    for (const slot of slots) {
      this.c.get(LOCAL_CONTEXT);
      this.c.get(this.locals[slot]);
      this.c.memory(w.I32_STORE, BlockState.offset(slot));
    }
  }

  /** Spills and answers the record number `index` of the run. */
  leave(index: number, dirty: Iterable<number> = this.dirty): void {
    this.spill(dirty);
    this.c.get(LOCAL_CONTEXT);
    this.c.memory(w.I32_LOAD, CTX_RUN_START);
    if (index > 0) {
      this.c.i32(index * RECORD_SIZE);
      this.c.op(w.I32_ADD);
    }
    this.c.return();
  }
}

export class BlockEmitter extends Emitter {
  private readonly d: Decoded;
  private readonly state: BlockState;
  private readonly index: number;
  /** What was dirty before this instruction: all that a side exit of it may spill. */
  private readonly dirtyBefore: ReadonlySet<number>;
  private readonly registerOperands: readonly number[];

  /** @param index of the instruction in its run @param registerOperands register numbers of the `r` operands in order */
  constructor(state: BlockState, form: Form, d: Decoded, index: number, registerOperands: readonly number[]) {
    super(state.c, form);
    this.state = state;
    this.d = d;
    this.index = index;
    this.dirtyBefore = new Set(state.dirty);
    this.registerOperands = registerOperands;
  }

  private sideExit(): void {
    this.state.leave(this.index, this.dirtyBefore);
  }

  private slot(slot: number): Value {
    this.state.used.add(slot);
    return () => this.c.get(this.state.locals[slot]);
  }

  private setSlot(slot: number, value: Value): void {
    this.state.used.add(slot);
    value();
    this.c.set(this.state.locals[slot]);
    this.state.dirty.add(slot);
  }

  register(number: number, size: number): Value {
    if (size === 4) return this.slot(number);
    if (size === 2) return this.and(this.slot(number), this.k(0xffff));
    return number >= 4
      ? this.and(this.shrU(this.slot(number - 4), this.k(8)), this.k(0xff))
      : this.and(this.slot(number), this.k(0xff));
  }

  setRegister(number: number, size: number, value: Value): void {
    if (size === 4) return this.setSlot(number, value);
    const high = size === 1 && number >= 4;
    const slot = high ? number - 4 : number;
    const mask = size === 2 ? 0xffff : high ? 0xff00 : 0xff;
    const placed = high ? this.shl(value, this.k(8)) : value;
    this.setSlot(slot, this.or(this.and(this.slot(slot), this.k(~mask)), this.and(placed, this.k(mask))));
  }

  private operandNumber(index: number): number {
    return this.registerOperands[[...this.form.shapes.slice(0, index)].filter((shape) => shape === 'r').length];
  }

  protected operandRegister(index: number, size: number): Value {
    return this.register(this.operandNumber(index), size);
  }

  protected setOperandRegister(index: number, size: number, value: Value): void {
    this.setRegister(this.operandNumber(index), size, value);
  }

  stackRegister(): Value {
    return this.k(this.d.rm);
  }

  displacement(): Value {
    return this.k(this.d.displacement);
  }

  immediate(): Value {
    if (this.form.mnemonic === 'enter') return this.k(this.d.immediate | (this.d.immediate2 << 16));
    return this.k(this.d.operandSize === 2 && this.form.size === 2 ? this.d.immediate & 0xffff : this.d.immediate);
  }

  flagResult(): Value {
    return this.slot(FLAG_RESULT);
  }
  flagAux(): Value {
    return this.slot(FLAG_AUX);
  }
  setFlagWords(result: Value, aux: Value): void {
    const auxNow = this.let(aux);
    this.setSlot(FLAG_RESULT, result);
    this.setSlot(FLAG_AUX, auxNow);
  }
  effectiveAddress(): Value {
    const { base, index, scale, displacement } = this.d;
    let sum: Value = this.k(displacement);
    if (base >= 0) sum = displacement === 0 ? this.slot(base) : this.add(this.slot(base), sum);
    if (index >= 0) sum = this.add(sum, scale === 0 ? this.slot(index) : this.shl(this.slot(index), this.k(scale)));
    return this.general ? this.and(sum, this.addressMask()) : sum;
  }

  addressMask(): Value {
    return this.k(this.d.addressSize === 2 ? 0xffff : -1);
  }

  baseIsStackPointer(): Value {
    return this.k(this.d.base === 4 ? 1 : 0);
  }

  linearOperand(offset: Value, size: number, intent: Intent): Value {
    return this.general ? this.checked(this.d.segment, offset, size, intent) : offset;
  }

  linearFixed(segment: number, offset: Value, size: number, intent: Intent, flat: boolean): Value {
    return flat ? offset : this.checked(segment, offset, size, intent);
  }

  private checked(segment: number, offset: Value, size: number, intent: Intent): Value {
    const at = CTX_SEGMENTS + segment * SEGMENT_STRIDE;
    const first = this.let(offset);
    const last = this.let(this.add(first, this.k(size - 1)));
    const low = this.context(at + (intent === 'read' ? SEG_READ_LOW : SEG_WRITE_LOW));
    const high = this.context(at + (intent === 'read' ? SEG_READ_HIGH : SEG_WRITE_HIGH));
    this.if(this.outside(first, last, low, high), () => this.sideExit());
    return this.let(this.add(first, this.context(at + SEG_BASE)));
  }

  probe(linearAddress: Value, size: number, intent: Intent): Place {
    const linear = this.let(linearAddress);
    const entry = this.let(() => {
      this.add(this.context(CTX_SHADOW), this.and(this.shrU(linear, this.k(10)), this.k(0x3ffffc)))();
      this.c.memory(w.I32_LOAD);
    });
    let miss = this.eqz(this.and(entry, this.context(intent === 'read' ? CTX_READ_MASK : CTX_WRITE_MASK)));
    if (size > 1) {
      miss = this.or(miss, this.binary(w.I32_GT_U, this.and(linear, this.k(0xfff)), this.k(0x1000 - size)));
    }
    this.if(miss, () => this.sideExit());
    const host = this.let(this.add(linear, this.and(entry, this.k(~0xfff))));
    return { host: host.local, writable: intent !== 'read' };
  }

  commit(): void {}

  next(): void {}
  taken(): void {
    this.sideExit();
  }
  fault(): void {
    this.sideExit();
  }
  trap(): void {
    this.sideExit();
  }
  jump(): void {
    throw new Error('internal error: a block ends before an indirect branch');
  }
  nextEip(): Value {
    throw new Error('internal error: a block ends before a call');
  }
  targetEip(): Value {
    throw new Error('internal error: a block ends before a checked branch');
  }
  repeat(): void {
    throw new Error('internal error: a block ends before a repeated string instruction');
  }
}

/** Forms that one straight block can hold; others end it. */
export function translatable(form: Form): boolean {
  if (form.repeat !== 0) return false;
  // The x87 routines belong to tier 0's module.
  if (ENDS.has(form.mnemonic) || isX87Mnemonic(form.mnemonic)) return false;
  // Wrapping stacks and nested frames are rare and long: tier 0 does them.
  return form.flat || !COMPLEX_STACK.has(form.mnemonic);
}

const ENDS = new Set(['jmp', 'call', 'ret', 'loop', 'loope', 'loopne', 'enter', 'wait']);
const COMPLEX_STACK = new Set(['pusha', 'popa']);
