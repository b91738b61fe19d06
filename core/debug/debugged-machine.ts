/**
 * What debugging needs of a machine, and nothing more: `Machine` fits it, and so does a test's stub. All
 * of it is synchronous; whoever calls `run` decides how long a slice lasts.
 */
import type { Device } from '../bus/device.ts';
import type { MachineEvent } from '../machine/events.ts';
import type { Input } from '../machine/input-log.ts';
import type { Context, SegmentCache } from '../vcpu/context.ts';
import type { Point, WriteResult } from './target.ts';

export interface DebuggedCpu {
  readonly cr0: number;
  readonly cr2: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly a20: boolean;
  readonly gdtr: { readonly base: number; readonly limit: number };
  readonly idtr: { readonly base: number; readonly limit: number };
  readonly ldtr: SegmentCache;
  readonly tr: SegmentCache;
  readonly dr: Uint32Array;
  readonly cpl: number;
  readonly halted: boolean;
  /** Exceptions and interrupts delivered since the last step retired. */
  readonly deliveries: number;
}

/** A debugger's view through the current page tables, or through those at `cr3`. */
export interface DebuggedSpace {
  /** Physical address, or -1. */
  translate(linear: number, cr3?: number): number;
  readLinear(linear: number, length: number, cr3?: number): Uint8Array;
}

export interface DebuggedVcpu {
  readonly context: Context;
  readonly cpu: DebuggedCpu;
  readonly space: DebuggedSpace;
}

export type DataPoint = {
  readonly id: number;
  readonly space: 'linear' | 'physical';
  readonly address: number;
  readonly length: number;
  readonly access: 'read' | 'write' | 'access';
};
export type PortPoint = Omit<Extract<Point, { kind: 'port' }>, 'kind' | 'condition' | 'scope'> & {
  readonly id: number;
};
export type VectorPoint = Pick<Extract<Point, { kind: 'vector' }>, 'vector' | 'source'>;
export type ModeChange = Extract<Point, { kind: 'mode' }>['change'];

export interface RunOptions {
  readonly skipBreak?: boolean;
  readonly holdInterrupts?: boolean;
  /** Come back once so many exceptions and interrupts were delivered since the last step. */
  readonly deliveries?: number;
  /** Come back at this tick at the latest. */
  readonly untilTick?: number;
}

export interface DebuggedMachine {
  /** Steps retired since power-on. */
  readonly steps: number;
  /** Virtual time: retired steps plus idle ticks. */
  readonly clock: { readonly hz: number; now(): number };
  readonly vcpus: readonly DebuggedVcpu[];
  readonly physical: { read(physical: number, length: number): Uint8Array };
  /** Lets what is due before the next instruction happen (timers, inputs), as `run` would. */
  settle(): void;
  /** An interrupt request waits and the guest would take it now. */
  readonly interruptWaiting: boolean;
  /** What a guest's reset does; `stop` while a debugger has control. */
  onReset: 'stop' | 'reboot';
  run(maxSteps: number, options?: RunOptions): MachineEvent;
  /** Applies and logs something from outside. */
  input(input: Input): WriteResult;
  onOutput(listener: (channel: 'serial' | 'debugcon', byte: number) => void): () => void;
  /** Delivers an exception now, as if the instruction at EIP had raised it. */
  inject?(vector: number): MachineEvent | undefined;
  /** Linear addresses or EIP values. */
  setCodePoints(points: ReadonlySet<number>): void;
  setDataPoints(points: readonly DataPoint[]): void;
  setPortPoints(points: readonly PortPoint[]): void;
  setVectorPoints(points: readonly VectorPoint[]): void;
  setModePoints(changes: readonly ModeChange[]): void;
  /** For looking at; a machine without a list shows none. */
  readonly devices?: readonly Pick<Device, 'name' | 'save'>[];
  /** Rows of the trap statistics, most frequent first. */
  trapRows(): readonly { readonly name: string; readonly class: string; readonly count: number }[];
}
