import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FrameRow } from '../../../core/debug/dwarf/frame-rules.ts';
import { type UnwindSource, unwind } from '../../../core/debug/unwind.ts';
import { toyRegisters } from './toy-registers.ts';

/** Two calls deep: main (0x1000) called middle (0x1100), which called leaf (0x1200). */
function machine(): { memory: Uint8Array; source: UnwindSource } {
  const memory = new Uint8Array(0x10000).fill(0x90);
  for (const start of [0x1000, 0x1100, 0x1200]) memory.set([0x55, 0x89, 0xe5], start);
  memory.set([0xc9, 0xc3], 0x1210);
  const view = new DataView(memory.buffer);
  const put = (at: number, value: number) => view.setUint32(at, value, true);
  put(0x8040, 0); // main's caller had no frame
  put(0x8044, 0);
  put(0x8030, 0x8040); // middle's frame
  put(0x8034, 0x1010);
  put(0x8020, 0x8030); // leaf's frame
  put(0x8024, 0x1110);
  return {
    memory,
    source: {
      readMemory: async (at, length) => memory.slice(at, Math.min(at + length, memory.length)),
      functionStart: (at) => [0x1200, 0x1100, 0x1000].find((start) => start <= at && at < start + 0x100),
    },
  };
}
const registers = (eip: number, esp: number, ebp: number) =>
  toyRegisters({ eip, general: [0, 0, 0, 0, esp, ebp, 0, 0] });
const stack = async (eip: number, esp: number, ebp: number) =>
  (await unwind(registers(eip, esp, ebp), machine().source)).map((frame) => frame.pc);

test('inside a body, at the entry, after the push, at the return', async () => {
  const whole = (pc: number) => [pc, 0x1110, 0x1010];
  expect(await stack(0x1208, 0x8010, 0x8020)).toEqual(whole(0x1208));
  expect(await stack(0x1200, 0x8024, 0x8030)).toEqual(whole(0x1200));
  expect(await stack(0x1201, 0x8020, 0x8030)).toEqual(whole(0x1201));
  expect(await stack(0x1211, 0x8024, 0x8030)).toEqual(whole(0x1211));
});

test('the slot of the return address is known', async () => {
  const frames = await unwind(registers(0x1208, 0x8010, 0x8020), machine().source);
  expect(frames.map((frame) => frame.returnSlot)).toEqual([0x8024, 0x8034, 0x8044]);
});

test('through an interrupt handler to what it interrupted', async () => {
  const { memory, source } = machine();
  memory.fill(0x90, 0x1200, 0x1203); // now a stub in assembly, without a frame
  const view = new DataView(memory.buffer);
  // Eight saved registers, vector and error code, then EIP, CS, EFLAGS.
  const image = 0x8000 + 10 * 4;
  view.setUint32(image, 0x1108, true);
  view.setUint32(image + 4, 8, true);
  view.setUint32(image + 8, 0x246, true);
  const frames = await unwind(registers(0x1208, 0x8000, 0x8030), source);
  expect(frames.map((frame) => [frame.pc, frame.interrupted ?? false])).toEqual([
    [0x1208, false],
    [0x1108, true],
    [0x1010, false],
  ]);
  expect(frames[0].returnSlot).toBe(image);
});

test('without a symbol only code behind a call is a caller', async () => {
  const callers = async (...before: number[]) => {
    const { memory, source } = machine();
    memory.set([0x10, 0x20], 0x8024); // leaf returns to 2010h, where no symbol is
    memory.set(before, 0x2010 - before.length);
    const frames = await unwind(registers(0x1208, 0x8010, 0x8020), source);
    return frames.slice(1).map(({ pc }) => pc);
  };
  expect(await callers(0x40, 0x40, 0x40)).toEqual([]);
  expect(await callers(0xff, 0xe0)).toEqual([]); // jmp *%eax
  expect((await callers(0xe8, 1, 2, 3, 4))[0]).toBe(0x2010);
  expect((await callers(0xff, 0xd0))[0]).toBe(0x2010); // call *%eax
  expect((await callers(0xff, 0x94, 0x85, 1, 2, 3, 4))[0]).toBe(0x2010); // call *disp32(%ebp,%eax,4)
  expect((await callers(0x9a, 1, 2, 3, 4, 8, 0))[0]).toBe(0x2010);
});

test('a limit is kept', async () => {
  expect(await unwind(registers(0x1208, 0x8010, 0x8020), machine().source, 2)).toHaveLength(2);
});

test('garbage ends the walk', async () => {
  expect(await stack(0x1208, 0x8010, 0)).toEqual([0x1208]);
  expect(await stack(0x1208, 0x8010, 0x4000)).toEqual([0x1208]);
  expect(await stack(0x1208, 0x8010, 0xfffffffc)).toEqual([0x1208]);
});

test('a frame pointer that points at itself ends the walk, also by frame information', async () => {
  const { memory, source } = machine();
  new DataView(memory.buffer).setUint32(0x8020, 0x8020, true);
  // DW_CFA_def_cfa ebp 8, ebp at -8, the return address at -4: what every body has behind its prologue.
  const row: FrameRow = {
    frameAddress: { kind: 'register', register: 5, offset: 8 },
    rules: new Map([
      [5, { kind: 'offset', offset: -8 }],
      [8, { kind: 'offset', offset: -4 }],
    ]),
    returnColumn: 8,
    isSignal: false,
  };
  const walk = async (told: UnwindSource) =>
    (await unwind(registers(0x1208, 0x8010, 0x8020), told)).map(({ pc }) => pc);
  expect(await walk({ ...source, frameRow: () => row })).toEqual([0x1208, 0x1110]);
  expect(await walk(source)).toEqual([0x1208, 0x1110]);
});

test('no stack makes it throw or run on', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 256, maxLength: 256 }),
      fc.nat(0x1ff),
      fc.nat(0x1ff),
      fc.nat(0x1ff),
      fc.boolean(),
      async (bytes, eip, esp, ebp, wide) => {
        const source: UnwindSource = {
          readMemory: async (at, length) => bytes.slice(at, at + length),
          functionStart: () => undefined,
        };
        const frames = await unwind({ ...registers(eip, esp, ebp), codeBits: wide ? 32 : 16 }, source);
        expect(frames.length).toBeGreaterThan(0);
        expect(frames.length).toBeLessThanOrEqual(1024);
      },
    ),
    { seed: 3, numRuns: 500 },
  );
});
