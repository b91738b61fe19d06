/**
 * Drives a machine that debuggers may reach (`--gdb`, `--dap`): the same run as `HostDriver`'s, but over the
 * `MachineTarget` that the clients share. A stop ends the run only where no client is there to look at it.
 */
import { type Machine, MachineTarget, type Stop, type TargetEvent } from '../core/index.ts';
import { loadDebugAdapter } from './debug-adapter.ts';
import { hostMilliseconds } from './host-clock.ts';
import type { ListenAddress } from './listen-address.ts';
import { listenAddressText } from './listen-address.ts';
import type { EndReason, RunEnd } from './run-result.ts';
import {
  faultChainText,
  idleText,
  limitReached,
  STATUS_INTERNAL,
  STATUS_INTERRUPTED,
  STATUS_LIMIT,
  STATUS_STEP_NOT_MET,
  STATUS_TRIPLE_FAULT,
} from './run-result.ts';
import type { ScenarioRunner } from './scenario-runner.ts';
import { GDB_SCRIPT, GdbListener } from './tcp-listener.ts';

export interface DebugDriverOptions {
  readonly gdb?: ListenAddress;
  readonly dap?: ListenAddress;
  /** Start running instead of waiting for a client. */
  readonly run: boolean;
  readonly image?: { readonly name: string; readonly path: string; readonly bytes: Uint8Array };
  /** Host seconds. */
  readonly timeout?: number;
  readonly maxInstructions?: number;
  readonly scenario?: ScenarioRunner;
  /** A guest's reset reboots even while a client has control. */
  readonly rebootOnReset: boolean;
  afterSlice(): void;
  say(text: string): void;
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

export class DebugDriver {
  readonly target: MachineTarget;
  readonly #options: DebugDriverOptions;
  #finish: (end: RunEnd) => void = () => {};
  #fail: (error: unknown) => void = () => {};
  readonly #ended = new Promise<RunEnd>((resolve, reject) => {
    this.#finish = resolve;
    this.#fail = reject;
  });
  /** Whether input may still come from outside. */
  inputOpen = false;

  constructor(machine: Machine, options: DebugDriverOptions) {
    this.#options = options;
    // `run` may not wait for it yet when a client's guest makes it fail.
    this.#ended.catch(() => {});
    // With a debugger in reach a reset stops only while one has control.
    machine.onReset = 'reboot';
    this.target = new MachineTarget(machine, {
      image: options.image,
      maxSteps: options.maxInstructions,
      rebootOnReset: options.rebootOnReset,
      milliseconds: () => hostMilliseconds(),
      yieldToHost: () => {
        this.#afterSlice();
        return new Promise((resolve) => setImmediate(resolve));
      },
      // Somebody sits at a terminal, as with plain runs; a script or a scenario waits in guest time.
      ...(process.stdin.isTTY && options.scenario === undefined ? { sleep } : {}),
    });
  }

  /** Ends the run from outside. */
  stop(reason: EndReason, message: string, status = STATUS_INTERRUPTED): void {
    this.#finish({ reason, message, status });
  }

  /** Something happened that an idle guest may react to. */
  wake(): void {
    this.target.wake();
  }

  /** @throws UserError when the address cannot be listened on, and what `afterSlice` throws */
  async run(): Promise<RunEnd> {
    const { gdb, dap, timeout, say } = this.#options;
    const listener =
      gdb &&
      (await GdbListener.open(this.target, gdb, {
        onKill: () => this.stop('interrupted', 'killed by the debugger', 0),
        onMessage: say,
        script: GDB_SCRIPT,
      }));
    const adapter =
      dap &&
      (await (
        await loadDebugAdapter()
      ).serveDap(this.target, dap, {
        onTerminate: () => this.stop('interrupted', 'ended by the debugger', 0),
        onMessage: say,
      }));
    this.target.subscribe((event) => this.#listen(event));
    const waits = this.#options.run ? '' : ' (the guest waits for it)';
    if (adapter !== undefined) say(`debug adapter: attach to ${listenAddressText(adapter.address)}${waits}`);
    if (listener !== undefined) {
      const where = listenAddressText(listener.address);
      say(`gdb: target remote ${where}${waits}`);
      const { codeBits } = await this.target.readRegisters(0);
      if (codeBits === 16) say(`gdb: the guest starts in 16-bit code, which gdb follows after: source ${GDB_SCRIPT}`);
    }
    if (this.#options.run) this.target.resume({ kind: 'continue' }).catch(this.#fail);
    const timer =
      timeout === undefined
        ? undefined
        : setTimeout(() => this.#finish(limitReached('timeout', `${timeout} s`, this.#step)), timeout * 1000);
    try {
      return await this.#ended;
    } finally {
      clearTimeout(timer);
      this.#afterSlice();
      await Promise.all([listener?.close(), adapter?.close()]);
    }
  }

  /** Output that cannot be written ends the run: it is no matter of whoever resumed the guest. */
  #passOutput(): void {
    try {
      this.#options.afterSlice();
    } catch (error) {
      this.#fail(error);
    }
  }

  #afterSlice(): void {
    const { scenario } = this.#options;
    this.#passOutput();
    if (scenario?.failed) this.#notMet('the guest halted for good');
    else if (scenario?.finished) this.#finish({ reason: 'step', status: 0, message: '' });
  }

  /** The scenario step that is waited for. */
  get #step(): string | undefined {
    return this.#options.scenario?.current?.source;
  }

  #notMet(why: string): void {
    const source = this.#step ?? '';
    const message = `step not met: ${source} (${why})`;
    this.#finish({ reason: 'step', status: STATUS_STEP_NOT_MET, message, failed: source });
  }

  #listen(event: TargetEvent): void {
    if (event.kind === 'idle') this.#idle(event.dead);
    if (event.kind !== 'stopped') return;
    this.#passOutput();
    const end = this.#endOf(event.stop);
    if (end !== undefined) this.#finish(end);
  }

  #idle(dead: boolean): void {
    // First: it may be all that the scenario waits for, and only the guest's first output lets input in.
    this.#afterSlice();
    if (this.target.controller !== undefined) return;
    if (this.#options.scenario !== undefined) this.#notMet(idleText(dead));
    else if (dead || !this.inputOpen) this.stop('timeout', `stopped: ${idleText(dead)}`, STATUS_LIMIT);
  }

  /** What a stop means for the run; undefined = a client takes it from here, or the guest goes on. */
  #endOf(stop: Stop): RunEnd | undefined {
    const watched = this.target.controller !== undefined;
    switch (stop.reason) {
      case 'poweroff':
        return this.#guestEnded({ reason: 'poweroff', status: 0, message: '' }, { kind: 'poweroff' });
      case 'exit': {
        const status = stop.status ?? 0;
        return this.#guestEnded({ reason: 'debug-exit', status, message: '' }, { kind: 'exit', status });
      }
      case 'triple-fault': {
        const message = `the guest shut down by a triple fault:\n${faultChainText(stop.exceptions ?? [])}`;
        const end: RunEnd = { reason: 'triple-fault', status: STATUS_TRIPLE_FAULT, message, failed: this.#step };
        return watched ? undefined : end;
      }
      case 'refused': {
        const message = stop.message ?? '';
        return watched ? undefined : { reason: 'error', status: STATUS_INTERNAL, message, failed: this.#step };
      }
      case 'limit':
        return watched ? undefined : limitReached('limit', `${this.#options.maxInstructions} instructions`, this.#step);
      default:
        return undefined;
    }
  }

  #guestEnded(end: RunEnd, how: Parameters<ScenarioRunner['ended']>[0]): RunEnd | undefined {
    const { scenario } = this.#options;
    if (scenario === undefined) return end;
    if (scenario.ended(how) && scenario.finished) return { reason: 'step', status: 0, message: '' };
    this.#notMet('the guest ended the run');
    return undefined;
  }
}
