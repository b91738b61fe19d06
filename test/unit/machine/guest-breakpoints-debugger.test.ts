/** The guest's breakpoints beside a debugger's points, faults, saved states and other mappings of a page. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine, MachineTarget } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import {
  ACCESS,
  B0,
  type BreakpointRig,
  breakpointRig,
  DATA,
  HANDLER_STEPS,
  setRegister,
  WRITE,
} from './breakpoint-rig.ts';
import { dword, HANDLER } from './handler-rig.ts';

const NOP = 0x90;
const LOOP = [0xeb, 0xfe];
const IDT = 0x8000;
const B1 = 2;
const store = (address: number) => [0xa3, ...dword(address)];
const load = (address: number) => [0xa1, ...dword(address)];
/** A #DB of the guest on the way to a place of its own: the handler and two steps. */
const ENOUGH = HANDLER_STEPS + 8;

const eip = ({ machine }: BreakpointRig) => machine.vcpus[0].context.eip;

/** 16 MiB of linear pages onto themselves, and the page at DATA + 4 MiB onto DATA's. */
function paging(rig: BreakpointRig): void {
  const [directory, tables] = [0x310000, 0x320000];
  for (let i = 0; i < 4; i++) rig.load(directory + 4 * i, dword((tables + 4096 * i) | 7));
  for (let page = 0; page < 4096; page++) rig.load(tables + 4 * page, dword(((page % 1024) << 12) | 7));
  setRegister(rig, 'cr3', directory);
  setRegister(rig, 'cr0', 0x80000011);
}

describe.each([0, 1] as const)('beside hidden points, tier %i', (tier) => {
  it('at one address the debugger stops first and then the guest gets its #DB', () => {
    const rig = breakpointRig(tier, [NOP, NOP, NOP, ...LOOP]);
    const { machine, entry } = rig;
    rig.arm({ address: entry + 1 });
    machine.setCodePoints(new Set([entry + 1, entry + 2]));
    const stops: number[] = [];
    for (let skipBreak = false; stops.length < 3; ) {
      skipBreak = machine.run(1000, { skipBreak }).kind === 'break';
      stops.push(eip(rig) - entry);
    }
    // Again where the handler returned to: as for every instruction that faults.
    expect(stops).toEqual([1, 1, 2]);
    expect(rig.log()).toEqual([[1, B0, true]]);
  });

  it('at one datum, too; the hits of the guest are none of the debugger', () => {
    const rig = breakpointRig(tier, [...store(DATA), ...store(DATA + 4), ...LOOP]);
    const { machine } = rig;
    rig.arm({ address: DATA, on: WRITE, length: 4 }, { address: DATA + 4, on: WRITE, length: 4 });
    machine.setDataPoints([{ id: 7, space: 'linear', address: DATA, length: 2, access: 'write' }]);
    const event = machine.run(1000);
    expect(event).toMatchObject({ kind: 'watch', hits: [{ id: 7, address: DATA }] });
    expect([eip(rig) - rig.entry, rig.log()]).toEqual([5, []]);
    expect(machine.run(100).kind).toBe('slice');
    expect(rig.log()).toEqual([
      [5, B0, false],
      [10, B1, false],
    ]);
  });

  it('taking hidden points away leaves the guest its own, and the other way round', () => {
    const rig = breakpointRig(tier, [NOP, ...store(DATA), NOP, ...store(DATA), 0xeb, 0xf2]);
    const { machine, entry } = rig;
    const round = 5 + 2 * HANDLER_STEPS + HANDLER_STEPS;
    const point = { id: 1, space: 'linear', address: DATA, length: 4, access: 'write' } as const;
    rig.arm({ address: entry + 6 }, { address: DATA, on: WRITE, length: 4 });
    machine.setCodePoints(new Set([entry + 6]));
    machine.setDataPoints([point]);
    machine.setCodePoints(new Set());
    machine.setDataPoints([]);
    expect(machine.run(round).kind).toBe('slice');
    expect(rig.log()).toEqual([
      [6, B1, false],
      [6, B0, true],
      [12, B1, false],
    ]);
    machine.setCodePoints(new Set([entry + 6]));
    machine.setDataPoints([point]);
    rig.arm();
    expect(machine.run(100).kind).toBe('watch');
    expect(machine.run(100).kind).toBe('break');
    expect(rig.log()).toEqual([]);
  });

  it('a vector point tells of the #DB and its cause, and the guest gets it all the same', () => {
    const rig = breakpointRig(tier, [NOP, ...store(DATA), ...LOOP]);
    const { machine, entry } = rig;
    rig.arm({ address: entry + 1 }, { address: DATA, on: WRITE });
    machine.setVectorPoints([{ vector: 1, source: 'exception' }]);
    const causes: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const event = machine.run(100);
      causes.push(event.kind === 'vector' ? [event.fault.cause, event.fault.eip - entry] : event.kind);
    }
    expect(causes).toEqual([['breakpoint in DR0', 1], ['breakpoint in DR1', 6], 'slice']);
    expect(rig.log()).toEqual([
      [1, B0, true],
      [6, B1, false],
    ]);
  });

  it('a debugger that reads a descriptor to load a segment trips nothing', () => {
    const rig = breakpointRig(tier, [NOP, NOP, ...LOOP]);
    const { cpu, context } = rig.machine.vcpus[0];
    rig.arm({ address: cpu.gdtr.base + (context.selector(3) & ~7), on: ACCESS, length: 8 });
    setRegister(rig, 'ds', context.selector(3));
    rig.machine.run(ENOUGH);
    expect(rig.log()).toEqual([]);
  });
});

