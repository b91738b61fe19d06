/**
 * A second implementation of `DebuggedMachine`: 64 KiB of flat memory, a handful of IA-32 instructions and
 * one timer interrupt, so that the debugger's run loop is tested on exact, small programs.
 *
 *   90 nop · 40 inc eax · 41 inc ecx · EB rel8 · E8 rel32 call · C3 ret · F4 hlt · FA cli · FB sti ·
 *   CF return from the interrupt (eip and flags, no cs) · C6 addr16 value  store · CC triple fault · E6 power off
 */
import type { DataPoint, DebuggedMachine, DebuggedVcpu, RunOptions } from '../../../core/debug/debugged-machine.ts';
import type { WriteResult } from '../../../core/debug/target.ts';
import type { MachineEvent } from '../../../core/machine/events.ts';
import type { Input } from '../../../core/machine/input-log.ts';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { Context } from '../../../core/vcpu/context.ts';
import { toyRegisters } from './toy-registers.ts';

export const HANDLER = 0x800;
const IF = 0x200;
const ESP = 4;

export class ToyMachine implements DebuggedMachine {
  readonly memory = new Uint8Array(0x10000);
  readonly context = new Context(new LinearMemory(layoutFor(1, 1)), 0);
  readonly vcpus: readonly DebuggedVcpu[];
  readonly physical = { read: (at: number, length: number) => this.memory.slice(at, at + length) };
  readonly inputs: Input[] = [];
  onReset: 'stop' | 'reboot' = 'reboot';
  steps = 0;
  /** Ticks between timer interrupts; 0 = no timer. */
  period = 0;
  /** Times `run` was called. */
  runs = 0;
  #idleTicks = 0;
  #acknowledged = 0;
  #halted = false;
  #deliveries = 0;
  #code: ReadonlySet<number> = new Set();
  #data: readonly DataPoint[] = [];

  constructor(program: readonly number[], handler: readonly number[] = [0x41, 0xcf]) {
    this.memory.set(program, 0x100);
    this.memory.set(handler, HANDLER);
    const machine = this;
    const registers = toyRegisters();
    for (let i = 0; i < 6; i++) this.context.setSegment(i, { selector: 8, base: 0, limit: 0xffff, access: 0x409300 });
    this.context.eip = 0x100;
    this.context.eflags = IF;
    this.context.setRegister(ESP, 0x8000);
    const cpu = {
      ...registers,
      dr: new Uint32Array(8),
      a20: true,
      ldtr: { ...registers.ldtr },
      tr: { ...registers.tr },
      get halted() {
        return machine.#halted;
      },
      get deliveries() {
        return machine.#deliveries;
      },
    };
    const space = {
      translate: (linear: number) => (linear < 0x10000 ? linear : -1),
      readLinear: (at: number, length: number) => this.memory.slice(at, at + length),
    };
    this.vcpus = [{ context: this.context, cpu, space }];
  }

  /** A tick is a millisecond. */
  get clock() {
    const now = this.#now;
    return { hz: 1000, now: () => now };
  }

  get interruptWaiting(): boolean {
    return this.#pending && (this.context.eflags & IF) !== 0;
  }

