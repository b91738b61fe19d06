/**
 * Memory-mapped devices in a whole machine: an access happens at its exact step, and what comes of it (an
 * interrupt, a request to stop, a timer) is seen before the next instruction, whatever runs the code.
 */
import { describe, expect, it } from 'vitest';
import type { Pic8259Pair } from '../../../core/devices/pic8259.ts';
import { DEFAULT_CONFIG, Machine } from '../../../core/index.ts';
import { CS } from '../../../core/isa/registers.ts';
import { COLD_STEPS } from '../../../core/vcpu/direct-engine.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { program } from './program.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);
const DEVICE = 0xf0000000;
const START = 0x100000;
const HANDLER = 0x7000;
const IDT = 0x8000;
const IRQ = 5;
/** Where a PC's firmware leaves the first interrupt controller. */
const VECTOR = 8 + IRQ;

const dword = (value: number) => Array.from({ length: 4 }, (_, i) => (value >>> (8 * i)) & 0xff);

/** Masks every request but ours, loads the IDT, sti. */
const SET_UP = [0xb0, 0xff & ~(1 << IRQ), 0xe6, 0x21, 0x0f, 0x01, 0x1d, ...dword(IDT - 6), 0xfb];
/** mov [DEVICE],eax; inc ebx; inc ecx; inc edx; dec esi; jmp to the store. */
const LOOP = [0xa3, ...dword(DEVICE), 0x43, 0x41, 0x42, 0x4e, 0xeb, 0xf5];
const LOOP_STEPS = 6;
const STORE = START + SET_UP.length;
/** Tells the device its return address. mov eax,[esp]; mov [DEVICE+4],eax; end of interrupt; iret. */
const HANDLER_CODE = [0x8b, 0x04, 0x24, 0xa3, ...dword(DEVICE + 4), 0xb0, 0x20, 0xe6, 0x20, 0xcf];
const HANDLER_STEPS = 5;
/** The step loop takes the first part, the hot loop and translated blocks the rest. */
const ROUNDS = Math.ceil(COLD_STEPS / LOOP_STEPS) + 500;

class ToyDevice {
  readonly name = 'toy';
  /** The tick at each write to offset 0. */
  readonly ticks: number[] = [];
  /** What the handler said, and at which tick. */
  readonly returns: [eip: number, tick: number][] = [];
  readonly machine: Machine;
  /** What a write to offset 0 does, and one to offset 4. */
  written = () => {};
  answered = () => {};

  constructor(tier: 0 | 1) {
    const image = { name: 'code', bytes: program([...SET_UP, ...LOOP]), append: '', modules: [] };
    const machine = new Machine({ ...DEFAULT_CONFIG, memory: 4, tier, image }, TIER0);
    this.machine = machine;
    machine.mmio.map(DEVICE, 0x1000, this);
    const { context, engine } = machine.vcpus[0];
    const gate = [...dword((context.selector(CS) << 16) | HANDLER), ...dword(0x8e00)];
    machine.physical.write('loader', HANDLER, Uint8Array.from(HANDLER_CODE));
    machine.physical.write('loader', IDT - 6, Uint8Array.from([0xff, 7, ...dword(IDT)]));
    machine.physical.write('loader', IDT + 8 * VECTOR, Uint8Array.from(gate));
    while (context.eip !== STORE) machine.run(1);
    engine.translateNow([STORE, HANDLER], context);
    context.eip = STORE;
  }

  readMmio(): number {
    return 0;
  }

  writeMmio(offset: number, _width: number, value: number): void {
    const now = this.machine.clock.now();
    if (offset === 4) {
      this.returns.push([value, now]);
      this.answered();
      return;
    }
    this.ticks.push(now);
    this.written();
  }

  reset(): void {}
  save = () => ({ version: 1 });
  load(): void {}
}

for (const tier of [0, 1] as const) {
  describe(`a write to a memory-mapped device, tier ${tier}`, () => {
    it('happens at its step, and the run stops behind it when the device asks for that', () => {
      const device = new ToyDevice(tier);
      const { machine, ticks } = device;
      device.written = () => machine.requestStop();
      for (let round = 0; round < ROUNDS; round++) {
        machine.run(1000);
        expect([machine.vcpus[0].context.eip, machine.clock.now()]).toEqual([STORE + 5, ticks[round] + 1]);
      }
      expect(ticks).toEqual(ticks.map((_, i) => ticks[0] + LOOP_STEPS * i));
    });

    it('has its interrupt delivered before the next instruction', () => {
      const device = new ToyDevice(tier);
      const { machine, ticks, returns } = device;
      const line = (machine.board.interrupts as Pic8259Pair).irq(IRQ);
      device.written = () => line.set(true);
      device.answered = () => line.set(false);
      machine.run(ROUNDS * (LOOP_STEPS + HANDLER_STEPS));
      expect(ticks.length).toBe(ROUNDS);
      // The store retires, the handler's first instruction too, and the next one tells.
      expect(returns).toEqual(ticks.map((tick) => [STORE + 5, tick + 2]));
    });

    it('fires a timer that the device arms at its tick', () => {
      const device = new ToyDevice(tier);
      const { machine, ticks } = device;
      const fired: number[] = [];
      const timer = machine.clock.timer('toy', () => fired.push(machine.clock.now()));
      device.written = () => timer.arm(machine.clock.now() + 3);
      machine.run(ROUNDS * LOOP_STEPS);
      expect(fired).toEqual(ticks.map((tick) => tick + 3));
    });
  });
}