describe('faults and deliveries', () => {
  it('of an instruction that faults there is no trap', () => {
    // div dword [DATA]: a read, then #DE; its handler steps over the six bytes.
    const rig = breakpointRig(0, [0xf7, 0x35, ...dword(DATA), NOP, ...load(DATA), ...LOOP]);
    const gate = rig.machine.physical.read(IDT + 8, 8);
    rig.load(IDT, [0x00, 0x71, ...gate.subarray(2)]);
    rig.load(0x7100, [0x83, 0x04, 0x24, 6, 0xcf]);
    rig.arm({ address: DATA, on: ACCESS, length: 4 });
    rig.machine.run(ENOUGH);
    expect(rig.log()).toEqual([[12, B0, false]]);
  });

  it('an execution breakpoint comes before the page fault of its fetch', () => {
    const missing = 0x280000;
    const rig = breakpointRig(1, [NOP, 0xe9, ...dword(missing - 0x100000), ...LOOP]);
    const jump = rig.entry + 1;
    rig.load(jump + 1, dword(missing - (jump + 5)));
    paging(rig);
    rig.load(0x320000 + 4 * (missing >>> 12), dword(0));
    rig.arm({ address: missing });
    const { machine } = rig;
    machine.setVectorPoints([
      { vector: 1, source: 'exception' },
      { vector: 14, source: 'exception' },
    ]);
    const vectors: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const event = machine.run(ENOUGH);
      vectors.push(event.kind === 'vector' ? event.fault.vector : event.kind);
    }
    // The handler returns with RF: now it is the page's turn, and there is no gate for that.
    expect(vectors).toEqual([1, 14, 'triple-fault']);
    expect(rig.log()).toEqual([[missing - rig.entry, B0, true]]);
  });

  it('what the delivery of an interrupt pushes traps before the handler', () => {
    const rig = breakpointRig(0, [0xcd, 3, ...LOOP]);
    const gate = rig.machine.physical.read(IDT + 8, 8);
    rig.load(IDT + 24, [0x00, 0x71, ...gate.subarray(2)]);
    rig.load(0x7100, LOOP);
    setRegister(rig, 'esp', 0x280000);
    rig.arm({ address: 0x280000 - 8, on: WRITE, length: 4 });
    rig.machine.run(ENOUGH);
    expect(rig.log()).toEqual([[0x7100 - rig.entry, B0, false]]);
  });

  it('a #DB that meets itself for ever uses up its budget', () => {
    for (const armed of [{ address: IDT + 8, on: ACCESS, length: 8 }, { address: HANDLER }]) {
      const rig = breakpointRig(0, [...store(DATA), NOP, ...LOOP]);
      setRegister(rig, 'esp', 0x280000);
      rig.arm(armed, { address: DATA, on: WRITE });
      const { steps } = rig.machine;
      expect(rig.machine.run(2000).kind).toBe('slice');
      expect(rig.machine.steps - steps).toBe(2000);
      expect(rig.machine.run(2000).kind).toBe('slice');
    }
  });
});

it('an alias of the same frame at another linear address does not match, the address in another space does', () => {
  const alias = DATA + 0x400000;
  const rig = breakpointRig(0, [...store(DATA), ...store(alias), 0xb8, ...dword(alias + 0x800), 0xff, 0xd0, ...LOOP]);
  paging(rig);
  rig.load(DATA + 0x800, [NOP, 0xc3]);
  rig.arm(
    { address: alias, on: WRITE, length: 4 },
    { address: DATA, on: ACCESS, length: 4 },
    { address: DATA + 0x800 },
  );
  rig.machine.run(3 * ENOUGH);
  expect(rig.log()).toEqual([
    [5, B1, false],
    [10, B0, false],
  ]);
});

