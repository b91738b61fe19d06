/** The guest's own breakpoints, cold and hot on both tiers: which #DB a program gets, where, and with which bits. */
import { describe, expect, it } from 'vitest';
import { CR4_DE } from '../../../core/vmm/virtual-cpu.ts';
import {
  ACCESS,
  type Armed,
  B0,
  BS,
  breakpointRig,
  DATA,
  type Entry,
  EXECUTE,
  HANDLER_STEPS,
  PORT,
  setRegister,
  WRITE,
  warm,
} from './breakpoint-rig.ts';
import { dword } from './handler-rig.ts';

const NOP = 0x90;
/** mov [DATA+offset],al/eax; mov al/eax,[DATA+offset]: five bytes each. */
const storeByte = (offset: number) => [0xa2, ...dword(DATA + offset)];
const store = (offset: number) => [0xa3, ...dword(DATA + offset)];
const loadByte = (offset: number) => [0xa0, ...dword(DATA + offset)];
const load = (offset: number) => [0xa1, ...dword(DATA + offset)];
const moveTo = (register: number, value: number) => [0xb8 + register, ...dword(value)];
const [EAX, ECX, ESI, EDI] = [0, 1, 6, 7];
const B1 = 2;
const B2 = 4;

interface Case {
  readonly code: readonly number[];
  /** From the address of the code. */
  arm(entry: number): readonly Armed[];
  readonly hits: readonly Entry[];
  readonly cr4?: number;
}

