/** Near transfers of control and BOUND (SDM vol. 2). Far ones are sensitive and belong to the monitor. */

import { CTX_SEGMENTS, SEG_READ_HIGH, SEGMENT_STRIDE } from '../../memory/layout.ts';
import * as w from '../../wasm/opcodes.ts';
import { BR, GP } from '../exceptions.ts';
import { CS } from '../registers.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { condition, zeroFlag } from './flags.ts';
import { peekStack, pushValue, setStackPointer, stackOffset } from './stack.ts';

const CONDITIONS = ['o', 'no', 'b', 'ae', 'e', 'ne', 'be', 'a', 's', 'ns', 'p', 'np', 'l', 'ge', 'le', 'g'];

const conditional: Record<string, Meaning> = {};
for (const cc of CONDITIONS) {
  conditional[`j${cc}`] = (e) => {
    e.if(condition(e, cc), () => e.taken());
    e.next();
  };
}

/** #GP(0) at this instruction when the target lies beyond the CS limit; flat segments need no test. */
function checkTarget(e: Emitter, target: Value): void {
  if (e.form.flat) return;
  const high = e.context(CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_READ_HIGH);
  e.if(e.binary(w.I32_GT_U, target, high), () => e.fault(GP));
}

/** LOOP, LOOPE, LOOPNE: the counter's size is the address size. */
function looping(also: ((e: Emitter) => Value) | undefined): Meaning {
  return (e) => {
    const mask = e.addressMask();
    const count = e.let(e.and(e.sub(e.register(1, 4), e.k(1)), mask));
    const go = e.binary(w.I32_NE, count, e.k(0));
    const branch = e.let(also ? e.and(go, also(e)) : go);
    if (!e.form.flat) e.if(branch, () => checkTarget(e, e.targetEip()));
    e.setRegister(1, 4, e.or(e.and(e.register(1, 4), e.not(mask)), count));
    e.if(branch, () => e.taken());
    e.next();
  };
}

export const control: Record<string, Meaning> = {
  ...conditional,
  jmp: (e) => {
    if (e.form.shapes === 'j') {
      e.taken();
      return;
    }
    const target = e.let(e.operand(0));
    checkTarget(e, target);
    e.jump(target);
  },
  call: (e) => {
    const size = e.form.size;
    if (e.form.shapes === 'j') {
      checkTarget(e, e.targetEip());
      pushValue(e, size, e.let(e.nextEip()));
      e.taken();
      return;
    }
    const target = e.let(e.operand(0));
    checkTarget(e, target);
    pushValue(e, size, e.let(e.nextEip()));
    e.jump(target);
  },
  ret: (e) => {
    const size = e.form.size;
    const target = peekStack(e, size);
    checkTarget(e, target);
    const popped = stackOffset(e, size);
    setStackPointer(e, e.let(e.form.shapes === 'i' ? e.add(popped, e.operand(0)) : popped));
    e.jump(target);
  },
  loop: looping(undefined),
  loope: looping(zeroFlag),
  loopne: looping((e) => e.binary(w.I32_NE, e.flagResult(), e.k(0))),
  jcxz: (e) => {
    e.if(e.eqz(e.and(e.register(1, 4), e.addressMask())), () => e.taken());
    e.next();
  },
  /** #BR when the signed index is outside the two bounds in memory. */
  bound: (e) => {
    const size = e.form.sizes[0];
    const index = e.let(e.signExtend(e.operand(0), size));
    const place = e.probe(e.linearOperand(e.effectiveAddress(), 2 * size, 'read'), 2 * size, 'read', size);
    const lower = e.let(e.signExtend(e.loadPlace(place, size), size));
    const upper = e.let(e.signExtend(e.loadPlace(place, size, size), size));
    e.if(e.or(e.binary(w.I32_LT_S, index, lower), e.binary(w.I32_GT_S, index, upper)), () => e.fault(BR));
    e.next();
  },
};
