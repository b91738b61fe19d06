/** PUSH, POP and their kin, ENTER, LEAVE. ESP changes only after every access has been probed. */

import * as w from '../../wasm/opcodes.ts';
import { SS } from '../registers.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';

/** Sets (E)SP to `value`, of which only the bits of the stack size count. */
export function setStackPointer(e: Emitter, value: Value): void {
  if (e.form.flat) e.setRegister(4, 4, value);
  else e.setRegister(4, 4, e.or(e.and(e.register(4, 4), e.not(e.stackMask())), e.and(value, e.stackMask())));
}

/** Offset of the stack top moved by `by` bytes, wrapped to the stack size. */
export function stackOffset(e: Emitter, by: number): Value {
  const moved = by === 0 ? e.register(4, 4) : e.add(e.register(4, 4), e.k(by));
  return e.form.flat ? moved : e.and(moved, e.stackMask());
}

export function pushValue(e: Emitter, size: number, value: Value): void {
  const offset = e.let(stackOffset(e, -size));
  const place = e.probe(e.linearFixed(SS, offset, size, 'write', e.form.flat), size, 'write');
  e.storePlace(place, size, value);
  e.commit(place);
  setStackPointer(e, offset);
}

/** The value at the stack top; ESP is not changed. */
export function peekStack(e: Emitter, size: number, by = 0): Value {
  return e.read(e.linearFixed(SS, e.let(stackOffset(e, by)), size, 'read', e.form.flat), size);
}

/** The eight registers of PUSHA from the lowest address up; ESP's place takes the old ESP. */
const PUSHA_ORDER = [7, 6, 5, 4, 3, 2, 1, 0];

/** One 8-register block; on a wrapping stack it is moved an element at a time. */
function pushAll(e: Emitter): void {
  const size = e.form.size;
  if (e.form.flat) {
    const offset = e.let(stackOffset(e, -8 * size));
    const place = e.probe(e.linearFixed(SS, offset, 8 * size, 'write', true), 8 * size, 'write', size);
    PUSHA_ORDER.forEach((register, i) => {
      e.storePlace(place, size, e.register(register, size), i * size);
    });
    e.commit(place);
    setStackPointer(e, offset);
  } else {
    const at = (i: number) => e.linearFixed(SS, e.let(stackOffset(e, (i - 8) * size)), size, 'write', false);
    for (let i = 0; i < 8; i++) e.probe(at(i), size, 'write');
    PUSHA_ORDER.forEach((register, i) => {
      const place = e.probe(at(i), size, 'write');
      e.storePlace(place, size, e.register(register, size));
      e.commit(place);
    });
    setStackPointer(e, e.let(stackOffset(e, -8 * size)));
  }
  e.next();
}

function popAll(e: Emitter): void {
  const size = e.form.size;
  const values = PUSHA_ORDER.map((_, i) => peekStack(e, size, i * size));
  setStackPointer(e, e.let(stackOffset(e, 8 * size)));
  PUSHA_ORDER.forEach((register, i) => {
    if (register !== 4) e.setRegister(register, size, values[i]);
  });
  e.next();
}

/**
 * ENTER alloc, level (SDM vol. 2). Stores below the committed ESP are redone when a later one faults; ESP
 * and EBP change only at the end.
 */
function enter(e: Emitter): void {
  const size = e.form.size;
  const mask = e.form.flat ? e.k(-1) : e.stackMask();
  const level = e.let(e.and(e.shrU(e.immediate(), e.k(16)), e.k(31)));
  const sp = e.c.temporary(w.I32);
  const getSp: Value = () => e.c.get(sp);
  const frameBase = e.c.temporary(w.I32);
  const getBase: Value = () => e.c.get(frameBase);
  const set = (local: number, value: Value) => {
    value();
    e.c.set(local);
  };
  const push = (value: Value) => {
    set(sp, e.and(e.sub(getSp, e.k(size)), mask));
    const place = e.probe(e.linearFixed(SS, getSp, size, 'write', e.form.flat), size, 'write');
    e.storePlace(place, size, value);
    e.commit(place);
  };
  set(sp, e.register(4, 4));
  push(e.register(5, size));
  // All of ESP with a 32-bit operand, also on a 16-bit stack: its upper half stays as it is.
  const frame = e.let(e.or(e.and(e.register(4, 4), e.not(mask)), getSp));
  e.if(level, () => {
    const left = e.let(e.sub(level, e.k(1)));
    set(frameBase, e.register(5, 4));
    const done = e.c.block();
    const loop = e.c.loop();
    e.eqz(left)();
    e.c.brIf(done);
    set(left.local, e.sub(left, e.k(1)));
    set(frameBase, e.and(e.sub(getBase, e.k(size)), mask));
    push(e.read(e.linearFixed(SS, getBase, size, 'read', e.form.flat), size));
    e.c.br(loop);
    e.c.end();
    e.c.end();
    push(frame);
  });
  set(sp, e.and(e.sub(getSp, e.and(e.immediate(), e.k(0xffff))), mask));
  // The processor tests the new stack top for writing before it commits.
  e.probe(e.linearFixed(SS, getSp, size, 'write', e.form.flat), size, 'write');
  e.setRegister(5, size, frame);
  setStackPointer(e, getSp);
  e.next();
}

export const stack: Record<string, Meaning> = {
  push: (e) => {
    const size = e.form.sizes[0];
    pushValue(e, size, e.let(e.operand(0)));
    e.next();
  },
  pop: (e) => {
    const size = e.form.sizes[0];
    const value = peekStack(e, size);
    if (e.isMemory(0)) {
      const top = stackOffset(e, 0);
      const moved = e.form.flat ? e.k(size) : e.sub(stackOffset(e, size), top);
      const adjust = e.select(e.baseIsStackPointer(), moved, e.k(0));
      const offset = e.let(e.and(e.add(e.effectiveAddress(), adjust), e.addressMask()));
      const place = e.probe(e.linearOperand(offset, size, 'write'), size, 'write');
      e.storePlace(place, size, value);
      e.commit(place);
      setStackPointer(e, e.let(stackOffset(e, size)));
    } else {
      // POP ESP: the value read wins over the increment.
      setStackPointer(e, e.let(stackOffset(e, size)));
      e.setOperand(0, value);
    }
    e.next();
  },
  pusha: pushAll,
  popa: popAll,
  enter,
  leave: (e) => {
    const size = e.form.size;
    const base = e.let(e.form.flat ? e.register(5, 4) : e.and(e.register(5, 4), e.stackMask()));
    const value = e.read(e.linearFixed(SS, base, size, 'read', e.form.flat), size);
    setStackPointer(e, e.let(e.add(base, e.k(size))));
    e.setRegister(5, size, value);
    e.next();
  },
};
