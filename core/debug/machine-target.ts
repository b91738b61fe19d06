/**
 * `DebugTarget` over a machine: the one implementation that the GDB stub, the debug adapter and scenarios
 * share. Adds to the machine what a debugger means by position, stop and control; keeps no protocol.
 */
import { assert } from '../util/assert.ts';
import type { DebuggedMachine } from './debugged-machine.ts';
import { readMachineRegisters } from './machine-registers.ts';
import { MachineRun, type Outcome } from './machine-run.ts';
import { monitorCommand } from './monitor-commands.ts';
import { type HostTurn, Pacer } from './pacer.ts';
import { PointSet } from './points.ts';
import { debugRegister } from './register-table.ts';
import type {
  Address,
  DebugTarget,
  DeviceView,
  ImageInfo,
  Point,
  Registers,
  Resume,
  Stop,
  StopReason,
  TargetEvent,
  WriteResult,
} from './target.ts';

export interface MachineTargetOptions extends HostTurn {
  readonly image?: ImageInfo;
  /** Steps after which the machine stops with `limit`. */
  readonly maxSteps?: number;
  /** A guest's reset reboots also while a debugger has control; by default it is a stop then. */
  readonly rebootOnReset?: boolean;
}

/** Stops that only a reset of the machine ends. */
const FINAL: ReadonlySet<StopReason> = new Set(['poweroff', 'exit', 'triple-fault', 'refused']);
const CHANNELS = ['serial', 'debugcon'] as const;
const PAGE = 4096;

export class MachineTarget implements DebugTarget {
  readonly image: ImageInfo | undefined;
  /** Absent when the machine does not list its devices. */
  readonly devices?: () => Promise<readonly DeviceView[]>;
  readonly #machine: DebuggedMachine;
  readonly #points: PointSet;
  readonly #run: MachineRun;
  readonly #rebootOnReset: boolean;
  readonly #listeners = new Set<(event: TargetEvent) => void>();
  readonly #output: { serial: number[]; debugcon: number[] } = { serial: [], debugcon: [] };
  #controller: string | undefined;
  #running = false;
  #lastStop: Stop;
  /** Linear address of the last stop's next instruction. */
  #stopPc = -1;

