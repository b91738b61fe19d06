/**
 * From "this happened" to a handler running: delivers an event, combines the faults that occur on the way
 * into #DF and shutdown (SDM vol. 3, table 6-5) and keeps the chain of them for a post-mortem. Vector
 * points stop here, before delivery.
 */
import {
  AC_FAULT,
  DB,
  DE,
  DOUBLE_FAULT,
  type FaultRecord,
  GP,
  hasErrorCode,
  NP,
  PAGE_FAULT,
  STACK_FAULT,
  TS,
} from '../isa/exceptions.ts';
import { CS } from '../isa/registers.ts';
import { SOURCE_EXCEPTION, SOURCE_EXTERNAL, SOURCE_ICEBP, SOURCE_SOFTWARE, type Source } from './event-source.ts';
import { deliver } from './interrupts.ts';
import type { Monitor } from './monitor.ts';
import { DONE, REFUSED } from './outcome.ts';
import { DR7_GD } from './virtual-cpu.ts';

export type Delivery = 0 | 1 | 2 | 3 | 4;
export const DELIVERED = 0;
/** A vector point is armed; nothing was delivered. Raising the same event again passes it. */
export const STOPPED = 1;
/** A fault while delivering #DF: the CPU has shut down. */
export const SHUT_DOWN = 2;
/** Something is not built yet; `monitor.refusal` names it. */
export const UNBUILT = 3;
/**
 * #AC is benign: a handler in ring 3 on an unaligned stack has the processor deliver it again and again, and no
 * interrupt gets in. Nothing was delivered, the event still waits, and time passes.
 */
export const ENDLESS = 4;

export interface VectorPoint {
  readonly vector: number;
  readonly source: 'exception' | 'interrupt' | 'software' | 'any';
}

const SOURCE_BITS = {
  exception: (1 << SOURCE_EXCEPTION) | (1 << SOURCE_ICEBP),
  interrupt: 1 << SOURCE_EXTERNAL,
  software: 1 << SOURCE_SOFTWARE,
  any: 15,
};

/** #DE, #TS, #NP, #SS and #GP make a double fault with each other. */
function isContributory(vector: number): boolean {
  return vector === DE || vector === TS || vector === NP || vector === STACK_FAULT || vector === GP;
}

/** The vector of fault `second` that came while delivering exception `first`: itself, #DF, or -1 for shutdown. */
export function combine(first: number, second: number): number {
  const serious = isContributory(second) || second === PAGE_FAULT;
  if (first === DOUBLE_FAULT) return serious ? -1 : second;
  if (isContributory(first) && isContributory(second)) return DOUBLE_FAULT;
  if (first === PAGE_FAULT && serious) return DOUBLE_FAULT;
  return second;
}

export class Events {
  private readonly monitor: Monitor;
  private readonly stepNow: () => number;
  /** SOURCE_BITS by vector. */
  private readonly armed = new Uint8Array(256);
  private anyArmed = false;
  /** Vectors whose point has stopped at `passedStep` and must not stop there again. */
  private readonly passed = new Set<number>();
  private passedStep = -1;
  /** The faults that led to the last stop, first one first. */
  chain: FaultRecord[] = [];
  /** What a STOPPED raise was about to deliver. */
  stoppedVector = 0;
  stoppedSource: Source = SOURCE_EXCEPTION;

  constructor(monitor: Monitor, stepNow: () => number) {
    this.monitor = monitor;
    this.stepNow = stepNow;
  }

  setPoints(points: readonly VectorPoint[]): void {
    this.armed.fill(0);
    for (const point of points) this.armed[point.vector & 255] |= SOURCE_BITS[point.source];
    this.anyArmed = points.length > 0;
    this.passed.clear();
  }

  /** True when a point waits for this event; at most once for the same event at the same step. */
  stopsAt(vector: number, source: Source): boolean {
    if (!this.anyArmed || !(this.armed[vector] & (1 << source))) return false;
    const step = this.stepNow();
    if (step !== this.passedStep) {
      this.passed.clear();
      this.passedStep = step;
    }
    const key = vector * 4 + source;
    if (this.passed.has(key)) return false;
    this.passed.add(key);
    this.stoppedVector = vector;
    this.stoppedSource = source;
    return true;
  }

