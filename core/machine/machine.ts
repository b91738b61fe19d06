/**
 * The composition root: RAM, buses, devices, vCPUs and their monitors made into one machine, and the loop
 * that carries virtual time. It is synchronous and knows no host: whoever drives it calls `run` in slices.
 * Position is steps; the clock is steps plus the ticks that halted time skipped.
 */
import type { Device } from '../bus/device.ts';
import type { DiskMedium } from '../bus/disk-medium.ts';
import { MmioBus } from '../bus/mmio-bus.ts';
import { PortBus } from '../bus/port-bus.ts';
import { VirtualClock } from '../bus/virtual-clock.ts';
import type { BootPlan } from '../image/boot-plan.ts';
import { loadImage } from '../image/load-image.ts';
import { IF } from '../isa/eflags.ts';
import { CTX_FLAG_REST, layoutFor } from '../memory/layout.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { PhysicalMemory } from '../memory/physical-memory.ts';
import type { VectorPoint } from '../vmm/events.ts';
import type { Watch } from '../vmm/shadow-paging.ts';
import { type StatisticsRow, TrapStatistics } from '../vmm/statistics.ts';
import type { VmmExit } from '../vmm/vmm-exit.ts';
import { Agents } from './agents.ts';
import { applyInput } from './apply-input.ts';
import { Board } from './board.ts';
import { powerOn } from './boot.ts';
import { BuiltInFirmware } from './built-in-firmware.ts';
import { BusGate, MemoryGate } from './bus-gate.ts';
import type { MachineConfig } from './config.ts';
import { buildDisks } from './disks.ts';
import type { Agent, MachineEvent, OutputChannel, OutputListener, RunOptions } from './events.ts';
import { eventOf } from './exit-event.ts';
import type { Input, InputLog, InputRecord, Position } from './input-log.ts';
import { type ModeChange, modeBits } from './mode-points.ts';
import type { MachineParts } from './parts.ts';
import { type PortPoint, PortPoints } from './port-points.ts';
import { type ScreenCells, screenCells } from './screen-cells.ts';
import { hashMachine, loadMachine, type MachineState, saveMachine } from './snapshot.ts';
import { buildVcpu, type Vcpu } from './vcpu.ts';
import type { InputResult } from './write-register.ts';

/** Steps between two looks at the clock; also lets V8 put optimised code in place of the first. */
const QUANTUM = 20_000;
/** Jumps of halted time after which `run` comes back, so that a host can look at its own clock. */
const IDLE_JUMPS = 1000;
const SLICE: MachineEvent = { kind: 'slice' };
const OK: InputResult = { ok: true };

export class Machine implements MachineParts {
  readonly config: MachineConfig;
  readonly memory: LinearMemory;
  readonly physical: PhysicalMemory;
  readonly clock: VirtualClock;
  readonly ports = new PortBus();
  readonly mmio = new MmioBus();
  readonly board: Board;
  readonly vcpus: readonly Vcpu[];
  readonly statistics = new TrapStatistics();
  /** What a reset that the guest asks for does; a debugger that attaches may change it. */
  onReset: 'stop' | 'reboot';
  /** What the loader said about the image. */
  readonly notes: readonly string[];
  /** Media by drive, with what the guest has written. */
  readonly disks: readonly DiskMedium[];
  readonly devices: readonly Device[];

  readonly #plan: BootPlan | undefined;
  readonly #firmware: BuiltInFirmware | undefined;
  readonly #portPoints = new PortPoints(this.ports.interposers, () => this.#interrupt());
  readonly #agents = new Agents();
  readonly #listeners = new Set<OutputListener>();
  readonly #records: InputRecord[] = [];
  /** Steps of all vCPUs that the clock has been told of. */
  #clocked = 0;
  /** Steps and time until which the quantum in progress runs. */
  #limitTick = 0;
  /** What `run` is to come back with. */
  #event: MachineEvent | undefined;