const CASES: Record<string, Case> = {
  'an execution breakpoint faults before its instruction, once, with RF in the image': {
    code: [NOP, NOP, 0x40],
    arm: (entry) => [{ address: entry + 1 }],
    hits: [[1, B0, true]],
  },
  'two registers at one address are both reported, neighbours are not': {
    code: [NOP, NOP, 0x40],
    arm: (entry) => [{ address: entry + 1 }, { address: entry + 2 }, { address: entry + 1 }],
    hits: [
      [1, B0 | B2, true],
      [2, B1, true],
    ],
  },
  'an execution breakpoint is at the first byte of an instruction or nowhere': {
    code: [...moveTo(EAX, 0x90909090), NOP],
    arm: (entry) => [{ address: entry + 2 }],
    hits: [],
  },
  'a repeated instruction faults once, before its first iteration': {
    code: [...moveTo(ECX, 5), ...moveTo(EDI, DATA), 0xf3, 0xaa],
    arm: (entry) => [{ address: entry + 10 }],
    hits: [[10, B0, true]],
  },
  'instructions that trap to the monitor have execution breakpoints, too': {
    code: [0x0f, 0xa2, 0x0f, 0xa2, 0x9c, 0x9d],
    arm: (entry) => [{ address: entry }, { address: entry + 2 }, { address: entry + 5 }],
    hits: [
      [0, B0, true],
      [2, B1, true],
      [5, B2, true],
    ],
  },
  'a load of SS holds off an execution breakpoint behind it': {
    code: [0x66, 0x8c, 0xd0, 0x8e, 0xd0, NOP, NOP],
    arm: (entry) => [{ address: entry + 5 }, { address: entry + 6 }],
    hits: [[6, B1, true]],
  },
  'a load of SS delays its own data breakpoint by one instruction': {
    code: [0x66, 0x8c, 0x15, ...dword(DATA), 0x8e, 0x15, ...dword(DATA), NOP, NOP],
    arm: () => [{ address: DATA, on: ACCESS, length: 4 }],
    hits: [
      [7, B0, false],
      [14, B0, false],
    ],
  },
  'a write breakpoint traps behind writes, not reads': {
    code: [...store(0), ...load(0)],
    arm: () => [{ address: DATA, on: WRITE, length: 4 }],
    hits: [[5, B0, false]],
  },
  'an access breakpoint traps behind both, and once behind both at once': {
    code: [...store(0), ...load(0), 0xff, 0x05, ...dword(DATA)],
    arm: () => [{ address: DATA, on: ACCESS, length: 4 }],
    hits: [
      [5, B0, false],
      [10, B0, false],
      [16, B0, false],
    ],
  },
  'it does not trap for the fetch of the instruction': {
    code: [NOP, NOP, NOP, NOP],
    arm: (entry) => [{ address: entry, on: ACCESS, length: 4 }],
    hits: [],
  },
  'accesses that overlap it unaligned count': {
    code: [...store(-3), ...store(-4), ...store(1), ...load(3), ...load(4)],
    arm: () => [{ address: DATA, on: ACCESS, length: 4 }],
    hits: [
      [5, B0, false],
      [15, B0, false],
      [20, B0, false],
    ],
  },
  'an access across two pages counts in each of them': {
    code: [...store(0xffe), ...store(0xffc), ...store(0x1000), ...load(0xffd)],
    arm: () => [
      { address: DATA + 0xfff, on: WRITE },
      { address: DATA + 0x1000, on: ACCESS, length: 2 },
    ],
    hits: [
      [5, B0 | B1, false],
      [10, B0, false],
      [15, B1, false],
      [20, B1, false],
    ],
  },
  'every iteration of REP STOSD that touches it traps, with RF but behind the last': {
    code: [...moveTo(ECX, 6), ...moveTo(EDI, DATA), 0xf3, 0xab, NOP],
    arm: () => [
      { address: DATA + 8, on: WRITE, length: 8 },
      { address: DATA + 20, on: WRITE },
    ],
    hits: [
      [10, B0, true],
      [10, B0, true],
      [12, B1, false],
    ],
  },
  'REP MOVSB backwards, source and destination': {
    code: [...moveTo(ECX, 6), ...moveTo(ESI, DATA + 5), ...moveTo(EDI, DATA + 0x2005), 0xfd, 0xf3, 0xa4, 0xfc],
    arm: () => [
      { address: DATA + 4, on: ACCESS },
      { address: DATA + 0x2002, on: WRITE },
      { address: DATA + 3, on: WRITE },
    ],
    hits: [
      [16, B0, true],
      [16, B1, true],
    ],
  },
  'pushes, calls and pops touch the stack': {
    // push eax; sub esp,64; call over nothing; sub esp,8; pop [esp+72]; add esp,76
    code: [0x50, 0x83, 0xec, 0x40, 0xe8, 0, 0, 0, 0, 0x83, 0xec, 8, 0x8f, 0x44, 0x24, 0x48, 0x83, 0xc4, 0x4c],
    arm: () => [
      { address: STACK - 4, on: ACCESS, length: 4 },
      { address: STACK - 72, on: WRITE, length: 4 },
    ],
    hits: [
      [1, B0, false],
      [9, B1, false],
      [16, B0, false],
    ],
  },
  'with TF there is one #DB that says both': {
    // pushf; or dword [esp],100h; popf; mov [DATA],eax; pushf; and dword [esp],~100h; popf
    code: [
      ...[0x9c, 0x81, 0x0c, 0x24, ...dword(0x100), 0x9d, ...store(0)],
      ...[0x9c, 0x81, 0x24, 0x24, ...dword(0xfffffeff), 0x9d],
    ],
    arm: () => [{ address: DATA, on: WRITE, length: 4 }],
    hits: [
      [14, BS | B0, false],
      [15, BS, false],
      [22, BS, false],
      [23, BS, false],
    ],
  },
  'the trap behind one instruction comes before the fault of the next': {
    code: [...store(0), NOP],
    arm: (entry) => [{ address: entry + 5 }, { address: DATA, on: WRITE }],
    hits: [
      [5, B1, false],
      [5, B0, true],
    ],
  },
  'a port breakpoint traps behind IN and OUT with CR4.DE': {
    // in al,80h; out 80h,al; in eax,7eh; in al,81h
    code: [0xe4, 0x80, 0xe6, 0x80, 0xe5, 0x7e, 0xe4, 0x81],
    arm: () => [
      { address: 0x80, on: PORT },
      { address: 0x83, on: PORT, length: 4 },
      { address: 0x10080, on: PORT },
    ],
    cr4: CR4_DE,
    hits: [
      [2, B0 | B1, false],
      [4, B0 | B1, false],
      [6, B0 | B1, false],
      [8, B1, false],
    ],
  },
  'a port breakpoint means nothing without CR4.DE': {
    code: [0xe4, 0x80, 0xa2, ...dword(DATA)],
    arm: () => [
      { address: 0x80, on: PORT },
      { address: DATA, on: PORT },
    ],
    hits: [],
  },
  'every iteration of REP OUTSB to its port traps': {
    code: [0x66, 0xba, 0x80, 0, ...moveTo(ECX, 3), ...moveTo(ESI, DATA), 0xf3, 0x6e],
    arm: () => [{ address: 0x80, on: PORT }],
    cr4: CR4_DE,
    hits: [
      [14, B0, true],
      [14, B0, true],
      [16, B0, false],
    ],
  },
};

