/**
 * x87 instructions that compute or move values. The work is done by routines (core/vcpu/x87), which know
 * stack, exceptions and rounding; here is which routine, and the memory access around it: probed before the
 * routine changes anything, written only if no unmasked exception forbids it (SDM vol. 1, 8.6).
 */
import * as w from '../../wasm/opcodes.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { condition } from './flags.ts';
import { enterX87, noteInstruction, noteMemoryOperand } from './x87-control.ts';

const OPERATIONS = ['fadd', 'fmul', 'fsub', 'fsubr', 'fdiv', 'fdivr'];

function run(e: Emitter, name: string, ...operands: Value[]): void {
  e.routine(name, ...operands)();
}

/** An instruction without memory operand. */
function simple(work: (e: Emitter) => void): Meaning {
  return (e) => {
    enterX87(e);
    noteInstruction(e);
    work(e);
    e.next();
  };
}

/** Reads the memory operand into the operand slot, as float or integer. */
function load(e: Emitter, integer: boolean): void {
  const size = e.form.sizes[0];
  const place = e.probe(e.linearOperand(e.effectiveAddress(), size, 'read'), size, 'read');
  noteMemoryOperand(e);
  const host: Value = () => e.c.get(place.host);
  if (!integer) {
    run(e, size === 4 ? 'loadSingle' : size === 8 ? 'loadDouble' : 'loadExtended', host);
    return;
  }
  run(e, 'loadInteger', () => {
    host();
    if (size === 8) e.c.memory(w.I64_LOAD);
    else {
      e.c.memory(size === 4 ? w.I32_LOAD : w.I32_LOAD16_S);
      e.c.op(w.I64_EXTEND_I32_S);
    }
  });
}

function withMemory(integer: boolean, work: (e: Emitter) => void): Meaning {
  return (e) => {
    enterX87(e);
    load(e, integer);
    work(e);
    e.next();
  };
}

/** Stores through a routine that answers whether it wrote. */
function store(routine: (size: number) => string, operands: (e: Emitter) => Value[]): Meaning {
  return (e) => {
    enterX87(e);
    const size = e.form.sizes[0];
    const place = e.probe(e.linearOperand(e.effectiveAddress(), size, 'write'), size, 'write');
    noteMemoryOperand(e);
    const host: Value = () => e.c.get(place.host);
    e.if(e.routine(routine(size), host, ...operands(e)), () => e.commit(place));
    e.next();
  };
}

const floatStore = (pops: number) =>
  store(
    (size) => (size === 4 ? 'storeSingle' : size === 8 ? 'storeDouble' : 'storeExtended'),
    (e) => [e.k(pops)],
  );
const integerStore = (pops: number) =>
  store(
    () => 'storeInteger',
    (e) => [e.k(e.form.sizes[0]), e.k(pops)],
  );

const arithmetic: Record<string, Meaning> = {};
for (const name of OPERATIONS) {
  const toTop = simple((e) => run(e, name, e.k(0), e.stackRegister(), e.k(0)));
  const toRegister = simple((e) => run(e, name, e.stackRegister(), e.k(0), e.k(0)));
  const onMemory = withMemory(false, (e) => run(e, `${name}_memory`));
  arithmetic[name] = (e) => (e.isMemory(0) ? onMemory : e.form.shapes === 'y' ? toRegister : toTop)(e);
  arithmetic[`fi${name.slice(1)}`] = withMemory(true, (e) => run(e, `${name}_memory`));
  arithmetic[`${name}p`] = simple((e) => run(e, name, e.stackRegister(), e.k(0), e.k(1)));
}

function compare(quiet: number, pops: number): Meaning {
  const onRegisters = simple((e) => run(e, 'fcom', e.stackRegister(), e.k(quiet), e.k(pops)));
  const onMemory = withMemory(false, (e) => run(e, 'fcom_memory', e.k(pops)));
  return (e) => (e.isMemory(0) ? onMemory(e) : onRegisters(e));
}

/** FCOMI and its kin: C3 C2 C0 go to ZF PF CF; OF SF AF become 0. */
function compareToFlags(quiet: number, pops: number): Meaning {
  return simple((e) => {
    const conditions = e.let(e.routine('fcomi', e.stackRegister(), e.k(quiet), e.k(pops)));
    e.if(e.binary(w.I32_GE_S, conditions, e.k(0)), () => {
      const bit = (at: number) => e.and(e.shrU(conditions, e.k(at)), e.k(1));
      const carry = e.let(bit(8));
      const zero = e.let(bit(14));
      const sum = e.or(e.shl(carry, e.k(31)), e.shl(carry, e.k(30)));
      // As SAHF does: the result is 0 or 1, the parity delta is set where that disagrees with PF.
      e.setFlagWords(e.xor(zero, e.k(1)), e.or(sum, e.shl(e.xor(zero, bit(10)), e.k(8))));
    });
  });
}

