/** PUSHF, POPF, CLI, STI and the writing of EFLAGS (SDM vol. 2; vol. 3, 2.3). */
import { AC, ARITHMETIC, DF, ID, IF, IOPL, NT, RF, TF, VM } from '../isa/eflags.ts';
import { GP } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CTX_FLAG_REST } from '../memory/layout.ts';
import type { Monitor } from './monitor.ts';
import { peekStack, push, release } from './operands.ts';
import { DONE, FAULT, type Outcome } from './outcome.ts';
import { SHADOW_STI } from './virtual-cpu.ts';

/** Replaces the EFLAGS bits in `mask`. */
export function setFlags(monitor: Monitor, value: number, mask: number): void {
  const { context } = monitor;
  const before = context.eflags;
  context.eflags = (before & ~mask) | (value & mask);
  if ((before ^ value) & mask & AC) monitor.applyPrivilege();
}

function ioPrivilege(monitor: Monitor): number {
  return (monitor.context.word(CTX_FLAG_REST) & IOPL) >>> 12;
}

export function pushFlags(monitor: Monitor, instruction: Instruction): Outcome {
  return push(monitor, (monitor.context.eflags & ~(RF | VM)) >>> 0, instruction.operandSize);
}

export function popFlags(monitor: Monitor, instruction: Instruction): Outcome {
  const size = instruction.operandSize;
  const value = peekStack(monitor, 0, size);
  if (value === undefined) return FAULT;
  const { cpl } = monitor.cpu;
  let mask = ARITHMETIC | TF | DF | NT | (size === 4 ? AC | ID : 0);
  if (cpl <= ioPrivilege(monitor)) mask |= IF;
  if (cpl === 0) mask |= IOPL;
  release(monitor, size);
  // RF is always cleared, whatever the image says.
  setFlags(monitor, value & ~RF, mask | RF);
  return DONE;
}

export function clearInterruptFlag(monitor: Monitor): Outcome {
  if (monitor.cpu.cpl > ioPrivilege(monitor)) return monitor.raise(GP, 0, 'CLI with CPL above IOPL');
  const { context } = monitor;
  context.setWord(CTX_FLAG_REST, context.word(CTX_FLAG_REST) & ~IF);
  return DONE;
}

export function setInterruptFlag(monitor: Monitor): Outcome {
  if (monitor.cpu.cpl > ioPrivilege(monitor)) return monitor.raise(GP, 0, 'STI with CPL above IOPL');
  const { context } = monitor;
  const flags = context.word(CTX_FLAG_REST);
  // Interrupts wait for one more instruction, so that STI; RET and STI; HLT are safe.
  if (!(flags & IF)) monitor.cpu.interruptShadow = SHADOW_STI;
  context.setWord(CTX_FLAG_REST, flags | IF);
  return DONE;
}
