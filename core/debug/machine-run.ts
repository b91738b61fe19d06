/**
 * Runs a machine for a debugger until there is something to report: continue, step, step through a range,
 * run to a return. Decides which events are stops; knows no client.
 */
import { DESC_BIG } from '../isa/descriptors.ts';
import type { AccessHit, MachineEvent } from '../machine/events.ts';
import type { DebuggedMachine, DebuggedVcpu, RunOptions } from './debugged-machine.ts';
import type { Pacer } from './pacer.ts';
import type { PointSet } from './points.ts';
import { callLength, MAX_RANGE, type RangeExits, rangeExits } from './range-exits.ts';
import type { Address, Resume, Stop } from './target.ts';

/** A stop without what is the same for all: vCPU and step. */
export type Outcome = Omit<Stop, 'vcpu' | 'step'>;

const CS = 1;
const SS = 2;
const ESP = 4;
const MAX_INSTRUCTION = 15;

/** What one call of `Machine.run` came to. */
type Turn =
  /** The steps are over, or the machine wants the host to look at its clock. */
  | { readonly kind: 'slice' }
  /** A code point that does not count: the next run passes it. */
  | { readonly kind: 'pass' }
  /** Something else that does not count. */
  | { readonly kind: 'again' }
  /** The temporary address is reached. */
  | { readonly kind: 'arrived' }
  /** Every vCPU halts and nothing will wake it but an input. */
  | { readonly kind: 'idle'; readonly dead: boolean }
  | { readonly kind: 'stop'; readonly outcome: Outcome };

const SLICE: Turn = { kind: 'slice' };
const PASS: Turn = { kind: 'pass' };
const AGAIN: Turn = { kind: 'again' };
const ARRIVED: Turn = { kind: 'arrived' };
const STEPPED: Outcome = { reason: 'step', points: [] };
const NO_LIMIT = Number.POSITIVE_INFINITY;

export interface RunHooks {
  /** Output gathered during a slice may be passed on. */
  afterSlice(): void;
  idle(dead: boolean): void;
}

export class MachineRun {
  readonly #machine: DebuggedMachine;
  readonly #points: PointSet;
  readonly #pacer: Pacer;
  /** Step at which the run ends with `limit`. */
  limit = NO_LIMIT;
  #interrupted = false;
  #wake: (() => void) | undefined;
  /** Whether a temporary address that was reached is the end of the run. */
  #arrive: (() => boolean) | undefined;
  readonly #hooks: RunHooks;

  constructor(machine: DebuggedMachine, points: PointSet, pacer: Pacer, hooks: RunHooks) {
    this.#machine = machine;
    this.#points = points;
    this.#pacer = pacer;
    this.#hooks = hooks;
  }

  /** Stops the run in progress, or the next one before its first step. */
  interrupt(): void {
    this.#interrupted = true;
    this.wake();
  }

  forgetInterrupt(): void {
    this.#interrupted = false;
  }

  /** Something entered the machine: one that idles looks again. */
  wake(): void {
    this.#wake?.();
  }

  /** @param skipBreak the position was reported already: pass the code points there */
  async run(how: Resume, skipBreak: boolean): Promise<Outcome> {
    this.#points.sync();
    const wait = this.#pacer.begin();
    if (wait !== undefined) await wait;
    try {
      switch (how.kind) {
        case 'continue':
          return (await this.#until(NO_LIMIT, skipBreak, undefined)) ?? STEPPED;
        case 'step':
          return await this.#step(how.count ?? 1, how.interrupts ?? false);
        case 'range':
          return await this.#range(how.start, how.end, how.over ?? false);
        case 'until':
          return (await this.#runTo(how.address, (stack) => stack > how.frame, skipBreak)) ?? STEPPED;
      }
    } finally {
      this.#points.setTemporary([]);
    }
  }

  get #vcpu(): DebuggedVcpu {
    return this.#machine.vcpus[0];
  }

  get #linearPc(): number {
    const { context } = this.#vcpu;
    return (context.segmentBase(CS) + context.eip) >>> 0;
  }

