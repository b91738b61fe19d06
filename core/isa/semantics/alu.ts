/** Two-operand arithmetic and logic, INC DEC NEG NOT, CMPXCHG, XADD (SDM vol. 2, each instruction's page). */
import type { Emitter, Meaning, Value } from './emitter.ts';
import {
  addVector,
  carryFlag,
  setAddFlags,
  setFlagsKeepingCarry,
  setLogicFlags,
  setSubFlags,
  subVector,
} from './flags.ts';

function binary(
  compute: (e: Emitter, a: Value, b: Value) => Value,
  flags: 'add' | 'sub' | 'logic',
  writes = true,
): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const b = e.let(e.operand(1));
    const a = writes ? e.operandForUpdate(0) : e.let(e.operand(0));
    const r = e.let(compute(e, a, b));
    if (flags === 'add') setAddFlags(e, size, a, b, r);
    else if (flags === 'sub') setSubFlags(e, size, a, b, r);
    else setLogicFlags(e, size, r);
    if (writes) e.setOperand(0, r);
    e.next();
  };
}

function step(direction: 1 | -1): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const a = e.operandForUpdate(0);
    const r = e.let(e.add(a, e.k(direction)));
    const one = e.k(1);
    const vector = direction === 1 ? addVector(e, a, one, r) : subVector(e, a, one, r);
    setFlagsKeepingCarry(e, size, r, vector);
    e.setOperand(0, r);
    e.next();
  };
}

export const alu: Record<string, Meaning> = {
  add: binary((e, a, b) => e.add(a, b), 'add'),
  or: binary((e, a, b) => e.or(a, b), 'logic'),
  adc: binary((e, a, b) => e.add(e.add(a, b), carryFlag(e)), 'add'),
  sbb: binary((e, a, b) => e.sub(e.sub(a, b), carryFlag(e)), 'sub'),
  and: binary((e, a, b) => e.and(a, b), 'logic'),
  sub: binary((e, a, b) => e.sub(a, b), 'sub'),
  xor: binary((e, a, b) => e.xor(a, b), 'logic'),
  cmp: binary((e, a, b) => e.sub(a, b), 'sub', false),
  test: binary((e, a, b) => e.and(a, b), 'logic', false),
  inc: step(1),
  dec: step(-1),

  neg: (e) => {
    const size = e.form.sizes[0];
    const b = e.operandForUpdate(0);
    const r = e.let(e.sub(e.k(0), b));
    setSubFlags(e, size, e.k(0), b, r);
    e.setOperand(0, r);
    e.next();
  },

  not: (e) => {
    const a = e.operandForUpdate(0);
    e.setOperand(0, e.not(a));
    e.next();
  },

  xadd: (e) => {
    const size = e.form.sizes[0];
    const a = e.operandForUpdate(0);
    const b = e.let(e.operand(1));
    const r = e.let(e.add(a, b));
    setAddFlags(e, size, a, b, r);
    // The source is written first: with one register for both operands the sum must win.
    if (e.form.shapes[0] === 'r') {
      e.setOperand(1, a);
      e.setOperand(0, r);
    } else {
      e.setOperand(0, r);
      e.setOperand(1, a);
    }
    e.next();
  },

  /** The destination is written in both cases, so that it is always probed for writing (SDM, CMPXCHG). */
  cmpxchg: (e) => {
    const size = e.form.sizes[0];
    const destination = e.operandForUpdate(0);
    const accumulator = e.let(e.register(0, size));
    const source = e.let(e.operand(1));
    const r = e.let(e.sub(accumulator, destination));
    setSubFlags(e, size, accumulator, destination, r);
    const equal = e.let(e.eqz(e.zeroExtend(r, size)));
    e.setOperand(0, e.select(equal, source, destination));
    e.if(e.eqz(equal), () => e.setRegister(0, size, destination));
    e.next();
  },
};