  get #pending(): boolean {
    return this.period > 0 && this.#now >= (this.#acknowledged + 1) * this.period;
  }

  get #now(): number {
    return this.steps + this.#idleTicks;
  }

  run(maxSteps: number, options: RunOptions = {}): MachineEvent {
    const { skipBreak = false, holdInterrupts = false, untilTick, deliveries = Number.POSITIVE_INFINITY } = options;
    this.runs++;
    const end = this.steps + maxSteps;
    for (let skip = skipBreak; ; skip = false) {
      if (this.steps >= end || (untilTick !== undefined && this.#now >= untilTick)) return { kind: 'slice' };
      if (!holdInterrupts && this.interruptWaiting) this.#deliver();
      if (this.#deliveries >= deliveries) return { kind: 'slice' };
      if (this.#halted) {
        const dead = !(this.context.eflags & IF);
        const wake = dead || this.period === 0 ? Number.POSITIVE_INFINITY : (this.#acknowledged + 1) * this.period;
        const next = Math.min(wake, untilTick ?? Number.POSITIVE_INFINITY);
        if (next === Number.POSITIVE_INFINITY || dead) return { kind: 'idle', dead };
        this.#idleTicks += Math.max(0, next - this.#now);
        continue;
      }
      if (!skip && this.#code.has(this.context.eip)) return { kind: 'break' };
      const event = this.#execute();
      if (event !== undefined) return event;
    }
  }

  input(input: Input): WriteResult {
    this.inputs.push(input);
    if (input.kind === 'memory') this.memory.set(input.bytes, input.physical);
    if (input.kind === 'register' && input.name === 'eip') this.context.eip = input.value[0] | (input.value[1] << 8);
    if (input.kind === 'reset') this.context.eip = 0x100;
    return { ok: true };
  }

  settle(): void {}

  onOutput(): () => void {
    return () => undefined;
  }

  setCodePoints(points: ReadonlySet<number>): void {
    this.#code = points;
  }

  setDataPoints(points: readonly DataPoint[]): void {
    this.#data = points;
  }

  setPortPoints(): void {}
  setVectorPoints(): void {}
  setModePoints(): void {}

  trapRows() {
    return [{ name: 'hlt', class: 'privileged', count: 3 }];
  }

  #deliver(): void {
    this.#acknowledged++;
    this.#deliveries++;
    this.#halted = false;
    this.#push(this.context.eflags);
    this.#push(this.context.eip);
    this.context.eflags &= ~IF;
    this.context.eip = HANDLER;
  }

  #execute(): MachineEvent | undefined {
    const { context, memory } = this;
    const at = context.eip;
    this.steps++;
    this.#deliveries = 0;
    const word = (offset: number) => new DataView(memory.buffer).getInt32(offset, true);
    switch (memory[at]) {
      case 0x40:
      case 0x41:
        context.setRegister(memory[at] & 7, context.register(memory[at] & 7) + 1);
        context.eip = at + 1;
        return undefined;
      case 0xeb:
        context.eip = at + 2 + ((memory[at + 1] << 24) >> 24);
        return undefined;
      case 0xe8:
        this.#push(at + 5);
        context.eip = at + 5 + word(at + 1);
        return undefined;
      case 0xc3:
        context.eip = this.#pop();
        return undefined;
      case 0xcf:
        context.eip = this.#pop();
        context.eflags = this.#pop();
        return undefined;
      case 0xf4:
        this.#halted = true;
        context.eip = at + 1;
        return undefined;
      case 0xfa:
      case 0xfb:
        context.eflags = memory[at] === 0xfb ? context.eflags | IF : context.eflags & ~IF;
        context.eip = at + 1;
        return undefined;
      case 0xc6: {
        const address = memory[at + 1] | (memory[at + 2] << 8);
        memory[address] = memory[at + 3];
        context.eip = at + 4;
        const hits = this.#data.filter((point) => address >= point.address && address < point.address + point.length);
        return hits.length === 0
          ? undefined
          : {
              kind: 'watch',
              hits: hits.map(({ id }) => ({ id, address, size: 1, kind: 'write', value: memory[at + 3] })),
            };
      }
      case 0xcc:
        return { kind: 'triple-fault', faults: [] };
      case 0xe6:
        return { kind: 'poweroff' };
      default:
        context.eip = at + 1;
        return undefined;
    }
  }

  #push(value: number): void {
    const esp = this.context.register(ESP) - 4;
    this.context.setRegister(ESP, esp);
    new DataView(this.memory.buffer).setUint32(esp, value, true);
  }

  #pop(): number {
    const esp = this.context.register(ESP);
    this.context.setRegister(ESP, esp + 4);
    return new DataView(this.memory.buffer).getUint32(esp, true);
  }
}