  get #linearStack(): number {
    const { context } = this.#vcpu;
    const esp = context.segmentAccess(SS) & DESC_BIG ? context.register(ESP) : context.register16(ESP);
    return (context.segmentBase(SS) + esp) >>> 0;
  }

  /**
   * Runs until a stop, until `arrive` says yes at the temporary address, or until step `end`; answers
   * undefined for the last two.
   */
  async #until(end: number, skipBreak: boolean, arrive: (() => boolean) | undefined): Promise<Outcome | undefined> {
    let skip = skipBreak;
    this.#arrive = arrive;
    for (;;) {
      if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
      const { steps } = this.#machine;
      if (steps >= end) return undefined;
      if (steps >= this.limit) return { reason: 'limit', points: [] };
      const budget = Math.min(this.#pacer.budget, end - steps, this.limit - steps);
      const turn = this.#turn(budget, { skipBreak: skip, untilTick: this.#pacer.untilTick });
      if (turn.kind === 'stop') return turn.outcome;
      if (turn.kind === 'arrived') return undefined;
      skip = turn.kind === 'pass';
      if (turn.kind === 'idle') await this.#idle(turn.dead);
      else if (turn.kind === 'slice' || this.#pacer.due) await this.#slice();
    }
  }

  #runTo(address: number, arrived: (stack: number) => boolean, skipBreak: boolean): Promise<Outcome | undefined> {
    this.#points.setTemporary([address]);
    return this.#until(NO_LIMIT, skipBreak, () => arrived(this.#linearStack));
  }

  async #step(count: number, interrupts: boolean): Promise<Outcome> {
    if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
    const first = await this.#single(interrupts);
    if (first !== undefined || count <= 1) return first ?? STEPPED;
    return (await this.#steps(count - 1, interrupts)) ?? STEPPED;
  }

  /** The steps after the first, which stop at code points too. */
  async #steps(count: number, interrupts: boolean): Promise<Outcome | undefined> {
    for (let left = count; left > 0; left--) {
      if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
      const hits = this.#points.codeHits(this.#vcpu);
      if (hits.length > 0) return { reason: 'breakpoint', points: hits };
      const outcome = await this.#single(interrupts);
      if (outcome !== undefined) return outcome;
      if (this.#pacer.due) await this.#slice();
    }
    return undefined;
  }

  /**
   * One step. Interrupts that are due first run their handlers to the return, out of sight: the step ends
   * in the user's program and yet the guest lives exactly as it would without a debugger. With
   * `interrupts` it is the next step whatever it is, also one of a handler. An instruction that faults
   * retires no step: it ends at its handler's first instruction, which is what the user wants to see.
   */
  async #single(interrupts: boolean): Promise<Outcome | undefined> {
    if (!interrupts) {
      const outcome = await this.#passInterrupts();
      if (outcome !== undefined) return outcome;
    }
    let { steps } = this.#machine;
    const { cpu } = this.#vcpu;
    let deliveries = cpu.deliveries + 1;
    while (this.#machine.steps === steps && cpu.deliveries < deliveries) {
      if (steps >= this.limit) return { reason: 'limit', points: [] };
      const { untilTick } = this.#pacer;
      const turn = this.#turn(1, { skipBreak: true, holdInterrupts: !interrupts, deliveries, untilTick });
      if (turn.kind === 'stop') return turn.outcome;
      if (cpu.halted && !interrupts && this.#machine.steps === steps) {
        // Stopped before an x87 instruction that found an error: what ends that is passed, and the step comes after it.
        const passed = await this.#passInterrupts();
        if (passed !== undefined) return passed;
        steps = this.#machine.steps;
        deliveries = cpu.deliveries + 1;
        continue;
      }
      if (turn.kind === 'idle') return STEPPED;
      if (this.#machine.steps > steps || cpu.deliveries >= deliveries) break;
      if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
      await this.#slice();
    }
    return undefined;
  }

  /** Until nothing waits and the vCPU does not halt: a step of HLT waits for what ends it. */
  async #passInterrupts(): Promise<Outcome | undefined> {
    this.#machine.settle();
    while (this.#machine.interruptWaiting || this.#vcpu.cpu.halted) {
      const outcome = await this.#throughInterrupt();
      if (outcome !== undefined) return outcome;
      // They may follow one another for ever, without a turn for the host.
      if (this.#machine.steps >= this.limit) return { reason: 'limit', points: [] };
      if (this.#pacer.due) await this.#slice();
      this.#machine.settle();
    }
    return undefined;
  }

  /** Lets the next interrupt be delivered and runs until its handler is back. */
  async #throughInterrupt(): Promise<Outcome | undefined> {
    const pc = this.#linearPc;
    const stack = this.#linearStack;
    const { steps } = this.#machine;
    while (this.#machine.steps === steps) {
      if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
      const turn = this.#turn(1, { untilTick: this.#pacer.untilTick });
      if (turn.kind === 'stop') return turn.outcome;
      if (turn.kind === 'idle' && turn.dead) return STEPPED;
      if (turn.kind === 'idle') await this.#idle(turn.dead);
      else if (this.#machine.steps === steps) await this.#slice();
    }
    // A handler of a single instruction is back already.
    return this.#linearPc === pc && this.#linearStack >= stack ? undefined : this.#runBack(pc, stack);
  }

  /** Runs until execution is back at linear `address` of this space with everything above `stack` popped. */
  async #runBack(address: number, stack: number): Promise<Outcome | undefined> {
    const { cr3 } = this.#vcpu.cpu;
    const outcome = await this.#runTo(address, (now) => now >= stack && this.#vcpu.cpu.cr3 === cr3, false);
    this.#points.setTemporary([]);
    return outcome;
  }

  async #range(start: number, end: number, over: boolean): Promise<Outcome> {
    const exits = this.#exitsOf(start, end);
    for (let first = true; ; first = false) {
      if (this.#takeInterrupt()) return { reason: 'interrupted', points: [] };
      const hits = first ? [] : this.#points.codeHits(this.#vcpu);
      if (hits.length > 0) return { reason: 'breakpoint', points: hits };
      const stack = this.#linearStack;
      const from = this.#linearPc;
      const behind = this.#behindCall();
      const outcome =
        (await this.#single(false)) ??
        (behind !== undefined && this.#isPassed(from, behind, over) ? await this.#runBack(behind, stack) : undefined) ??
        (await this.#toExit(start, end, exits));
      if (outcome !== undefined) return outcome;
      if (!inside(this.#vcpu.context.eip, start, end)) return STEPPED;
      if (this.#pacer.due) await this.#slice();
    }
  }

  /**
   * Whether the call or INT just executed is run to its return: firmware always is, unless the step began there,
   * for it has no source lines to step through.
   */
  #isPassed(from: number, behind: number, over: boolean): boolean {
    const pc = this.#linearPc;
    return pc !== behind && (over || (inSystemRom(pc) && !inSystemRom(from)));
  }

  #exitsOf(start: number, end: number): RangeExits | undefined {
    if (end <= start || end - start > MAX_RANGE) return undefined;
    const { context, space } = this.#vcpu;
    const bytes = space.readLinear((context.segmentBase(CS) + start) >>> 0, end - start);
    if (bytes.length < end - start) return undefined;
    return rangeExits(bytes, start, (context.segmentAccess(CS) & DESC_BIG) === 0);
  }

  /**
   * Runs on to the next instruction that may leave the range; interrupts on the way are handled out of
   * sight. Where the range is no plain code, every step is looked at.
   */
  async #toExit(start: number, end: number, exits: RangeExits | undefined): Promise<Outcome | undefined> {
    const { context } = this.#vcpu;
    if (!inside(context.eip, start, end)) return undefined;
    if (exits === undefined || !exits.starts.has(context.eip)) return undefined;
    const base = context.segmentBase(CS);
    this.#points.setTemporary(exits.exits.map((offset) => (base + offset) >>> 0));
    const outcome = await this.#until(NO_LIMIT, false, () => true);
    this.#points.setTemporary([]);
    return outcome;
  }

  /** Linear address behind the call or INT that is executed next; undefined for other instructions. */
  #behindCall(): number | undefined {
    const { context, space } = this.#vcpu;
    const pc = this.#linearPc;
    const bits16 = (context.segmentAccess(CS) & DESC_BIG) === 0;
    const length = callLength(space.readLinear(pc, MAX_INSTRUCTION), bits16);
    return length === undefined ? undefined : (pc + length) >>> 0;
  }

  #turn(maxSteps: number, options: RunOptions): Turn {
    return this.#judge(this.#machine.run(maxSteps, options));
  }

  /** Whether an event is something to report. */
  #judge(event: MachineEvent): Turn {
    switch (event.kind) {
      case 'slice':
        return SLICE;
      case 'idle':
        return { kind: 'idle', dead: event.dead };
      case 'break': {
        // Where the run was to end it ends, also at a point: going on from there passes that.
        if (this.#points.isTemporary(this.#linearPc) && this.#arrive?.()) return ARRIVED;
        const points = this.#points.codeHits(this.#vcpu);
        return points.length > 0 ? stop({ reason: 'breakpoint', points }) : PASS;
      }
      case 'watch':
        return this.#accessTurn('watchpoint', event.hits);
      case 'port':
        return this.#accessTurn('port', event.hits);
      case 'vector': {
        const points = this.#points.vectorHits(event.fault.vector, event.source, this.#vcpu);
        return points.length > 0 ? stop({ reason: 'vector', points, exceptions: [event.fault] }) : AGAIN;
      }
      case 'mode': {
        const points = this.#points.modeHits(event.changes, this.#vcpu);
        return points.length > 0 ? stop({ reason: 'mode', points, message: event.changes.join(', ') }) : AGAIN;
      }
      case 'triple-fault':
        return stop({ reason: 'triple-fault', points: [], exceptions: event.faults });
      case 'refused':
        return stop({ reason: 'refused', points: [], message: event.message });
      case 'exit':
        return stop({ reason: 'exit', points: [], status: event.status });
      case 'poweroff':
        return stop({ reason: 'poweroff', points: [] });
      case 'reset':
        return this.#machine.onReset === 'stop' ? stop({ reason: 'reset', points: [] }) : AGAIN;
    }
  }

  #accessTurn(reason: 'watchpoint' | 'port', hits: readonly AccessHit[]): Turn {
    const points = this.#points.accessHits(hits, this.#vcpu);
    const hit = hits.find(({ id }) => points.includes(id));
    if (hit === undefined) return AGAIN;
    const { address: offset, size, kind, value } = hit;
    const point = this.#points.get(hit.id);
    const space = point?.kind === 'data' ? point.address.space : 'port';
    const address: Address = { space, offset };
    return stop({ reason, points, access: { address, size, kind, value } });
  }

  #takeInterrupt(): boolean {
    const taken = this.#interrupted;
    this.#interrupted = false;
    return taken;
  }

  async #slice(): Promise<void> {
    this.#hooks.afterSlice();
    await this.#pacer.turn();
  }

  /** Nothing can happen by itself any more: sleeps until an input or an interrupt of the debugger. */
  async #idle(dead: boolean): Promise<void> {
    this.#hooks.afterSlice();
    this.#hooks.idle(dead);
    if (this.#interrupted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }
}

function stop(outcome: Outcome): Turn {
  return { kind: 'stop', outcome };
}

/** Where a PC has its firmware. */
function inSystemRom(linear: number): boolean {
  return linear >= 0xf0000 && linear < 0x100000;
}

function inside(offset: number, start: number, end: number): boolean {
  return offset >= start && offset < end;
}
