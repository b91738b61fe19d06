/** Faults on the way to a handler: #DF and shutdown by SDM vol. 3, table 6-5, and the chain that is kept. */
import { describe, expect, it } from 'vitest';
import { ESP } from '../../../core/isa/registers.ts';
import { combine } from '../../../core/vmm/events.ts';
import { CpuRig, instruction, isAtHandler } from './cpu-rig.ts';
import { CODE0, gate, protectedMode, putGate } from './descriptors.ts';

const CONTRIBUTORY = [0, 10, 11, 12, 13];
const BENIGN = [1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 32, 255];
const PAGE = 14;

describe('two exceptions', () => {
  it('make a double fault when both are contributory', () => {
    for (const first of CONTRIBUTORY) for (const second of CONTRIBUTORY) expect(combine(first, second)).toBe(8);
  });
  it('make a double fault when a page fault comes first', () => {
    for (const second of [...CONTRIBUTORY, PAGE]) expect(combine(PAGE, second)).toBe(8);
  });
  it('are delivered one after the other otherwise', () => {
    for (const first of CONTRIBUTORY) expect(combine(first, PAGE)).toBe(PAGE);
    for (const first of BENIGN)
      for (const second of [...CONTRIBUTORY, PAGE]) expect(combine(first, second)).toBe(second);
    for (const first of [...CONTRIBUTORY, PAGE])
      for (const second of BENIGN) expect(combine(first, second)).toBe(second);
  });
  it('shut the CPU down when the first is a double fault', () => {
    for (const second of [...CONTRIBUTORY, PAGE]) expect(combine(8, second)).toBe(-1);
  });
});

const ABSENT = gate(CODE0, 0xa000, 0x0e00);

describe('a fault while delivering a fault', () => {
  it('goes to the #DF handler with error code 0 and the first instruction as return address', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    putGate(rig, 13, ABSENT);
    rig.engine.program.set(0x5000, 13);
    rig.vmm.run(1);
    expect(isAtHandler(rig, 8)).toBe(true);
    const top = rig.context.register(ESP);
    expect([rig.word(top), rig.word(top + 4)]).toEqual([0, 0x5000]);
  });

  it('is delivered itself when the first was benign, with EXT set', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    putGate(rig, 6, ABSENT);
    rig.execute(instruction('ud2'));
    expect(isAtHandler(rig, 11)).toBe(true);
    expect(rig.word(rig.context.register(ESP))).toBe(6 * 8 + 2 + 1);
  });

  it('keeps the chain of a triple fault, with causes', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    for (const vector of [8, 13]) putGate(rig, vector, ABSENT);
    rig.vmm.run(7);
    rig.engine.program.set(0x5007, 13);
    const exit = rig.vmm.run(10);
    expect(exit.reason).toBe('shutdown');
    expect(exit.faults).toEqual([
      { vector: 13, errorCode: 0, cs: CODE0, eip: 0x5007, cpl: 0, cr2: undefined, step: 7, cause: 'toy fault' },
      {
        vector: 11,
        errorCode: 13 * 8 + 3,
        cs: CODE0,
        eip: 0x5007,
        cpl: 0,
        cr2: undefined,
        step: 7,
        cause: 'IDT gate 13 not present',
      },
      {
        vector: 8,
        errorCode: 0,
        cs: CODE0,
        eip: 0x5007,
        cpl: 0,
        cr2: undefined,
        step: 7,
        cause: 'a fault while delivering a fault',
      },
      {
        vector: 11,
        errorCode: 8 * 8 + 3,
        cs: CODE0,
        eip: 0x5007,
        cpl: 0,
        cr2: undefined,
        step: 7,
        cause: 'IDT gate 8 not present',
      },
    ]);
    expect(rig.vmm.steps).toBe(7);
  });

  it('keeps the address of every page fault', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    // Everything below 1 MiB is mapped except the stack; the second page fault comes from pushing the first.
    rig.poke(0x20000, 0x21003);
    for (let page = 0; page < 256; page++) rig.poke(0x21000 + 4 * page, page === 0x50 ? 0 : (page << 12) | 3);
    rig.context.setRegister(ESP, 0x51000);
    rig.cpu.cr3 = 0x20000;
    rig.vmm.monitor.setCr0(rig.cpu.cr0 | 0x80000000);
    const exit = rig.execute(instruction('push_seg', { opcode: 0x1e }));
    expect(exit.reason).toBe('shutdown');
    expect(exit.faults.map(({ vector, cr2 }) => [vector, cr2])).toEqual([
      [14, 0x50ffc],
      [14, 0x50ff0],
      [8, undefined],
      [14, 0x50ff0],
    ]);
    expect(rig.cpu.cr2).toBe(0x50ff0);
    expect(rig.context.register(ESP)).toBe(0x51000);
  });

  it('refuses a task gate by name and changes nothing', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    putGate(rig, 8, gate(0x28, 0, 0x8500));
    putGate(rig, 13, ABSENT);
    rig.engine.program.set(0x5000, 13);
    const exit = rig.vmm.run(1);
    expect(exit.reason).toBe('refused');
    expect(exit.message).toBe('hardware task switch through a task gate (vector 8) is not built yet');
    expect(rig.context.eip).toBe(0x5000);
    expect(rig.vmm.run(1).reason).toBe('refused');
  });
});
