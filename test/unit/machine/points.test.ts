/** Where points stop: at an interrupt handler also when the run goes on from another one, at a repetition once. */
import { expect, it } from 'vitest';
import { dword, HANDLER, handlerRig } from './handler-rig.ts';

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

it('stops once before a repeated instruction, however its run is cut', () => {
  // mov ecx,count; mov edi,200000h; rep stosb or rep outsb; jmp to itself
  for (const repeated of [0xaa, 0x6e]) {
    for (const [count, slice] of [
      [100, 1],
      [5000, 777],
      [25_000, 50_000],
    ]) {
      const code = [0xb9, ...dword(count), 0xbf, ...dword(0x200000), 0xf3, repeated, 0xeb, 0xfe];
      const { machine, entry } = handlerRig(0, code, [NOP]);
      const { context } = machine.vcpus[0];
      const [repeat, end] = [entry + 10, entry + 12];
      machine.setCodePoints(new Set([repeat, end]));
      const stops: number[] = [];
      for (let skipBreak = false; stops.length < 5 && stops.at(-1) !== end; ) {
        skipBreak = machine.run(slice, { skipBreak }).kind === 'break';
        if (skipBreak) stops.push(context.eip);
      }
      expect(stops).toEqual([repeat, end]);
    }
  }
});

it('a watched byte stops INS behind the iteration that writes it', () => {
  // mov edi,200000h; mov ecx,5; rep insb
  const code = [0xbf, ...dword(0x200000), 0xb9, ...dword(5), 0xf3, 0x6c];
  const { machine } = handlerRig(0, code, [NOP]);
  machine.setDataPoints([{ id: 1, space: 'linear', address: 0x200002, length: 1, access: 'write' }]);
  const { steps } = machine;
  expect(machine.run(100).kind).toBe('watch');
  expect([machine.steps - steps, machine.vcpus[0].context.register(1)]).toEqual([5, 2]);
});
