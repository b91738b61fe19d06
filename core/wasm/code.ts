/**
 * One WebAssembly function body. Knows no x86. Control structures answer a label, so that a branch names
 * where it goes instead of counting nesting; locals are pooled by type and can be reused piecewise.
 */
import { assert } from '../util/assert.ts';
import { ByteBuffer } from './byte-buffer.ts';
import * as op from './opcodes.ts';

/** Where a branch goes: the end of a block or the start of a loop. */
export interface Label {
  readonly depth: number;
}

export class Code {
  readonly out = new ByteBuffer();
  private readonly parameters: number;
  private readonly types: op.ValueType[] = [];
  private readonly free = new Map<op.ValueType, number[]>();
  private taken: { type: op.ValueType; index: number }[] = [];
  private depth = 0;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  /** A local that stays allocated for the whole function. */
  local(type: op.ValueType): number {
    this.types.push(type);
    return this.parameters + this.types.length - 1;
  }

  /** A local that `releaseTemporaries` gives back. */
  temporary(type: op.ValueType): number {
    const index = this.free.get(type)?.pop() ?? this.local(type);
    this.taken.push({ type, index });
    return index;
  }

  releaseTemporaries(): void {
    for (const { type, index } of this.taken) {
      const list = this.free.get(type);
      if (list) list.push(index);
      else this.free.set(type, [index]);
    }
    this.taken = [];
  }

  op(code: number): void {
    this.out.byte(code);
  }

  i32(value: number): void {
    this.out.byte(op.I32_CONST);
    this.out.s32(value);
  }

  i64(value: bigint): void {
    this.out.byte(op.I64_CONST);
    this.out.s64(value);
  }

  get(local: number): void {
    this.out.byte(op.LOCAL_GET);
    this.out.u32(local);
  }

  set(local: number): void {
    this.out.byte(op.LOCAL_SET);
    this.out.u32(local);
  }

  tee(local: number): void {
    this.out.byte(op.LOCAL_TEE);
    this.out.u32(local);
  }

  /** A load or store with a constant offset; alignment is always declared as 1, guest data is unaligned. */
  memory(code: number, offset = 0): void {
    this.out.byte(code);
    this.out.byte(0);
    this.out.u32(offset);
  }

  private open(code: number, result: number): Label {
    this.out.byte(code);
    this.out.byte(result);
    this.depth++;
    return { depth: this.depth };
  }

  block(result: number = op.VOID): Label {
    return this.open(op.BLOCK, result);
  }

  loop(result: number = op.VOID): Label {
    return this.open(op.LOOP, result);
  }

  if(result: number = op.VOID): Label {
    return this.open(op.IF, result);
  }

  else(): void {
    this.out.byte(op.ELSE);
  }

  end(): void {
    assert(this.depth > 0, 'end without a block');
    this.depth--;
    this.out.byte(op.END);
  }

  br(label: Label): void {
    this.out.byte(op.BR);
    this.out.u32(this.depth - label.depth);
  }

  brIf(label: Label): void {
    this.out.byte(op.BR_IF);
    this.out.u32(this.depth - label.depth);
  }

  brTable(labels: readonly Label[], otherwise: Label): void {
    this.out.byte(op.BR_TABLE);
    this.out.u32(labels.length);
    for (const label of labels) this.out.u32(this.depth - label.depth);
    this.out.u32(this.depth - otherwise.depth);
  }

  call(functionIndex: number): void {
    this.out.byte(op.CALL);
    this.out.u32(functionIndex);
  }

  callIndirect(typeIndex: number): void {
    this.out.byte(op.CALL_INDIRECT);
    this.out.u32(typeIndex);
    this.out.byte(0);
  }

  return(): void {
    this.out.byte(op.RETURN);
  }

  /** The body with its size and local declarations, as the code section wants it. */
  finish(): Uint8Array {
    assert(this.depth === 0, 'block left open');
    const declarations = new ByteBuffer();
    const runs: { type: number; count: number }[] = [];
    for (const type of this.types) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    declarations.u32(runs.length);
    for (const { type, count } of runs) {
      declarations.u32(count);
      declarations.byte(type);
    }
    const body = new ByteBuffer();
    body.u32(declarations.length + this.out.length + 1);
    body.raw(declarations.take());
    body.raw(this.out.take());
    body.byte(op.END);
    return body.take();
  }
}