  /** @throws UserError when the image cannot be booted */
  constructor(config: MachineConfig, tier0: WebAssembly.Module) {
    this.config = config;
    this.onReset = config.onReset;
    const ramBytes = config.memory * 2 ** 20;
    const disks = buildDisks(config);
    this.#plan = disks.kernel && loadImage(disks.kernel.bytes, { ...disks.kernel, memoryBytes: ramBytes });
    this.notes = this.#plan?.notes ?? [];
    this.memory = new LinearMemory(layoutFor(ramBytes / 4096));
    this.physical = new PhysicalMemory(this.memory, ramBytes);
    this.clock = new VirtualClock(config.hz);
    this.board = new Board({
      config,
      clock: this.clock,
      ports: this.ports,
      physical: this.physical,
      output: (channel, byte) => this.#output(channel, byte),
      setA20: (open) => this.#setA20(open),
      errorPending: () => this.vcpus[0].vmm.x87Errors.pending,
      request: (event) => this.#request(event),
    });
    const hooks = { enter: () => this.#syncClock(), leave: () => this.#afterAccess() };
    const gate = new BusGate(this.ports, hooks);
    const shared = {
      memory: this.memory,
      physical: this.physical,
      mmio: new MemoryGate(this.mmio, hooks),
      ports: gate,
      interrupts: this.board.interrupts,
      coprocessor: this.board.coprocessor,
      statistics: this.statistics,
      tier0,
      tier: config.tier,
      now: () => this.#syncClock(),
    };
    this.vcpus = [buildVcpu(0, shared)];
    this.disks = disks.media;
    this.devices = [...this.board.devices, ...disks.media];
    this.board.describeDisks(disks.floppyTypes, disks.disks.length);
    if (disks.media.length > 0 || this.#plan !== undefined)
      this.#firmware = new BuiltInFirmware(this.vcpus[0], this.physical, gate, disks);
    this.#boot();
  }

  /** Steps retired since power-on. */
  get steps(): number {
    let steps = 0;
    for (const { vmm } of this.vcpus) steps += vmm.steps;
    return steps;
  }

  /** Where the machine is, as an input log counts. */
  get position(): Position {
    return { step: this.steps, tick: this.clock.now(), deliveries: this.vcpus[0].cpu.deliveries };
  }

  /** Lets happen what is due before the next instruction: `run` begins with the same. */
  settle(): void {
    this.#agents.poll(this.clock.now());
    this.clock.fireDue();
  }

  /** An interrupt request waits, and the guest takes it before its next instruction. */
  get interruptWaiting(): boolean {
    const { cpu, context } = this.vcpus[0];
    const open = (context.word(CTX_FLAG_REST) & IF) !== 0 && cpu.interruptShadow === 0;
    return open && (cpu.acknowledged >= 0 || this.board.interrupts.pending);
  }

  /** True when every vCPU halts with interrupts off or is shut down: no timer and no input can wake the guest. */
  get dead(): boolean {
    return this.vcpus.every(({ cpu, context }) => {
      const open = (context.word(CTX_FLAG_REST) & IF) !== 0 || cpu.acknowledged >= 0 || cpu.pendingDebug !== 0;
      return cpu.shutdown || (cpu.halted && !open);
    });
  }

  /** Runs at most `maxSteps` steps and says why it came back. */
  run(maxSteps: number, options: RunOptions = {}): MachineEvent {
    const end = this.steps + maxSteps;
    const untilTick = options.untilTick ?? Number.POSITIVE_INFINITY;
    const deliveries = options.deliveries ?? Number.POSITIVE_INFINITY;
    let skipBreak = options.skipBreak ?? false;
    let jumps = 0;
    for (;;) {
      const event = this.#takeEvent();
      if (event !== undefined) return event;
      const left = end - this.steps;
      if (left <= 0 || this.clock.now() >= untilTick || this.vcpus[0].cpu.deliveries >= deliveries) return SLICE;
      this.#agents.poll(this.clock.now());
      if (this.#event !== undefined) continue;
      this.clock.fireDue();
      const hold = options.holdInterrupts ?? false;
      const exit = this.#runQuantum(left, untilTick, deliveries, skipBreak, hold);
      skipBreak = false;
      if (exit.reason === 'halted') {
        // What ends the halt is held back, not awaited: without the hold no time would pass.
        if (hold && this.interruptWaiting) return SLICE;
        if (!this.#skipIdleTime(untilTick)) return { kind: 'idle', dead: this.dead };
        if (++jumps >= IDLE_JUMPS) return SLICE;
      } else {
        const stop = eventOf(exit, this.vcpus[0]) ?? this.#portHits();
        if (stop !== undefined) return stop;
      }
    }
  }

  /** Makes a `run` in progress come back after the current instruction. For output listeners and agents. */
  requestStop(): void {
    this.#event ??= SLICE;
    this.#interrupt();
  }

  /** Brings on `poll` of the agents after the current instruction. */
  requestPoll(): void {
    this.#agents.pollSoon();
    this.#interrupt();
  }

  attach(agent: Agent): void {
    this.#agents.add(agent);
  }

  /** Hears every byte that leaves COM1 or port E9h, at the step that sends it. Answers how to stop hearing. */
  onOutput(listener: OutputListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something enters the machine from outside, here and now. It is logged. */
  input(input: Input): InputResult {
    const position = this.position;
    const result = this.#apply(input);
    if (result.ok) this.#records.push({ ...input, ...position });
    return result;
  }

  get inputLog(): InputLog {
    return { version: 1, records: this.#records };
  }

  /** Back to the state after power-on, the image loaded again; position and time go on. Not logged: `input` does that. */
  reset(): void {
    this.physical.clear();
    for (const device of this.devices) device.reset();
    for (const { vmm, space, engine } of this.vcpus) {
      vmm.reset();
      space.flushAll();
      engine.flush();
    }
    this.#boot();
  }

  /** The text screen, a string a row; empty without a display and in graphics modes. */
  screenText(): string[] {
    return this.board.vga?.text() ?? [];
  }

  /** The text screen's cells, for a picture. */
  screenCells(): ScreenCells {
    return screenCells(this.board.vga);
  }

  save(): MachineState {
    return saveMachine(this);
  }

  /** @throws UserError when the state is damaged or of another machine; the machine is then best reset or dropped */
  load(state: MachineState): void {
    loadMachine(this, state);
    this.#clocked = this.steps;
  }

  /** A digest of RAM, CPUs, devices and pending events; not of caches, statistics or debuggers. */
  stateHash(): string {
    return hashMachine(this);
  }

  /** Linear addresses at which `run` stops before the instruction there. */
  setCodePoints(addresses: ReadonlySet<number>): void {
    for (const { vmm } of this.vcpus) vmm.setCodePoints(addresses);
  }

  setDataPoints(points: readonly Watch[]): void {
    for (const { space } of this.vcpus) space.setWatches(points);
  }

  /** Delivers an exception now, as if the instruction at EIP had raised it. Logged. */
  inject(vector: number): MachineEvent | undefined {
    this.#records.push({ kind: 'exception', vector, ...this.position });
    return this.#inject(vector);
  }

  /** What trapped, most frequent first. */
  trapRows(): readonly StatisticsRow[] {
    return this.statistics.rows();
  }

  setPortPoints(points: readonly PortPoint[]): void {
    this.#portPoints.set(points);
  }

  setVectorPoints(points: readonly VectorPoint[]): void {
    for (const { vmm } of this.vcpus) vmm.setVectorPoints(points);
  }

  setModePoints(changes: readonly ModeChange[]): void {
    for (const { vmm } of this.vcpus) vmm.setModePoints(modeBits(changes));
  }

  #boot(): void {
    powerOn(this.#plan, this.#firmware, this);
  }

  #apply(input: Input): InputResult {
    switch (input.kind) {
      case 'reset':
        this.reset();
        return OK;
      case 'poweroff':
        this.#event = { kind: 'poweroff' };
        return OK;
      case 'exception':
        this.#event = this.#inject(input.vector) ?? this.#event;
        return OK;
      default:
        return applyInput(this, input);
    }
  }

  #inject(vector: number): MachineEvent | undefined {
    const exit = this.vcpus[0].vmm.inject(vector, 0);
    return exit && eventOf(exit, this.vcpus[0]);
  }

  /** What a device asked for, once its instruction is over. */
  #takeEvent(): MachineEvent | undefined {
    const event = this.#event;
    if (event === undefined) return undefined;
    this.#event = undefined;
    if (event.kind === 'reset' && this.onReset === 'reboot') this.reset();
    return event;
  }

  #request(event: MachineEvent): void {
    // A device's wish goes before a mere request to come back.
    if (this.#event === undefined || this.#event.kind === 'slice') this.#event = event;
    this.#interrupt();
  }

  #interrupt(): void {
    for (const { vmm } of this.vcpus) vmm.requestStop();
  }

  #runQuantum(
    left: number,
    untilTick: number,
    mostDeliveries: number,
    skipBreak: boolean,
    holdInterrupts: boolean,
  ): VmmExit {
    const now = this.clock.now();
    const { nextTick } = this.#agents;
    this.#limitTick = Math.min(this.clock.nextDeadline(), nextTick, untilTick, now + Math.min(left, QUANTUM));
    // A timer that armed itself for the past must not keep the guest from its next instruction.
    const budget = Math.max(1, this.#limitTick - now);
    // An agent that is due already waits for deliveries of this very position.
    const awaited = nextTick <= now ? this.#agents.nextDeliveries : 0;
    const deliveries = awaited > 0 ? Math.min(awaited, mostDeliveries) : mostDeliveries;
    // What was logged between a step and its debug trap comes in there again.
    const holdTraps = nextTick === this.#limitTick;
    const exit = this.vcpus[0].vmm.run(budget, { skipBreak, holdInterrupts, holdTraps, deliveries });
    this.#syncClock();
    return exit;
  }

  /** Every vCPU halts: moves the clock to the next thing that can happen. False when there is none. */
  #skipIdleTime(untilTick: number): boolean {
    const now = this.clock.now();
    const { dead } = this;
    const wake = Math.min(dead ? Number.POSITIVE_INFINITY : this.clock.nextDeadline(), this.#agents.nextTick);
    // Time goes on for who waits for an input; to a dead guest it brings nothing.
    if (wake === Number.POSITIVE_INFINITY && (dead || untilTick === wake)) return false;
    this.clock.advance(Math.max(1, Math.min(wake, untilTick) - now));
    return true;
  }

  /** Brings the clock up to the step in progress, so that a device sees exact time. Answers the tick. */
  #syncClock(): number {
    const steps = this.steps;
    if (steps !== this.#clocked) {
      this.clock.advance(steps - this.#clocked);
      this.#clocked = steps;
    }
    return this.clock.now();
  }

  /** A device was touched: its timer may be due before the quantum in progress ends. */
  #afterAccess(): void {
    if (this.clock.nextDeadline() < this.#limitTick) this.#interrupt();
  }

  #portHits(): MachineEvent | undefined {
    const hits = this.#portPoints.take();
    return hits.length === 0 ? undefined : { kind: 'port', hits };
  }

  #setA20(open: boolean): void {
    // While the machine is being built there is no vCPU yet; booting sets the gate.
    for (const { vmm } of this.vcpus ?? []) vmm.setA20(open);
  }

  #output(channel: OutputChannel, byte: number): void {
    for (const listener of this.#listeners) listener(channel, byte);
  }
}
