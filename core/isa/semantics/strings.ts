/**
 * String instructions (SDM vol. 2, REP). One iteration is committed at a time, so that a fault, the end of
 * the budget or a watch finds ESI, EDI and ECX as the architecture says: restartable at every iteration.
 */

import * as w from '../../wasm/opcodes.ts';
import { DF } from '../eflags.ts';
import { ES } from '../registers.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { setSubFlags } from './flags.ts';

const ESI = 6;
const EDI = 7;

function offsetOf(e: Emitter, register: number): Value {
  return e.and(e.register(register, 4), e.addressMask());
}

function source(e: Emitter, size: number): Value {
  return e.read(e.linearOperand(e.let(offsetOf(e, ESI)), size, 'read'), size);
}

function destination(e: Emitter, size: number, intent: 'read' | 'write') {
  const flat = e.form.addressing === 'm';
  return e.probe(e.linearFixed(ES, e.let(offsetOf(e, EDI)), size, intent, flat), size, intent);
}

/** +size or -size by DF. */
function stepSize(e: Emitter, size: number): Value {
  return e.let(e.select(e.and(e.flagRest(), e.k(DF)), e.k(-size), e.k(size)));
}

function advance(e: Emitter, register: number, by: Value): void {
  if (e.form.addressing === 'm') {
    e.setRegister(register, 4, e.add(e.register(register, 4), by));
    return;
  }
  const mask = e.addressMask();
  const moved = e.and(e.add(e.register(register, 4), by), mask);
  e.setRegister(register, 4, e.or(e.and(e.register(register, 4), e.not(mask)), moved));
}

/** `iteration` answers the condition under which REPE/REPNE goes on, or nothing. */
function string(iteration: (e: Emitter, size: number, by: Value) => Value | undefined): Meaning {
  return (e) => {
    const size = e.form.size;
    if (e.form.repeat === 0) {
      iteration(e, size, stepSize(e, size));
      e.next();
      return;
    }
    const by = stepSize(e, size);
    e.repeat(() => iteration(e, size, by));
  };
}

/** ZF set for REPE, clear for REPNE. */
function goesOn(e: Emitter): Value {
  return e.form.repeat === 1 ? e.eqz(e.flagResult()) : e.binary(w.I32_NE, e.flagResult(), e.k(0));
}

export const strings: Record<string, Meaning> = {
  movs: string((e, size, by) => {
    const value = source(e, size);
    const place = destination(e, size, 'write');
    e.storePlace(place, size, value);
    e.commit(place);
    advance(e, ESI, by);
    advance(e, EDI, by);
    return undefined;
  }),
  stos: string((e, size, by) => {
    const place = destination(e, size, 'write');
    e.storePlace(place, size, e.register(0, size));
    e.commit(place);
    advance(e, EDI, by);
    return undefined;
  }),
  lods: string((e, size, by) => {
    e.setRegister(0, size, source(e, size));
    advance(e, ESI, by);
    return undefined;
  }),
  cmps: string((e, size, by) => {
    const a = source(e, size);
    const b = e.let(e.loadPlace(destination(e, size, 'read'), size));
    const r = e.let(e.sub(a, b));
    setSubFlags(e, size, a, b, r);
    advance(e, ESI, by);
    advance(e, EDI, by);
    return goesOn(e);
  }),
  scas: string((e, size, by) => {
    const a = e.let(e.register(0, size));
    const b = e.let(e.loadPlace(destination(e, size, 'read'), size));
    const r = e.let(e.sub(a, b));
    setSubFlags(e, size, a, b, r);
    advance(e, EDI, by);
    return goesOn(e);
  }),
};