const conditional: Record<string, Meaning> = {};
for (const [name, suffix] of [
  ['b', 'b'],
  ['e', 'e'],
  ['be', 'be'],
  ['u', 'p'],
]) {
  const move = (holds: (e: Emitter) => Value) => simple((e) => run(e, 'fcmov', e.stackRegister(), holds(e)));
  conditional[`fcmov${name}`] = move((e) => condition(e, suffix));
  conditional[`fcmovn${name}`] = move((e) => e.eqz(condition(e, suffix)));
}

/** Constants: rounded to nearest, and what rounding down (or to zero) and up add (SDM vol. 1, 8.3.8). */
const CONSTANTS: Record<string, readonly [mantissa: bigint, head: number, down: number, up: number]> = {
  fld1: [0x8000000000000000n, 0x3fff, 0, 0],
  fldl2t: [0xd49a784bcd1b8afen, 0x4000, 0, 1],
  fldl2e: [0xb8aa3b295c17f0bcn, 0x3fff, -1, 0],
  fldpi: [0xc90fdaa22168c235n, 0x4000, -1, 0],
  fldlg2: [0x9a209a84fbcff799n, 0x3ffd, -1, 0],
  fldln2: [0xb17217f7d1cf79acn, 0x3ffe, -1, 0],
  fldz: [0n, 0, 0, 0],
};
const constants: Record<string, Meaning> = {};
for (const [name, [mantissa, ...rest]] of Object.entries(CONSTANTS)) {
  constants[name] = simple((e) => run(e, 'fld_constant', () => e.c.i64(mantissa), ...rest.map((value) => e.k(value))));
}

const loadFloat: Meaning = (e) =>
  withMemory(false, () => run(e, e.form.sizes[0] === 10 ? 'pushOperand' : 'pushConverted'))(e);
const storeRegister = (pops: number) => simple((e) => run(e, 'fst_register', e.stackRegister(), e.k(pops)));

export const x87: Record<string, Meaning> = {
  ...arithmetic,
  ...conditional,
  ...constants,
  fcom: compare(0, 0),
  fcomp: compare(0, 1),
  fcompp: simple((e) => run(e, 'fcom', e.k(1), e.k(0), e.k(2))),
  fucom: compare(1, 0),
  fucomp: compare(1, 1),
  fucompp: simple((e) => run(e, 'fcom', e.k(1), e.k(1), e.k(2))),
  ficom: withMemory(true, (e) => run(e, 'fcom_memory', e.k(0))),
  ficomp: withMemory(true, (e) => run(e, 'fcom_memory', e.k(1))),
  fcomi: compareToFlags(0, 0),
  fcomip: compareToFlags(0, 1),
  fucomi: compareToFlags(1, 0),
  fucomip: compareToFlags(1, 1),
  ftst: simple((e) => run(e, 'ftst')),
  fxam: simple((e) => run(e, 'fxam')),

  fld: (e) => (e.isMemory(0) ? loadFloat : simple(() => run(e, 'fld_register', e.stackRegister())))(e),
  fild: withMemory(true, (e) => run(e, 'pushOperand')),
  fbld: (e) => {
    enterX87(e);
    const place = e.probe(e.linearOperand(e.effectiveAddress(), 10, 'read'), 10, 'read');
    noteMemoryOperand(e);
    run(e, 'loadDecimal', () => e.c.get(place.host));
    run(e, 'pushOperand');
    e.next();
  },
  fst: (e) => (e.isMemory(0) ? floatStore(0) : storeRegister(0))(e),
  fstp: (e) => (e.isMemory(0) ? floatStore(1) : storeRegister(1))(e),
  fist: integerStore(0),
  fistp: integerStore(1),
  fbstp: store(
    () => 'storeDecimal',
    (e) => [e.k(1)],
  ),

  fchs: simple((e) => run(e, 'fchs')),
  fabs: simple((e) => run(e, 'fabs')),
  fsqrt: simple((e) => run(e, 'fsqrt')),
  frndint: simple((e) => run(e, 'frndint')),
  fscale: simple((e) => run(e, 'fscale')),
  fxtract: simple((e) => run(e, 'fxtract')),
  fprem: simple((e) => run(e, 'fprem', e.k(0))),
  fprem1: simple((e) => run(e, 'fprem', e.k(1))),
  fxch: simple((e) => run(e, 'fxch', e.stackRegister())),
  ffree: simple((e) => run(e, 'ffree', e.stackRegister(), e.k(0))),
  ffreep: simple((e) => run(e, 'ffree', e.stackRegister(), e.k(1))),
  fstpnce: simple((e) => run(e, 'copyAndPop', e.stackRegister())),
  fincstp: simple((e) => run(e, 'turn', e.k(1))),
  fdecstp: simple((e) => run(e, 'turn', e.k(7))),
};
