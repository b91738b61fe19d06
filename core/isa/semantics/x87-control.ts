/** x87 control instructions: state words, no arithmetic (SDM vol. 1, 8.1). */

import { CTX_FPU_OFF, FPU_CONTROL, FPU_EMPTY, FPU_STATUS, FPU_TOP } from '../../memory/layout.ts';
import { NM } from '../exceptions.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';

/** #NM when CR0.EM or CR0.TS says that there is no FPU for now. */
export function requireFpu(e: Emitter): void {
  e.if(e.context(CTX_FPU_OFF), () => e.fault(NM));
}

/** The status word with TOP in its place. */
export function statusWord(e: Emitter): Value {
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

export const x87Control: Record<string, Meaning> = {
  fninit: (e) => {
    requireFpu(e);
    e.setContext(FPU_CONTROL, e.k(0x37f));
    e.setContext(FPU_STATUS, e.k(0));
    e.setContext(FPU_TOP, e.k(0));
    e.setContext(FPU_EMPTY, e.k(0xff));
    e.next();
  },
  fnclex: (e) => {
    requireFpu(e);
    // The exception flags, SF, ES and B.
    e.setContext(FPU_STATUS, e.and(e.context(FPU_STATUS), e.k(0x7f00)));
    e.next();
  },
  fnop: (e) => {
    requireFpu(e);
    e.next();
  },
  fnstcw: storeWord((e) => e.context(FPU_CONTROL)),
  fnstsw: storeWord(statusWord),
  fnstsw_ax: (e) => {
    requireFpu(e);
    e.setRegister(0, 2, statusWord(e));
    e.next();
  },
  fldcw: (e) => {
    requireFpu(e);
    // Bit 6 always reads 1.
    e.setContext(FPU_CONTROL, e.or(e.operand(0), e.k(0x40)));
    e.next();
  },
};
