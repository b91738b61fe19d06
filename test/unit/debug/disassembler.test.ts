import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type DisassembleRequest, disassemble } from '../../../core/debug/disassembler.ts';

/** push ebp; mov ebp, esp; mov eax, 0x12345678; add eax, ebx; call 0x1000; leave; ret; int3 x 4 */
const CODE = [
  0x55, 0x89, 0xe5, 0xb8, 0x78, 0x56, 0x34, 0x12, 0x01, 0xd8, 0xe8, 0xf1, 0xff, 0xff, 0xff, 0xc9, 0xc3, 0xcc, 0xcc,
  0xcc, 0xcc,
];
const START = 0x1000;
const memory = new Uint8Array(0x3000);
memory.fill(0x90);
memory.set(CODE, START);

function request(changes: Partial<DisassembleRequest>): DisassembleRequest {
  return {
    start: START,
    instructionOffset: 0,
    count: 4,
    bits: 32,
    codeBase: 0,
    readMemory: async (linear, length) => memory.slice(linear, Math.min(linear + length, memory.length)),
    ...changes,
  };
}

test('forward, with the targets of branches', async () => {
  const items = await disassemble(request({ count: 7 }));
  expect(items.map((item) => item.text)).toEqual([
    'push ebp',
    'mov ebp, esp',
    'mov eax, 0x12345678',
    'add eax, ebx',
    'call 0x1000',
    'leave',
    'ret',
  ]);
  expect(items[4].target).toBe(0x1000);
  expect(items.map((item) => item.address - START)).toEqual([0, 1, 3, 8, 10, 15, 16]);
});

test('far pointers are selector:offset', async () => {
  const code = [0xea, 0xc4, 0x7c, 0, 0, 8, 0, 0x9a, 0, 0, 0, 0, 0x1b, 0, 0xff, 0x2f];
  const readMemory = async (linear: number, length: number) =>
    Uint8Array.from(code.slice(linear - START, linear - START + length));
  expect((await disassemble(request({ count: 3, readMemory }))).map(({ text }) => text)).toEqual([
    'jmp far 8:0x7cc4',
    'call far 0x1b:0',
    'jmp far fword ptr [edi]',
  ]);
});

test('backward from a known start', async () => {
  const items = await disassemble(
    request({
      start: START + 16,
      instructionOffset: -5,
      count: 6,
      knownStart: (at) => (at >= START ? START : undefined),
    }),
  );
  expect(items.map((item) => item.address - START)).toEqual([1, 3, 8, 10, 15, 16]);
});

test('backward without one falls into step', async () => {
  const items = await disassemble(request({ start: START + 16, instructionOffset: -3, count: 3 }));
  expect(items.map((item) => item.address - START)).toEqual([8, 10, 15]);
});

test('sixteen-bit code shows offsets in its segment', async () => {
  const items = await disassemble(
    request({
      bits: 16,
      codeBase: 0x1000,
      start: START,
      count: 1,
      readMemory: async () => Uint8Array.of(0xe9, 0x10, 0x00),
    }),
  );
  expect(items[0]).toMatchObject({ text: 'jmp 0x13', target: 0x13 });
});

test('where memory ends there are items all the same', async () => {
  const items = await disassemble(request({ start: 0x2ffe, count: 5 }));
  expect(items.map((item) => item.valid)).toEqual([true, true, false, false, false]);
  const before = await disassemble(request({ start: 0, instructionOffset: -3, count: 3 }));
  expect(before.map((item) => item.address)).toEqual([0xfffffffd, 0xfffffffe, 0xffffffff]);
});

test('any request gives exactly as many consecutive items as asked', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      fc.integer({ min: 0, max: 80 }),
      fc.integer({ min: -20, max: 20 }),
      fc.integer({ min: 0, max: 30 }),
      async (bytes, start, instructionOffset, count) => {
        const items = await disassemble(
          request({
            start,
            instructionOffset,
            count,
            readMemory: async (linear, length) => bytes.slice(linear, linear + length),
          }),
        );
        expect(items.length).toBe(count);
        for (let i = 1; i < items.length; i++)
          expect(items[i].address).toBe((items[i - 1].address + Math.max(items[i - 1].bytes.length, 1)) >>> 0);
      },
    ),
    { seed: 11, numRuns: 300 },
  );
});
