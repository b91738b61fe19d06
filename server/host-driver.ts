/**
 * Drives a machine on Node's event loop in slices of at most 10 ms, and turns what happens into the end of
 * the run. All host time is here: the guest never sees it.
 */
import type { Machine, MachineEvent } from '../core/index.ts';
import { hostMilliseconds } from './host-clock.ts';
import {
  type EndReason,
  faultChainText,
  idleText,
  limitReached,
  type RunEnd,
  STATUS_INTERNAL,
  STATUS_INTERRUPTED,
  STATUS_LIMIT,
  STATUS_STEP_NOT_MET,
  STATUS_TRIPLE_FAULT,
} from './run-result.ts';
import type { GuestEnd, ScenarioRunner } from './scenario-runner.ts';

export interface DriverOptions {
  /** Host seconds. */
  readonly timeout?: number;
  readonly maxInstructions?: number;
  readonly scenario?: ScenarioRunner;
  readonly onReset: 'stop' | 'reboot';
  /** Called after every slice, before the event loop turns. */
  afterSlice(): void;
}

const SLICE_MS = 8;
/** One `run` call aims at this, so that a slice can end in time however slow the guest's instructions are. */
const CALL_MS = 2;
const FIRST_CALL_STEPS = 50_000;
/** Idle guest time that may run ahead of an interactive user. */
const PACE_SECONDS = 0.01;
/** The most that the guest catches up after the host woke late. */
const CATCH_UP_MS = 100;

export class HostDriver {
  readonly #machine: Machine;
  readonly #options: DriverOptions;
  readonly #started = hostMilliseconds();
  #callSteps = FIRST_CALL_STEPS;
  #stopped: RunEnd | undefined;
  #wake: (() => void) | undefined;
  /** Guest time skipped while halted that the host has not waited for, in ms; kept only for a user at a terminal. */
  #ahead = 0;
  /** Whether input may still come from outside. */
  inputOpen = false;
  /** Whether idle guest time takes as long on the host. */
  paced = false;

  constructor(machine: Machine, options: DriverOptions) {
    this.#machine = machine;
    this.#options = options;
  }

  /** Ends the run from outside, at the end of the slice in progress. */
  stop(reason: EndReason, message: string, status = STATUS_INTERRUPTED): void {
    this.#stopped ??= { reason, status, message };
    this.#wake?.();
  }

  /** Something happened that an idle guest may react to. */
  wake(): void {
    this.#wake?.();
  }

  async run(): Promise<RunEnd> {
    for (;;) {
      const event = this.#slice();
      this.#options.afterSlice();
      const end = this.#stopped ?? this.#endOf(event) ?? this.#limit();
      if (end !== undefined) return end;
      if (event.kind === 'idle') await this.#sleep(this.#untilTimeout());
      else if (this.#ahead > PACE_SECONDS * 1000) await this.#pace();
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Runs until 8 ms are over or something else than time happens. */
  #slice(): MachineEvent {
    const machine = this.#machine;
    const begun = hostMilliseconds();
    for (let now = begun; ; ) {
      const left = (this.#options.maxInstructions ?? Number.POSITIVE_INFINITY) - machine.steps;
      const steps = Math.min(this.#callSteps, Math.max(left, 0));
      const before = machine.clock.now() - machine.steps;
      const untilTick = this.paced ? machine.clock.now() + PACE_SECONDS * machine.clock.hz : undefined;
      const event = machine.run(steps, { untilTick });
      if (this.paced) this.#ahead += ((machine.clock.now() - machine.steps - before) / machine.clock.hz) * 1000;
      const after = hostMilliseconds();
      this.#adapt(after - now);
      now = after;
      const over = now - begun >= SLICE_MS || steps >= left || this.#ahead > PACE_SECONDS * 1000;
      if (event.kind !== 'slice' || over || this.#options.scenario?.finished || this.#options.scenario?.failed)
        return event;
    }
  }

  #adapt(elapsed: number): void {
    if (elapsed > 2 * CALL_MS) this.#callSteps = Math.max(500, Math.floor(this.#callSteps / 2));
    else if (elapsed < CALL_MS / 2) this.#callSteps = Math.min(4_000_000, this.#callSteps * 2);
  }

  /** What an event means for the run; undefined = it goes on. */
  #endOf(event: MachineEvent): RunEnd | undefined {
    const scenario = this.#options.scenario;
    if (scenario?.failed) return this.#notMet('the guest halted for good');
    if (scenario?.finished) return { reason: 'step', status: 0, message: '' };
    switch (event.kind) {
      case 'poweroff':
        return this.#guestEnded({ kind: 'poweroff' }, 'poweroff', 0, 'the guest powered off');
      case 'exit':
        return this.#guestEnded(
          { kind: 'exit', status: event.status },
          'debug-exit',
          event.status,
          `the guest ended the run with status ${event.status}`,
        );
      case 'reset':
        if (scenario?.current?.kind === 'poweroff' || this.#options.onReset === 'stop') {
          return this.#guestEnded({ kind: 'reset' }, 'reset', 0, 'the guest reset the machine');
        }
        return undefined;
      case 'triple-fault':
        return {
          reason: 'triple-fault',
          status: STATUS_TRIPLE_FAULT,
          message: `the guest shut down by a triple fault:\n${faultChainText(event.faults)}`,
          failed: scenario?.current?.source,
        };
      case 'refused':
        return { reason: 'error', status: STATUS_INTERNAL, message: event.message, failed: scenario?.current?.source };
      case 'idle':
        if (scenario !== undefined) return this.#notMet(idleText(event.dead));
        if (this.inputOpen && !event.dead) return undefined;
        return { reason: 'timeout', status: STATUS_LIMIT, message: `stopped: ${idleText(event.dead)}` };
      default:
        return undefined;
    }
  }

  #guestEnded(end: GuestEnd, reason: EndReason, status: number, message: string): RunEnd {
    const scenario = this.#options.scenario;
    if (scenario === undefined) return { reason, status, message: '' };
    if (!scenario.ended(end) || !scenario.finished) return this.#notMet(message);
    return { reason, status: 0, message: '' };
  }

  #notMet(why: string): RunEnd {
    const source = this.#options.scenario?.current?.source ?? '';
    return { reason: 'step', status: STATUS_STEP_NOT_MET, message: `step not met: ${source} (${why})`, failed: source };
  }

  #limit(): RunEnd | undefined {
    const { maxInstructions, timeout, scenario } = this.#options;
    const step = scenario?.current?.source;
    if (maxInstructions !== undefined && this.#machine.steps >= maxInstructions)
      return limitReached('limit', `${maxInstructions} instructions`, step);
    if (timeout !== undefined && this.#elapsed() >= timeout) return limitReached('timeout', `${timeout} s`, step);
    return undefined;
  }

  #elapsed(): number {
    return (hostMilliseconds() - this.#started) / 1000;
  }

  #untilTimeout(): number {
    const { timeout } = this.#options;
    return timeout === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (timeout - this.#elapsed()) * 1000);
  }

  async #pace(): Promise<void> {
    const begun = hostMilliseconds();
    await this.#sleep(Math.min(this.#ahead, this.#untilTimeout()));
    this.#ahead = Math.max(-CATCH_UP_MS, this.#ahead - (hostMilliseconds() - begun));
  }

  /** Waits for input, a stop, or so many milliseconds. */
  #sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds < 2 ** 31 ? setTimeout(() => this.#wake?.(), milliseconds) : undefined;
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
