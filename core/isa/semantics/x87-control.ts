/**
 * x87 control instructions: state words and environments, no arithmetic (SDM vol. 1, 8.1 and 8.6), and how
 * every x87 instruction begins. Those whose name has an N do not look for pending exceptions.
 */
import { CTX_FPU_OFF, CTX_WAIT_OFF, FPU_CONTROL, FPU_STATUS, FPU_TOP } from '../../memory/layout.ts';
import { MF, NM } from '../exceptions.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';

/** Exception summary: an unmasked exception waits to be reported. */
const ES = 1 << 7;

/** #NM when CR0.EM or CR0.TS says that there is no FPU for now. */
function requireFpu(e: Emitter): void {
  e.if(e.context(CTX_FPU_OFF), () => e.fault(NM));
}

function reportPending(e: Emitter): void {
  e.if(e.and(e.context(FPU_STATUS), e.k(ES)), () => e.fault(MF));
}

/** The checks before a waiting x87 instruction. */
export function enterX87(e: Emitter): void {
  requireFpu(e);
  reportPending(e);
}

/** Keeps address and opcode of the instruction for exception handlers; not done by control instructions. */
export function noteInstruction(e: Emitter): void {
  e.routine('note', e.instructionEip(), e.immediate())();
}

/** The same with the address of the memory operand, which has been probed. */
export function noteMemoryOperand(e: Emitter): void {
  e.routine('noteMemory', e.instructionEip(), e.immediate(), e.effectiveAddress())();
}

/** The status word with TOP in its place. */
function statusWord(e: Emitter): Value {
  return e.or(e.context(FPU_STATUS), e.shl(e.context(FPU_TOP), e.k(11)));
}

function storeWord(value: (e: Emitter) => Value): Meaning {
  return (e) => {
    requireFpu(e);
    e.probeOperand(0);
    e.setOperand(0, value(e));
    e.next();
  };
}

/** FLDENV, FRSTOR, FNSTENV, FNSAVE: a routine on the bytes in memory, whose format goes by the operand size. */
function image(name: string, intent: 'read' | 'write', enter: (e: Emitter) => void): Meaning {
  return (e) => {
    enter(e);
    const size = e.form.sizes[0];
    const place = e.probe(e.linearOperand(e.effectiveAddress(), size, intent), size, intent, e.form.size);
    e.routine(name, () => e.c.get(place.host), e.k(e.form.size === 4 ? 1 : 0))();
    if (intent === 'write') e.commit(place);
    e.next();
  };
}

/** A control instruction that neither waits nor has an operand. */
function control(work: (e: Emitter) => void): Meaning {
  return (e) => {
    requireFpu(e);
    work(e);
    e.next();
  };
}

export const x87Control: Record<string, Meaning> = {
  wait: (e) => {
    e.if(e.context(CTX_WAIT_OFF), () => e.fault(NM));
    reportPending(e);
    e.next();
  },
  fninit: control((e) => e.routine('initialise')()),
  // The exception flags, SF, ES and B.
  fnclex: control((e) => e.setContext(FPU_STATUS, e.and(e.context(FPU_STATUS), e.k(0x7f00)))),
  /** FENI, FDISI and FSETPM of older coprocessors do nothing. */
  fneni: control(() => {}),
  fndisi: control(() => {}),
  fnsetpm: control(() => {}),
  fnstsw_ax: control((e) => e.setRegister(0, 2, statusWord(e))),
  fnstcw: storeWord((e) => e.context(FPU_CONTROL)),
  fnstsw: storeWord(statusWord),
  fnop: (e) => {
    enterX87(e);
    e.next();
  },
  fldcw: (e) => {
    enterX87(e);
    // Bit 6 always reads 1; the reserved bits read 0.
    e.setContext(FPU_CONTROL, e.or(e.and(e.operand(0), e.k(0x1f3f)), e.k(0x40)));
    e.routine('summarise')();
    e.next();
  },
  fnstenv: image('fnstenv', 'write', requireFpu),
  fnsave: image('fnsave', 'write', requireFpu),
  fldenv: image('loadEnvironment', 'read', enterX87),
  frstor: image('frstor', 'read', enterX87),
};