  constructor(machine: DebuggedMachine, options: MachineTargetOptions) {
    this.#machine = machine;
    this.image = options.image;
    const { devices } = machine;
    if (devices !== undefined) this.devices = async () => devices.map((one) => ({ name: one.name, state: one.save() }));
    this.#rebootOnReset = options.rebootOnReset ?? false;
    this.#points = new PointSet(machine);
    this.#run = new MachineRun(machine, this.#points, new Pacer(options, machine), {
      afterSlice: () => this.#flushOutput(),
      idle: (dead) => this.#emit({ kind: 'idle', dead }),
    });
    if (options.maxSteps !== undefined) this.#run.limit = options.maxSteps;
    this.#lastStop = this.#entryStop();
    machine.onOutput((channel, byte) => {
      if (this.#listeners.size > 0) this.#output[channel].push(byte);
    });
  }

  get vcpus(): number {
    return this.#machine.vcpus.length;
  }

  get running(): boolean {
    return this.#running;
  }

  get lastStop(): Stop {
    return this.#lastStop;
  }

  get controller(): string | undefined {
    return this.#controller;
  }

  claim(client: string): (() => void) | undefined {
    if (this.#controller !== undefined) return undefined;
    this.#controller = client;
    this.#run.forgetInterrupt();
    const before = this.#machine.onReset;
    if (!this.#rebootOnReset) this.#machine.onReset = 'stop';
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#controller = undefined;
      this.#machine.onReset = before;
      if (!this.#running) this.#run.forgetInterrupt();
    };
  }

  async readRegisters(vcpu: number): Promise<Registers> {
    return readMachineRegisters(this.#vcpu(vcpu), this.#machine.steps);
  }

  async writeRegister(vcpu: number, name: string, value: number | Uint8Array): Promise<WriteResult> {
    const register = debugRegister(name);
    if (register !== undefined && !register.writable) return { ok: false, reason: `${name} cannot be written` };
    const bytes = typeof value === 'number' ? wordBytes(value) : value;
    return this.#machine.input({ kind: 'register', vcpu, name, value: [...bytes] });
  }

  async readMemory(address: Address, length: number): Promise<Uint8Array> {
    if (address.space === 'linear') return this.#vcpu(0).space.readLinear(address.offset, length, address.cr3);
    if (address.space === 'physical') return this.#machine.physical.read(address.offset, length);
    // Reading a port has effects; a debugger looks without touching.
    return new Uint8Array(0);
  }

  async writeMemory(address: Address, bytes: Uint8Array): Promise<number> {
    if (address.space === 'port') return 0;
    let done = 0;
    while (done < bytes.length) {
      const offset = address.offset + done;
      if (offset >= 2 ** 32) break;
      const physical = address.space === 'physical' ? offset : this.#vcpu(0).space.translate(offset, address.cr3);
      if (physical < 0) break;
      // Page by page: linear neighbours need not be physical ones.
      const count = Math.min(bytes.length - done, PAGE - (offset % PAGE));
      const part = [...bytes.subarray(done, done + count)];
      if (!this.#machine.input({ kind: 'memory', physical, bytes: part }).ok) break;
      done += count;
    }
    return done;
  }

  async addPoint(point: Point): Promise<number | undefined> {
    const id = this.#points.add(point);
    if (this.#running) this.#points.sync();
    return id;
  }

  async removePoint(id: number): Promise<boolean> {
    const removed = this.#points.remove(id);
    if (this.#running) this.#points.sync();
    return removed;
  }

  async resume(how: Resume): Promise<Stop> {
    assert(!this.#running, 'resume of a machine that is running');
    this.#running = true;
    this.#emit({ kind: 'resumed' });
    // It cannot go on; whoever asks is told so again.
    if (FINAL.has(this.#lastStop.reason)) return this.#stopped(this.#lastStop);
    const passed = this.#passedPoints;
    if (this.#lastStop.reason === 'reset') this.#machine.input({ kind: 'reset' });
    if ('vector' in how && how.vector !== undefined) this.#inject(how.vector);
    const outcome = await this.#run.run(how, passed);
    return this.#stopped(stopOf(outcome, this.#machine.steps));
  }

  interrupt(): void {
    this.#run.interrupt();
  }

  async reset(): Promise<void> {
    assert(!this.#running, 'reset of a machine that is running');
    this.#machine.input({ kind: 'reset' });
    this.#lastStop = this.#entryStop();
  }

  async sendSerial(bytes: Uint8Array): Promise<void> {
    this.#machine.input({ kind: 'serial', bytes: [...bytes] });
    this.#run.wake();
  }

  /** Something else entered the machine: one that idles looks again. */
  wake(): void {
    this.#run.wake();
  }

  subscribe(listener: (event: TargetEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async monitor(command: string): Promise<string | undefined> {
    return monitorCommand(command, this.#machine);
  }

  #vcpu(index: number) {
    const vcpu = this.#machine.vcpus[index];
    assert(vcpu !== undefined, `no vCPU ${index}`);
    return vcpu;
  }

  get #linearPc(): number {
    const { context } = this.#vcpu(0);
    return (context.segmentBase(1) + context.eip) >>> 0;
  }

  /**
   * True when execution goes on exactly where the last stop was reported: a code point there has had its
   * turn. After a write to EIP, or at the entry, it has not.
   */
  get #passedPoints(): boolean {
    const { reason, step } = this.#lastStop;
    return reason !== 'entry' && step === this.#machine.steps && this.#stopPc === this.#linearPc;
  }

  #entryStop(): Stop {
    return { vcpu: 0, step: this.#machine.steps, reason: 'entry', points: [] };
  }

  /** An exception that itself is an armed vector point is delivered all the same: the user asked for it. */
  #inject(vector: number): void {
    if (this.#lastStop.reason !== 'vector') this.#machine.inject?.(vector);
  }

  #stopped(stop: Stop): Stop {
    this.#running = false;
    this.#lastStop = stop;
    this.#stopPc = this.#linearPc;
    this.#flushOutput();
    this.#emit({ kind: 'stopped', stop });
    return stop;
  }

  #flushOutput(): void {
    for (const channel of CHANNELS) {
      const bytes = this.#output[channel];
      if (bytes.length === 0) continue;
      this.#output[channel] = [];
      this.#emit({ kind: 'output', channel, bytes: Uint8Array.from(bytes) });
    }
  }

  #emit(event: TargetEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

/** Field by field, for one is made at every step: objects put together by spreading each have a shape of their own. */
function stopOf({ reason, points, access, exceptions, status, message }: Outcome, step: number): Stop {
  return { vcpu: 0, step, reason, points, access, exceptions, status, message };
}

function wordBytes(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, (value >>> 24) & 0xff);
}
