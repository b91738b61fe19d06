/** The monitor's first steps: a protected flat kernel with interrupts, ports and a ring change. */
import { describe, expect, it } from 'vitest';
import { CS, EAX, EDX, ESP } from '../../../core/isa/registers.ts';
import { CpuRig, instruction } from './cpu-rig.ts';
import { CODE0, protectedMode, STACK0, STACK3, TSS_ESP0 } from './descriptors.ts';

const IF = 0x200;

describe('the monitor', () => {
  it('runs innocuous code for exactly the budget', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    expect(rig.vmm.run(100).reason).toBe('budget');
    expect(rig.vmm.steps).toBe(100);
    expect(rig.context.eip).toBe(0x5064);
  });

  it('counts a trapped instruction as one step and moves past it', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    rig.context.setRegister(EDX, 0x3f8);
    rig.context.setRegister(EAX, 0x41);
    rig.engine.program.set(0x5003, instruction('out', { opcode: 0xee }));
    rig.engine.program.set(0x5004, instruction('in', { opcode: 0xe4, immediate: 0x60, length: 2 }));
    rig.vmm.run(5);
    expect(rig.ports.log).toEqual(['out 3f8/1 41', 'in 60/1']);
    expect(rig.context.eip).toBe(0x5006);
    expect(rig.context.register(EAX)).toBe(0x78);
    expect(rig.vmm.steps).toBe(5);
  });

  it('delivers INT n through a gate and returns by IRET', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    rig.context.eflags = 0x202;
    rig.engine.program.set(0xa000 + 16 * 0x20, instruction('iret'));
    rig.execute(instruction('int', { immediate: 0x20, length: 2 }));
    expect(rig.context.eip).toBe(0xa200);
    expect(rig.context.eflags & IF).toBe(0);
    expect(rig.context.register(ESP)).toBe(STACK0 - 12);
    expect(rig.word(STACK0 - 12)).toBe(0x5002);
    expect(rig.word(STACK0 - 8)).toBe(CODE0);
    expect(rig.word(STACK0 - 4)).toBe(0x202);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0x5002);
    expect(rig.context.eflags & IF).toBe(IF);
    expect(rig.vmm.steps).toBe(2);
  });

  it('changes to ring 0 for a hardware interrupt in ring 3 and back', () => {
    const rig = new CpuRig();
    protectedMode(rig, 3);
    rig.context.eflags = 0x202;
    rig.interrupts.vectors = [0x30];
    rig.engine.program.set(0xa300, instruction('iret'));
    rig.vmm.run(1);
    expect(rig.cpu.cpl).toBe(3);
    expect(rig.context.eip).toBe(0x5000);
    expect(rig.context.register(ESP)).toBe(STACK3);
    expect(rig.word(TSS_ESP0 - 20)).toBe(0x5000);
    expect(rig.word(TSS_ESP0 - 8)).toBe(STACK3);
    expect(rig.context.selector(CS)).toBe(0x1b);
  });

  it('waits in HLT until an interrupt may be taken', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    rig.context.eflags = 0x202;
    rig.execute(instruction('hlt'));
    expect(rig.vmm.run(10).reason).toBe('halted');
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa201);
    expect(rig.word(STACK0 - 12)).toBe(0x5001);
  });

  it('shuts down on a triple fault and says why', () => {
    const rig = new CpuRig();
    protectedMode(rig);
    rig.cpu.idtr.limit = 0;
    const exit = rig.execute(instruction('ud2'));
    expect(exit.reason).toBe('shutdown');
    expect(exit.faults.map((fault) => fault.vector)).toEqual([6, 13, 13, 8, 13]);
    expect(rig.context.eip).toBe(0x5000);
    expect(rig.vmm.run(1).reason).toBe('shutdown');
  });
});
