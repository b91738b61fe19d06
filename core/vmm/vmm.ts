/**
 * The monitor's loop: direct execution until something traps, one dispatch over why, emulation, and
 * again. It delivers interrupts and exceptions between steps and counts steps exactly.
 */
import type { CoprocessorErrors } from '../bus/device.ts';
import { IF, RF, TF } from '../isa/eflags.ts';
import { DB, MF } from '../isa/exceptions.ts';
import type { Instruction } from '../isa/instruction.ts';
import { CTX_FLAG_REST } from '../memory/layout.ts';
import type { Engine } from '../vcpu/engine.ts';
import { EXIT_ALONE, EXIT_BREAK, EXIT_BUDGET, EXIT_FAULT, EXIT_TRAP, EXIT_WATCH } from '../vcpu/exit.ts';
import { debugCause } from './breakpoints.ts';
import { NO_COPROCESSOR, X87Errors } from './coprocessor-errors.ts';
import { SOURCE_EXCEPTION, SOURCE_EXTERNAL } from './event-source.ts';
import { DELIVERED, type Delivery, ENDLESS, Events, SHUT_DOWN, STOPPED, type VectorPoint } from './events.ts';
import { HANDLERS } from './handlers.ts';
import { type Handler, Monitor, type MonitorParts, setFpuMode } from './monitor.ts';
import { AGAIN, DONE, FAULT, JUMPED, type Outcome, POINT } from './outcome.ts';
import { resetProcessor } from './reset.ts';
import type { TrapCounter, TrapStatistics } from './statistics.ts';
import { DR6_BS, SHADOW_NONE, SHADOW_SS, type VirtualCpu } from './virtual-cpu.ts';
import type { RunOptions, VmmExit, VmmExitReason } from './vmm-exit.ts';

export interface VmmParts extends MonitorParts {
  readonly engine: Engine;
  /** Absent: an x87 error with CR0.NE clear stops the processor, and no request comes of it. */
  readonly coprocessor?: CoprocessorErrors;
  readonly statistics: TrapStatistics;
}

interface Row {
  readonly handler: Handler;
  readonly counter: TrapCounter;
}

/** What `#emulate` and `#deliver` answer when the run goes on. */
const GO_ON = undefined;
const NO_OPTIONS: RunOptions = {};
/** Engines count a budget in 32 signed bits. */
const LONGEST_RUN = 0x7fffffff;

/**
 * Deliveries in a row that cost no step. Beyond them each counts as one, so that a guest that faults in its
 * own handlers for ever still uses up its budget, its clock runs, and it can be interrupted.
 */
const FREE_DELIVERIES = 256;