  /** The same for an INT instruction, which asks before it starts to deliver. */
  instructionStopsAt(vector: number, source: Source): boolean {
    if (!this.stopsAt(vector, source)) return false;
    this.chain = [this.record(vector, source, 0, 0, '')];
    return true;
  }

  /** Delivers the exception in the monitor's `fault*` fields, raised by the instruction at EIP. */
  raiseFault(): Delivery {
    return this.raise(this.monitor.faultVector, SOURCE_EXCEPTION, this.monitor.context.eip, true);
  }

  /** Lets the next event of this kind pass its point: somebody outside asks for it. */
  passOnce(vector: number, source: Source): void {
    if (this.anyArmed) this.stopsAt(vector, source);
  }

  /**
   * Delivers `vector`; an exception's error code, linear address and cause are in the monitor's
   * `fault*` fields.
   * @param restarts true for a fault, which restarts its instruction and pushes EFLAGS with RF
   */
  raise(vector: number, source: Source, returnEip: number, restarts: boolean): Delivery {
    const { monitor } = this;
    // Allocated only when a fault follows a fault or somebody watches.
    let chain: FaultRecord[] | undefined;
    let current = vector;
    let from = source;
    let faultCode = monitor.faultCode;
    let linear = monitor.faultLinear;
    let cause = monitor.faultCause;
    let pushedEip = returnEip;
    let unaligned = 0;
    for (;;) {
      if (from === SOURCE_EXCEPTION && current === PAGE_FAULT) monitor.cpu.cr2 = linear;
      const debug = from === SOURCE_EXCEPTION && current === DB;
      if (debug) monitor.cpu.dr[6] |= monitor.faultDebug;
      if (this.anyArmed && this.stopsAt(current, from)) {
        this.chain = [...(chain ?? []), this.record(current, from, faultCode, linear, cause)];
        return STOPPED;
      }
      // Every #DB lets its handler at the debug registers (SDM vol. 3, 17.2.4).
      if (debug) monitor.cpu.dr[7] &= ~DR7_GD;
      const withCode = from === SOURCE_EXCEPTION && hasErrorCode(current);
      const isFault = restarts && current !== DOUBLE_FAULT;
      const outcome = deliver(monitor, current, from, withCode ? faultCode : -1, pushedEip, isFault);
      if (outcome === DONE) {
        monitor.cpu.interruptShadow = 0;
        if (this.anyArmed) this.passed.clear();
        return DELIVERED;
      }
      if (outcome === REFUSED) return UNBUILT;
      chain ??= [];
      chain.push(this.record(current, from, faultCode, linear, cause));
      const second = monitor.faultVector;
      if (second === AC_FAULT && ++unaligned > 1) return ENDLESS;
      // An interrupt is benign: what its delivery raises stands for itself.
      const next = from === SOURCE_EXCEPTION ? combine(current, second) : second;
      if (next < 0 || next === DOUBLE_FAULT)
        chain.push(this.record(second, SOURCE_EXCEPTION, monitor.faultCode, monitor.faultLinear, monitor.faultCause));
      if (second === PAGE_FAULT) monitor.cpu.cr2 = monitor.faultLinear;
      if (next < 0) {
        this.chain = chain;
        monitor.cpu.shutdown = true;
        return SHUT_DOWN;
      }
      from = SOURCE_EXCEPTION;
      restarts = true;
      current = next;
      pushedEip = monitor.context.eip;
      faultCode = next === DOUBLE_FAULT ? 0 : monitor.faultCode;
      linear = monitor.faultLinear;
      cause = next === DOUBLE_FAULT ? 'a fault while delivering a fault' : monitor.faultCause;
    }
  }

  /** The event as data. */
  private record(vector: number, source: Source, errorCode: number, linear: number, cause: string): FaultRecord {
    const { context, cpu } = this.monitor;
    const exception = source === SOURCE_EXCEPTION;
    return {
      vector,
      errorCode: exception && hasErrorCode(vector) ? errorCode : undefined,
      cs: context.selector(CS),
      eip: context.eip,
      cpl: cpu.cpl,
      cr2: exception && vector === PAGE_FAULT ? linear : undefined,
      step: this.stepNow(),
      cause: exception ? cause : source === SOURCE_EXTERNAL ? 'interrupt request' : 'software interrupt',
    };
  }
}