/** ESP of the guests here. */
const STACK = 0x280000;
/** The code again and again. */
const looped = (code: readonly number[]) => [...code, 0xe9, ...dword(-(code.length + 5))];

describe.each([
  [0, false],
  [0, true],
  [1, false],
  [1, true],
] as const)('tier %i, hot: %s', (tier, hot) => {
  it.each(Object.entries(CASES))('%s', (_, { code, arm, hits, cr4 }) => {
    const rig = breakpointRig(tier, looped(code));
    setRegister(rig, 'esp', STACK);
    if (hot) warm(rig);
    setRegister(rig, 'cr4', cr4 ?? 0);
    rig.arm(...arm(rig.entry));
    rig.machine.run(hot ? 12_000 : 600);
    const log = rig.log();
    expect(log.length).toBeGreaterThanOrEqual(3 * hits.length);
    if (hits.length === 0) expect(log).toEqual([]);
    else expect(log).toEqual(log.map((_, i) => hits[i % hits.length]));
  });
});

it('LEN masks the low bits of the address: every byte around it, each length', () => {
  for (const length of [1, 2, 4, 8]) {
    const addresses = Array.from({ length: 20 }, (_, i) => i - 2);
    const code = addresses.flatMap((offset) => [...storeByte(offset), ...loadByte(offset)]);
    const rig = breakpointRig(0, looped(code));
    for (let unaligned = 0; unaligned < 8; unaligned++) {
      while (rig.machine.vcpus[0].context.eip !== rig.entry) rig.machine.run(1);
      rig.log();
      rig.arm({ address: DATA + unaligned, on: WRITE, length });
      rig.machine.run(39 + 16 * length);
      const first = unaligned - (unaligned % length);
      const touched = addresses.flatMap((offset, i) =>
        offset >= first && offset < first + length ? [10 * i + 5] : [],
      );
      expect(rig.log()).toEqual(touched.map((eip) => [eip, B0, false]));
      rig.arm();
    }
  }
});

it('the guest arms and disarms by itself, and DR6 keeps what it had', () => {
  const move = (dr: number, value: number) => [...moveTo(EAX, value), 0x0f, 0x23, 0xc0 | (dr << 3)];
  const code = [
    ...move(0, DATA + 4),
    ...move(6, 0xffff4ff0),
    ...move(7, 0x00010102),
    ...[...storeByte(3), ...storeByte(4)],
    ...move(7, 0x00010100),
    ...[...storeByte(4), 0xeb, 0xfe],
  ];
  const rig = breakpointRig(0, code);
  rig.machine.run(100);
  expect(rig.log()).toEqual([[34, BS | B0, false]]);
  expect(rig.machine.vcpus[0].cpu.dr[7]).toBe(0x10500);
});

it('an RF that the guest loads by IRET suppresses, one step long', () => {
  // pushf; or dword [esp],RF; push cs; push dword target; iret; target: nop; jmp target
  const code = [0x9c, 0x81, 0x0c, 0x24, ...dword(0x10000), 0x0e, 0x68, ...dword(0x100000), 0xcf, NOP, 0xeb, 0xfd];
  const rig = breakpointRig(1, code);
  const target = rig.entry + 15;
  rig.load(rig.entry + 10, dword(target));
  rig.arm({ address: target, on: EXECUTE });
  rig.machine.run(6);
  expect(rig.machine.vcpus[0].context.eip).toBe(target + 1);
  expect(rig.log()).toEqual([]);
  rig.machine.run(1 + 2 * (HANDLER_STEPS + 2));
  expect(rig.log()).toEqual([
    [15, B0, true],
    [15, B0, true],
  ]);
});