export class Vmm {
  readonly monitor: Monitor;
  readonly cpu: VirtualCpu;
  readonly statistics: TrapStatistics;
  readonly events: Events;
  /** Steps retired since power-on. */
  steps = 0;
  readonly #engine: Engine;
  readonly x87Errors: X87Errors;
  readonly #rows = new Map<string, Row>();
  readonly #exit: VmmExit = {
    reason: 'budget',
    faults: [],
    message: '',
    modeChange: 0,
    vector: 0,
    source: SOURCE_EXCEPTION,
  };
  #modePoints = 0;
  #stopRequested = false;
  /** EIP of the repeated instruction that the last step was an iteration of, with more to come; else -1. */
  #repeatingAt = -1;

  constructor(parts: VmmParts) {
    this.#engine = parts.engine;
    this.x87Errors = new X87Errors(parts.context, parts.cpu, parts.coprocessor ?? NO_COPROCESSOR);
    this.cpu = parts.cpu;
    this.statistics = parts.statistics;
    this.monitor = new Monitor(parts);
    this.events = new Events(this.monitor, () => this.steps);
    this.monitor.stopsAt = (vector, source) => this.events.instructionStopsAt(vector, source);
  }

  /** Power-on or RESET: registers, privileged state and the space; steps go on counting. */
  reset(): void {
    resetProcessor(this.monitor);
    this.#stopRequested = false;
    this.#repeatingAt = -1;
  }

  /** CPU and context were loaded from a saved state: makes what is derived from them fit. */
  stateLoaded(): void {
    const { cpu, monitor } = this;
    monitor.applyPrivilege();
    setFpuMode(monitor.context, cpu.cr0);
    monitor.breakpoints.update();
    monitor.space.switchSpace(monitor.context);
    this.#stopRequested = false;
    this.#repeatingAt = -1;
  }

  /** Linear addresses (or EIP values) before which a run ends with `break`. */
  setCodePoints(points: ReadonlySet<number>): void {
    this.monitor.breakpoints.setCodePoints(points);
  }

  setVectorPoints(points: readonly VectorPoint[]): void {
    this.events.setPoints(points);
  }

  /** CHANGED_* bits (monitor.ts) after which a run ends with `mode`. */
  setModePoints(bits: number): void {
    this.#modePoints = bits;
  }

  /** Called by devices during a step: the run ends once that step has retired. */
  requestStop(): void {
    this.#stopRequested = true;
  }

  /** A20 changed on the board. */
  setA20(open: boolean): void {
    this.cpu.a20 = open;
    this.monitor.space.switchSpace(this.monitor.context);
  }

  /** Delivers an exception now, as if raised by the instruction at EIP; for debuggers. */
  inject(vector: number, errorCode: number): VmmExit | undefined {
    this.events.passOnce(vector, SOURCE_EXCEPTION);
    this.monitor.raise(vector, errorCode, 'injected by the debugger');
    return this.#after(this.events.raiseFault());
  }

  /** Runs at most `budget` steps. The answer is one record, overwritten by the next run. */
  run(budget: number, options: RunOptions = NO_OPTIONS): VmmExit {
    const { cpu, monitor } = this;
    const { context, interrupts, breakpoints } = monitor;
    const errors = this.x87Errors;
    const end = this.steps + budget;
    const hold = options.holdInterrupts === true;
    const mostDeliveries = options.deliveries ?? Number.POSITIVE_INFINITY;
    let skip = options.skipBreak === true;
    let alone = false;
    errors.overlooked = false;
    monitor.modeChange = 0;
    // A debugger that loaded a segment since has read descriptors, which is none of the guest's accesses. It may
    // have disarmed the breakpoints after that, too.
    breakpoints.takeMet();
    if (cpu.shutdown) return this.#stop('shutdown');
    for (;;) {
      if (this.#stopRequested) {
        this.#stopRequested = false;
        return this.#stop('stopRequested');
      }
      if (monitor.modeChange !== 0) {
        this.#exit.modeChange = monitor.modeChange & this.#modePoints;
        monitor.modeChange = 0;
        if (this.#exit.modeChange !== 0) return this.#stop('mode');
      }
      if (cpu.deliveries >= mostDeliveries) return this.#stop('budget');
      // A #DB whose delivery meets a breakpoint again and again (in the IDT, say) ends with the budget, too.
      const waits = this.steps >= end && (options.holdTraps === true || cpu.deliveries > FREE_DELIVERIES);
      if (cpu.pendingDebug !== 0 && cpu.interruptShadow !== SHADOW_SS && !waits) {
        const stop = this.#deliverDebug(cpu.pendingDebug, false);
        if (stop !== GO_ON) return stop;
        skip = false;
        continue;
      }
      if (this.steps >= end) return this.#stop('budget');
      const flags = context.word(CTX_FLAG_REST);
      const waiting = !hold && (flags & IF) !== 0 && (cpu.acknowledged >= 0 || interrupts.pending);
      if (waiting && cpu.interruptShadow === SHADOW_NONE) {
        const stop = this.#deliverExternal();
        if (stop !== GO_ON) return stop;
        // A code point at the handler is another than the one to go on from.
        skip = false;
        errors.overlooked = false;
        continue;
      }
      if (cpu.halted) return this.#stop('halted');
      // Wherever a run was cut, a code point has stopped before the first iteration already.
      const pass = skip || errors.overlooked || context.eip === this.#repeatingAt;
      const met = breakpoints.executes ? breakpoints.executionMet() : 0;
      if (met !== 0) {
        // At the same address the debugger is first, and then the guest finds its own.
        if (!pass && breakpoints.hiddenHere) return this.#stop('break');
        const stop = this.#deliverDebug(met, true);
        if (stop !== GO_ON) return stop;
        skip = false;
        continue;
      }
      // One step at a time where something has to be looked at after each.
      const single = (flags & TF) !== 0;
      const cautious = single || waiting || alone || cpu.pendingDebug !== 0 || errors.ignored;
      const length = cautious ? 1 : Math.min(end - this.steps, LONGEST_RUN);
      if (errors.overlooked) errors.hide();
      const exit = this.#engine.run(context, length, pass, alone);
      if (errors.overlooked) errors.show(exit.reason === EXIT_ALONE);
      alone = exit.reason === EXIT_ALONE;
      skip = skip && alone && exit.steps === 0;
      if (exit.steps > 0) {
        this.steps += exit.steps;
        cpu.deliveries = 0;
        cpu.interruptShadow = SHADOW_NONE;
        this.#setRepeating(exit.repeating);
        if (single) cpu.pendingDebug |= DR6_BS;
        if (breakpoints.armed) cpu.pendingDebug |= breakpoints.takeMet();
        errors.stepped();
      }
      if (exit.reason === EXIT_BUDGET || alone) continue;
      if (exit.reason === EXIT_WATCH) return this.#stop('watch');
      // What waits at EIP belongs to the next step: not before the debug trap, not beyond the budget, and a fault of
      // the fetch not before the guest's breakpoint there (SDM vol. 3, table 6-2).
      if (exit.steps > 0 && (cpu.pendingDebug !== 0 || this.steps >= end)) continue;
      if (exit.steps > 0 && breakpoints.executes && breakpoints.executionMet() !== 0) continue;
      let stop: VmmExit | undefined;
      switch (exit.reason) {
        case EXIT_TRAP: {
          const outcome = this.#emulate(exit.instruction as Instruction, end, single, hold);
          if (outcome >= FAULT) stop = this.#failed(outcome);
          else if (monitor.space.hasWatchHits) stop = this.#stop('watch');
          break;
        }
        case EXIT_FAULT:
          stop = this.#engineFault(exit.vector, exit.errorCode, exit.linear, exit.cause);
          break;
        case EXIT_BREAK:
          // The guest's alone is here because it does not count: RF, a load of SS, or EIP where linear addresses matter.
          if (!breakpoints.executes || breakpoints.hiddenHere) stop = this.#stop('break');
          else skip = true;
          break;
        default:
          throw new Error(`internal error: engine exit ${exit.reason}`);
      }
      if (stop !== GO_ON) return stop;
    }
  }

  /** Emulates the instruction at EIP; DONE, or AGAIN inside a repetition, when it has retired. */
  #emulate(instruction: Instruction, end: number, single: boolean, hold: boolean): Outcome {
    const { cpu, monitor } = this;
    const { context, interrupts, breakpoints } = monitor;
    const row = this.#rows.get(instruction.mnemonic) ?? this.#addRow(instruction);
    row.counter.count++;
    let shadow = cpu.interruptShadow;
    cpu.interruptShadow = SHADOW_NONE;
    let rest = context.word(CTX_FLAG_REST);
    for (;;) {
      const outcome = row.handler(monitor, instruction);
      if (outcome >= FAULT) {
        cpu.interruptShadow = shadow;
        return outcome;
      }
      this.steps++;
      cpu.deliveries = 0;
      // RF as it was before: a 32-bit IRET may have set it for the next instruction.
      if (rest & RF && !(instruction.mnemonic === 'iret' && instruction.operandSize === 4)) this.#setRepeating(false);
      // A software interrupt that was taken has cleared TF and gets no trap; a load of SS suppresses it.
      const taken = outcome === JUMPED && isInterrupt(instruction);
      if (breakpoints.armed) cpu.pendingDebug |= breakpoints.takeMet();
      if (single && cpu.interruptShadow !== SHADOW_SS && !taken) cpu.pendingDebug |= DR6_BS;
      if (outcome === AGAIN) {
        shadow = SHADOW_NONE;
        rest |= RF;
        this.#setRepeating(true);
        const interrupted = !hold && interrupts.pending && (rest & IF) !== 0;
        const trap = cpu.pendingDebug !== 0;
        if (trap || interrupted || this.steps >= end || this.#stopRequested || monitor.space.hasWatchHits) return AGAIN;
        continue;
      }
      if (outcome === DONE) context.eip = (context.eip + instruction.length) >>> 0;
      return DONE;
    }
  }

  /**
   * After each step. RF lasts for one instruction, and between two iterations of a repeated one it is set: whatever is
   * delivered there pushes it so (SDM vol. 3, 17.3.1.1).
   */
  #setRepeating(repeating: boolean): void {
    const { context } = this.monitor;
    const rest = context.word(CTX_FLAG_REST);
    const wanted = repeating ? rest | RF : rest & ~RF;
    if (wanted !== rest) context.setWord(CTX_FLAG_REST, wanted);
    this.#repeatingAt = repeating ? context.eip : -1;
  }

  /** Finds the handler of a mnemonic that traps for the first time. */
  #addRow(instruction: Instruction): Row {
    const { mnemonic, trapClass } = instruction;
    const handler = HANDLERS.get(mnemonic) ?? ((monitor: Monitor) => monitor.refuse(`instruction ${mnemonic}`));
    const row = { handler, counter: this.statistics.counter(mnemonic, trapClass) };
    this.#rows.set(mnemonic, row);
    return row;
  }

  /** An instruction that did not retire. */
  #failed(outcome: Outcome): VmmExit | undefined {
    this.#forgetMet();
    if (outcome === FAULT) {
      this.statistics.faults[this.monitor.faultVector]++;
      return this.#after(this.events.raiseFault());
    }
    if (outcome === POINT) return this.#vectorStop();
    return this.#refused();
  }

  #engineFault(vector: number, errorCode: number, linear: number, cause: string): VmmExit | undefined {
    const { monitor } = this;
    this.#forgetMet();
    if (vector === MF && this.x87Errors.pending) {
      this.x87Errors.found();
      return GO_ON;
    }
    this.statistics.faults[vector]++;
    monitor.raise(vector, errorCode, cause);
    monitor.faultLinear = linear;
    return this.#after(this.events.raiseFault());
  }

  /** Drops what accesses met that are no retired instruction's: of one that faults the fault is all there is. */
  #forgetMet(): void {
    const { breakpoints } = this.monitor;
    if (breakpoints.armed) breakpoints.takeMet();
  }

  /** #DB with these DR6 bits: the trap that waits, or before an instruction a fault, which restarts it. */
  #deliverDebug(bits: number, restarts: boolean): VmmExit | undefined {
    const { cpu, monitor } = this;
    monitor.raise(DB, 0, debugCause(bits));
    monitor.faultDebug = bits;
    const delivery = this.events.raise(DB, SOURCE_EXCEPTION, monitor.context.eip, restarts);
    if (delivery === DELIVERED) {
      if (!restarts) cpu.pendingDebug = 0;
      cpu.halted = false;
      this.statistics.faults[DB]++;
    }
    return this.#after(delivery);
  }

  #deliverExternal(): VmmExit | undefined {
    const { cpu, monitor } = this;
    if (cpu.acknowledged < 0) cpu.acknowledged = monitor.interrupts.acknowledge() & 0xff;
    const vector = cpu.acknowledged;
    const delivery = this.events.raise(vector, SOURCE_EXTERNAL, monitor.context.eip, false);
    if (delivery === DELIVERED) {
      cpu.acknowledged = -1;
      cpu.halted = false;
      this.statistics.interrupts[vector]++;
    }
    return this.#after(delivery);
  }

  #after(delivery: Delivery): VmmExit | undefined {
    if (delivery === DELIVERED || delivery === ENDLESS) {
      this.#repeatingAt = -1;
      const { breakpoints } = this.monitor;
      // The delivery's own accesses: #DB before the handler's first instruction.
      if (breakpoints.armed) this.cpu.pendingDebug |= breakpoints.takeMet();
      // A handler whose first instruction faults never retires one: from here on its faults take time.
      if (++this.cpu.deliveries > FREE_DELIVERIES) this.steps++;
      return this.monitor.space.hasWatchHits ? this.#stop('watch') : GO_ON;
    }
    if (delivery === STOPPED) return this.#vectorStop();
    if (delivery !== SHUT_DOWN) return this.#refused();
    return this.#stop('shutdown');
  }

  #vectorStop(): VmmExit {
    this.#exit.vector = this.events.stoppedVector;
    this.#exit.source = this.events.stoppedSource;
    return this.#stop('vector');
  }

  #refused(): VmmExit {
    this.#exit.message = this.monitor.refusal;
    return this.#stop('refused');
  }

  #stop(reason: VmmExitReason): VmmExit {
    this.#exit.reason = reason;
    if (reason === 'shutdown' || reason === 'vector') this.#exit.faults = this.events.chain;
    return this.#exit;
  }
}

function isInterrupt(instruction: Instruction): boolean {
  const { mnemonic } = instruction;
  return mnemonic === 'int' || mnemonic === 'int3' || mnemonic === 'int1' || mnemonic === 'into';
}
