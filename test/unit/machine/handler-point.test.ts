/** A code point at an interrupt handler stops there, also when the run that it ends goes on from another code point. */
import { expect, it } from 'vitest';
import { HANDLER, handlerRig } from './handler-rig.ts';

const PORT = 0x300;
const NOP = 0x90;

it('stops where an interrupt is delivered before the instruction to go on from', () => {
  const { machine, line, entry } = handlerRig(0, [NOP, NOP, NOP], [NOP, NOP]);
  const { context } = machine.vcpus[0];
  // Behind the first instruction: STI holds interrupts off over that.
  machine.setCodePoints(new Set([entry + 1, HANDLER]));
  expect(machine.run(10).kind).toBe('break');
  expect(context.eip).toBe(entry + 1);
  line.set(true);
  expect(machine.run(10, { skipBreak: true }).kind).toBe('break');
  expect(context.eip).toBe(HANDLER);
});

it('stops where an interrupt is delivered between two iterations of REP OUTSB', () => {
  // mov dx,PORT; mov ecx,5; rep outsb
  const code = [0x66, 0xba, PORT & 0xff, PORT >> 8, 0xb9, 5, 0, 0, 0, 0xf3, 0x6e];
  const { machine, line, entry } = handlerRig(0, code, [NOP, NOP]);
  const { context } = machine.vcpus[0];
  let written = 0;
  const toy = {
    name: 'toy',
    readPort: () => 0,
    writePort: () => line.set(++written === 3),
    reset: () => {},
    save: () => ({ version: 1 }),
    load: () => {},
  };
  machine.ports.attach(toy, [{ base: PORT, count: 1 }]);
  machine.setCodePoints(new Set([HANDLER]));
  expect(machine.run(100).kind).toBe('break');
  expect([context.eip, context.register(1), written]).toEqual([HANDLER, 2, 3]);
  expect(machine.physical.word(context.register(4)) - entry).toBe(9);
});