it('an execution breakpoint is a linear address, not an offset in a segment with a base', () => {
  const rig = breakpointRig(1, LOOP);
  const { context, cpu } = rig.machine.vcpus[0];
  // In real mode at 1000:0, and 32-bit code as the segment was, with a handler that disarms: mov dr7,eax; iretw.
  rig.load(0x10000, [NOP, NOP, NOP, NOP, NOP, NOP, NOP, NOP, ...LOOP]);
  rig.load(0x7100, [0x0f, 0x23, 0xf8, 0x66, 0xcf]);
  rig.load(4, dword(0x7100));
  for (const [name, value] of Object.entries({ cr0: 0x10, cs: 0x1000, ss: 0, esp: 0x6000, eax: 0, eip: 0 }))
    setRegister(rig, name, value);
  for (const [name, value] of Object.entries({ idtr_base: 0, idtr_limit: 0x3ff })) setRegister(rig, name, value);
  rig.arm({ address: 3 }, { address: 0x10006 });
  rig.machine.run(6);
  expect([context.eip, cpu.dr[6] & 15]).toEqual([6, 0]);
  rig.machine.run(3);
  expect([context.eip, cpu.dr[6] & 15]).toEqual([7, B1]);
});

it("code in a device's memory has execution breakpoints", () => {
  const screen = 0xb8000;
  // mov dword [screen],nop nop ret; mov eax,screen; call eax
  const code = [0xc7, 0x05, ...dword(screen), NOP, NOP, 0xc3, 0, 0xb8, ...dword(screen), 0xff, 0xd0, ...LOOP];
  const rig = breakpointRig(0, code);
  rig.arm({ address: screen }, { address: screen + 1 });
  rig.machine.run(3 * ENOUGH);
  expect(rig.log()).toEqual([
    [screen - rig.entry, B0, true],
    [screen + 1 - rig.entry, B1, true],
  ]);
});

/** Runs into its own handler, watches its counter, repeats string instructions, and faults. */
const BUSY = [
  // mov ecx,7; mov edi,DATA; rep stosd; inc dword [DATA+100h]; push eax; pop ebx; jmp back
  ...[0xb9, ...dword(7), 0xbf, ...dword(DATA), 0xf3, 0xab, 0xff, 0x05, ...dword(DATA + 0x100), 0x50, 0x5b, 0xeb, 0xea],
];

function busy(tier: 0 | 1): BreakpointRig {
  const rig = breakpointRig(tier, BUSY);
  rig.machine.run(30_000);
  rig.arm(
    { address: DATA + 8, on: WRITE, length: 4 },
    { address: DATA + 0x102, on: ACCESS, length: 2 },
    { address: rig.entry + 10 },
    { address: rig.entry + 19 },
  );
  return rig;
}

describe('the same run', () => {
  it('in one go, in slices, step by step and under hidden points, on both tiers', () => {
    const hashes = ([0, 1] as const).flatMap((tier) =>
      [5000, 1, 3, 'points'].map((how) => {
        const { machine, entry } = busy(tier);
        const end = machine.steps + 5000;
        if (how === 'points') {
          machine.setCodePoints(new Set([entry, entry + 10, entry + 18, HANDLER]));
          machine.setDataPoints([{ id: 1, space: 'linear', address: DATA, length: 0x200, access: 'access' }]);
          machine.setVectorPoints([{ vector: 1, source: 'any' }]);
        }
        for (let skipBreak = false; machine.steps < end; ) {
          const most = typeof how === 'number' ? how : 5000;
          skipBreak = machine.run(Math.min(most, end - machine.steps), { skipBreak }).kind === 'break';
        }
        return machine.stateHash();
      }),
    );
    expect(new Set(hashes).size).toBe(1);
  });

  it('single-stepped by a debugger, which sees each #DB at its handler', async () => {
    const [whole, stepped] = [busy(0), busy(0)];
    const target = new MachineTarget(stepped.machine, { yieldToHost: () => Promise.resolve() });
    const { machine } = stepped;
    const end = machine.steps + 1500;
    let handlers = 0;
    while (machine.steps < end) {
      expect((await target.resume({ kind: 'step', interrupts: true })).reason).toBe('step');
      if (eip(stepped) === HANDLER) handlers++;
    }
    whole.machine.run(1500);
    expect(machine.stateHash()).toBe(whole.machine.stateHash());
    expect(handlers).toBe(whole.machine.statistics.faults[1]);
  });

  it('from a state saved while armed, on the other tier; a reset disarms', () => {
    const rig = busy(0);
    rig.machine.run(1234);
    const state = rig.machine.save();
    const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
    const other = new Machine({ ...DEFAULT_CONFIG, memory: 4, tier: 1 }, tier0);
    other.load(state);
    expect(other.stateHash()).toBe(rig.machine.stateHash());
    rig.machine.run(3000);
    other.run(3000);
    expect(other.stateHash()).toBe(rig.machine.stateHash());
    other.reset();
    expect(other.vcpus[0].cpu.dr[7]).toBe(0x400);
    expect(other.vcpus[0].vmm.monitor.breakpoints.armed).toBe(false);
  });
});
