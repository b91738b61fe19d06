/**
 * Memory-mapped devices in a whole machine: an access happens at its exact step, and what comes of it (an
 * interrupt, a request to stop, a timer) is seen before the next instruction, whatever runs the code.
 */
import { describe, expect, it } from 'vitest';
import { COLD_STEPS } from '../../../core/vcpu/direct-engine.ts';
import { dword, END_OF_INTERRUPT, HANDLER, handlerRig } from './handler-rig.ts';

const DEVICE = 0xf0000000;
/** mov [DEVICE],eax; inc ebx; inc ecx; inc edx; dec esi; jmp to the store. */
const LOOP = [0xa3, ...dword(DEVICE), 0x43, 0x41, 0x42, 0x4e, 0xeb, 0xf5];
const LOOP_STEPS = 6;
const STORE_LENGTH = 5;
/** mov eax,[esp]; mov [DEVICE+4],eax: tells the device where it returns to. */
const HANDLER_CODE = [0x8b, 0x04, 0x24, 0xa3, ...dword(DEVICE + 4), ...END_OF_INTERRUPT];
const HANDLER_STEPS = 5;
/** The step loop takes the first part, the hot loop and translated blocks the rest. */
const ROUNDS = Math.ceil(COLD_STEPS / LOOP_STEPS) + 500;

/** A guest that writes to the device for ever; `written` and `answered` are what writes to offsets 0 and 4 do. */
function build(tier: 0 | 1) {
  const rig = handlerRig(tier, LOOP, HANDLER_CODE);
  const { machine, entry } = rig;
  /** The tick at each write to offset 0. */
  const ticks: number[] = [];
  /** What the handler said, and at which tick. */
  const returns: [eip: number, tick: number][] = [];
  const effects = { written: () => {}, answered: () => {} };
  machine.mmio.map(DEVICE, 0x1000, {
    name: 'toy',
    readMmio: () => 0,
    writeMmio: (offset, _width, value) => {
      const now = machine.clock.now();
      if (offset === 0) ticks.push(now);
      else returns.push([value, now]);
      if (offset === 0) effects.written();
      else effects.answered();
    },
    reset: () => {},
    save: () => ({ version: 1 }),
    load: () => {},
  });
  const { engine, context } = machine.vcpus[0];
  engine.translateNow([entry, HANDLER], context);
  context.eip = entry;
  return { ...rig, ticks, returns, effects };
}

for (const tier of [0, 1] as const) {
  describe(`a write to a memory-mapped device, tier ${tier}`, () => {
    it('happens at its step, and the run stops behind it when the device asks for that', () => {
      const { machine, entry, ticks, effects } = build(tier);
      effects.written = () => machine.requestStop();
      const stops: [eip: number, tick: number][] = [];
      for (let round = 0; round < ROUNDS; round++) {
        machine.run(1000);
        stops.push([machine.vcpus[0].context.eip, machine.clock.now()]);
      }
      expect(stops).toEqual(ticks.map((tick) => [entry + STORE_LENGTH, tick + 1]));
      expect(ticks).toEqual(ticks.map((_, i) => ticks[0] + LOOP_STEPS * i));
    });

    it('has its interrupt delivered before the next instruction', () => {
      const { machine, line, entry, ticks, returns, effects } = build(tier);
      effects.written = () => line.set(true);
      effects.answered = () => line.set(false);
      machine.run(ROUNDS * (LOOP_STEPS + HANDLER_STEPS));
      expect(ticks.length).toBe(ROUNDS);
      // The store retires, the handler's first instruction too, and the next one tells.
      expect(returns).toEqual(ticks.map((tick) => [entry + STORE_LENGTH, tick + 2]));
    });

    it('fires a timer that the device arms at its tick', () => {
      const { machine, ticks, effects } = build(tier);
      const fired: number[] = [];
      const timer = machine.clock.timer('toy', () => fired.push(machine.clock.now()));
      effects.written = () => timer.arm(machine.clock.now() + 3);
      machine.run(ROUNDS * LOOP_STEPS);
      expect(fired).toEqual(ticks.map((tick) => tick + 3));
    });
  });
}
