/** How a run ended and what the process says about it: exit status, the line for people, the line for machines. */
import { EXCEPTION_NAMES, type FaultRecord, hex } from '../core/index.ts';

export type EndReason =
  | 'poweroff'
  | 'debug-exit'
  | 'reset'
  | 'triple-fault'
  | 'timeout'
  | 'limit'
  | 'step'
  | 'error'
  | 'interrupted';

export interface RunEnd {
  readonly reason: EndReason;
  readonly status: number;
  /** For stderr; empty = nothing to say. */
  readonly message: string;
  /** The scenario step that was not met. */
  readonly failed?: string;
}

export const STATUS_STEP_NOT_MET = 1;
export const STATUS_USER_MISTAKE = 2;
export const STATUS_INTERNAL = 70;
export const STATUS_LIMIT = 124;
export const STATUS_TRIPLE_FAULT = 125;
/** As a shell reports a process that SIGINT ended. */
export const STATUS_INTERRUPTED = 130;

/** @param amount of what was allowed @param waitingFor the scenario step that was not met by then */
export function limitReached(reason: 'limit' | 'timeout', amount: string, waitingFor: string | undefined): RunEnd {
  const waiting = waitingFor === undefined ? '' : `, waiting for: ${waitingFor}`;
  return { reason, status: STATUS_LIMIT, message: `stopped after ${amount}${waiting}`, failed: waitingFor };
}

/** The faults that led to a shutdown, one a line, the first one first. */
export function faultChainText(faults: readonly FaultRecord[]): string {
  return faults
    .map((fault) => {
      const code = fault.errorCode === undefined ? '' : `(${hex(fault.errorCode, 4)})`;
      const cr2 = fault.cr2 === undefined ? '' : ` cr2=${hex(fault.cr2)}`;
      const name = EXCEPTION_NAMES[fault.vector] ?? `vector ${fault.vector}`;
      return `  ${name}${code} at ${hex(fault.cs, 4)}:${hex(fault.eip)} ring ${fault.cpl}${cr2} step ${fault.step}: ${fault.cause}`;
    })
    .join('\n');
}

/** @param seconds of the host's clock */
export function jsonLine(end: RunEnd, steps: number, seconds: number): string {
  const { reason, status, message, failed } = end;
  return JSON.stringify({
    reason,
    status,
    steps,
    seconds: Math.round(seconds * 1000) / 1000,
    failed: failed ?? null,
    message,
  });
}

/** Why a guest that halts ends the run. @param dead with interrupts off */
export function idleText(dead: boolean): string {
  return dead
    ? 'the guest halted with interrupts off, nothing can wake it'
    : 'the guest waits for an input that cannot come';
}
