/** The loop between steps: shadows, single-stepping, points, held interrupts, budgets. */
import { beforeEach, describe, expect, it } from 'vitest';
import { EAX, ECX, EDI, EDX, ESP } from '../../../core/isa/registers.ts';
import { CHANGED_CPL, CHANGED_PROTECTED } from '../../../core/vmm/monitor.ts';
import { CpuRig, instruction, isAtHandler } from './cpu-rig.ts';
import { DATA0, protectedMode, STACK0 } from './descriptors.ts';

const IF = 0x200;
const TF = 0x100;
const RF = 0x10000;

let rig: CpuRig;
beforeEach(() => {
  rig = new CpuRig();
  protectedMode(rig);
});

function put(...program: [number, ReturnType<typeof instruction> | number][]): void {
  for (const [address, next] of program) rig.engine.program.set(address, next);
}

describe('interrupt shadows', () => {
  it('STI lets one more instruction run', () => {
    put([0x5000, instruction('sti')], [0x5001, instruction('cli')]);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(5);
    expect(rig.context.eip).toBe(0x5005);
    expect(rig.interrupts.pending).toBe(true);
  });

  it('STI then an innocuous instruction, then the interrupt', () => {
    put([0x5000, instruction('sti')]);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(3);
    expect(rig.word(rig.context.register(ESP))).toBe(0x5002);
    expect(isAtHandler(rig, 0x20)).toBe(true);
  });

  it('a second STI in a row gives no further shadow', () => {
    put([0x5000, instruction('sti')], [0x5001, instruction('sti')]);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(3);
    expect(rig.word(rig.context.register(ESP))).toBe(0x5002);
  });

  it('STI; HLT sleeps and the interrupt returns behind HLT', () => {
    put([0x5000, instruction('sti')], [0x5001, instruction('hlt')]);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(3);
    expect(rig.word(rig.context.register(ESP))).toBe(0x5002);
    expect(rig.cpu.halted).toBe(false);
  });

  it('MOV SS shields the instruction that loads ESP, also across two runs', () => {
    rig.context.eflags = 2 | IF;
    rig.context.setRegister(EAX, DATA0);
    put([0x5000, instruction('mov_to_seg', { reg: 2, rm: EAX })]);
    rig.vmm.run(1);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0x5002);
    rig.vmm.run(1);
    expect(rig.word(rig.context.register(ESP))).toBe(0x5002);
  });
});

describe('single-stepping by TF', () => {
  beforeEach(() => {
    rig.context.eflags = 2 | TF;
  });

  it('traps after an innocuous instruction with DR6.BS', () => {
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa010);
    expect(rig.cpu.dr[6] & 0x4000).toBe(0x4000);
    expect(rig.word(STACK0 - 12)).toBe(0x5001);
    expect(rig.word(STACK0 - 4)).toBe(2 | TF);
    expect(rig.vmm.steps).toBe(1);
  });

  it('traps after an emulated instruction', () => {
    put([0x5000, instruction('cpuid', { length: 2 })]);
    rig.vmm.run(1);
    expect(rig.word(STACK0 - 12)).toBe(0x5002);
  });

  it('gives a faulting instruction no trap', () => {
    put([0x5000, instruction('ud2')]);
    rig.vmm.run(1);
    expect(isAtHandler(rig, 6)).toBe(true);
    expect(rig.word(STACK0 - 4)).toBe(2 | TF | RF);
  });

  it('gives INT n no trap', () => {
    put([0x5000, instruction('int', { immediate: 0x20, length: 2 })]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa200);
    expect(rig.context.eflags & TF).toBe(0);
  });

  it('traps after an INTO that is not taken', () => {
    put([0x5000, instruction('into')]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa010);
    expect(rig.word(STACK0 - 12)).toBe(0x5001);
  });

  it('lets its handler at the debug registers, whatever DR7.GD was', () => {
    rig.cpu.dr[7] |= 0x2000;
    put([0xa010, instruction('mov_from_dr', { reg: 6, rm: EAX, length: 3 })]);
    rig.vmm.run(2);
    expect(rig.context.eip).toBe(0xa013);
    expect(rig.context.register(EAX) & 0x6000).toBe(0x4000);
  });

  it('traps after the instruction that follows a load of SS', () => {
    rig.context.setRegister(EAX, DATA0);
    put([0x5000, instruction('mov_to_seg', { reg: 2, rm: EAX })]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0x5001);
    rig.vmm.run(1);
    expect(rig.word(STACK0 - 12)).toBe(0x5002);
  });

  it('starts one instruction after POPF set TF and ends after the one that clears it', () => {
    rig.context.eflags = 2;
    rig.context.setRegister(ESP, STACK0 - 8);
    rig.poke(STACK0 - 8, 2 | TF);
    rig.poke(STACK0 - 4, 2);
    put([0x5000, instruction('popf')], [0x5001, instruction('popf')]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0x5001);
    rig.vmm.run(1);
    expect(rig.word(STACK0 - 12)).toBe(0x5002);
    expect(rig.word(STACK0 - 4)).toBe(2);
  });

  it('traps after each iteration of a repeated instruction', () => {
    rig.context.setRegister(ECX, 3);
    rig.context.setRegister(EDX, 0x10);
    rig.context.setRegister(EDI, 0x6000);
    put([0x5000, instruction('ins', { opcode: 0x6d, repeat: 0xf3, length: 2 })]);
    rig.vmm.run(1);
    expect(rig.context.register(ECX)).toBe(2);
    expect(rig.word(STACK0 - 12)).toBe(0x5000);
    // RF, because it goes on; not after the last iteration, and not in the handler.
    expect(rig.word(STACK0 - 4) & RF).toBe(RF);
    expect(rig.context.eflags & RF).toBe(0);
    rig.context.setRegister(ECX, 1);
    rig.context.setRegister(ESP, STACK0);
    rig.context.eip = 0x5000;
    rig.context.eflags = 2 | TF;
    rig.vmm.run(1);
    expect([rig.word(STACK0 - 12), rig.word(STACK0 - 4) & RF]).toEqual([0x5002, 0]);
  });

  it('wakes HLT', () => {
    put([0x5000, instruction('hlt')]);
    rig.vmm.run(2);
    expect(rig.word(STACK0 - 12)).toBe(0x5001);
    expect(rig.context.eip).toBe(0xa011);
  });
});

describe('RF', () => {
  it('set by IRET lasts until the next step', () => {
    rig.context.setRegister(ESP, STACK0 - 12);
    [0x5100, 8, 2 | RF].forEach((value, i) => rig.poke(STACK0 - 12 + 4 * i, value));
    rig.execute(instruction('iret'));
    expect(rig.context.eflags & RF).toBe(RF);
    rig.vmm.run(1);
    expect(rig.context.eflags & RF).toBe(0);
  });

  it('is clear in what a software interrupt pushes, set where that faults', () => {
    rig.context.eflags = 2 | RF;
    rig.execute(instruction('int', { immediate: 0x20, length: 2 }));
    expect(rig.word(STACK0 - 4)).toBe(2);
    rig.context.eflags = 2 | RF;
    rig.context.eip = 0x5100;
    rig.context.setRegister(ESP, STACK0);
    rig.execute(instruction('int', { immediate: 0xff, length: 2 }));
    expect(isAtHandler(rig, 13)).toBe(true);
    expect(rig.word(STACK0 - 4)).toBe(2 | RF);
  });

  it('ends with a 16-bit IRET, which cannot pop it', () => {
    rig.context.eflags = 2 | RF;
    rig.context.setRegister(ESP, STACK0 - 6);
    [0x5100, 8, 2].forEach((value, i) => rig.poke(STACK0 - 6 + 2 * i, value, 2));
    rig.execute(instruction('iret', { operandSize: 2 }));
    expect([rig.context.eip, rig.context.eflags & RF]).toEqual([0x5100, 0]);
  });
});

describe('budgets', () => {
  it('are exact over repeated port instructions and slicing changes nothing', () => {
    const runs = [[1, 1, 1, 1, 1, 1, 1, 1], [8], [3, 5], [7, 1]].map((slices) => {
      const one = new CpuRig();
      protectedMode(one);
      one.context.setRegister(ECX, 5);
      one.context.setRegister(EDX, 0x10);
      one.context.setRegister(EDI, 0x6000);
      one.engine.program.set(0x5001, instruction('ins', { opcode: 0x6c, repeat: 0xf3, length: 2 }));
      for (const slice of slices) expect(one.vmm.run(slice).reason).toBe('budget');
      return [one.vmm.steps, one.context.eip, one.context.register(ECX), one.ports.log.length];
    });
    for (const run of runs) expect(run).toEqual([8, 0x5005, 0, 5]);
  });

  it('a repetition of zero is one step', () => {
    rig.context.setRegister(ECX, 0);
    put([0x5000, instruction('outs', { opcode: 0x6e, repeat: 0xf3, length: 2 })]);
    rig.vmm.run(1);
    expect([rig.vmm.steps, rig.context.eip, rig.ports.log.length]).toEqual([1, 0x5002, 0]);
  });

  it('an interrupt enters between two iterations and returns to the instruction', () => {
    rig.context.eflags = 2 | IF;
    rig.context.setRegister(ECX, 5);
    rig.context.setRegister(EDI, 0x6000);
    put([0x5000, instruction('ins', { opcode: 0x6c, repeat: 0xf3, length: 2 })]);
    rig.vmm.run(2);
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(1);
    expect(rig.word(rig.context.register(ESP))).toBe(0x5000);
    expect(rig.word(rig.context.register(ESP) + 8) & RF).toBe(RF);
    expect(rig.context.register(ECX)).toBe(3);
  });
});

describe('a handler that faults for ever', () => {
  it('uses up the budget all the same, at the same steps in any slicing', () => {
    const runs = [[1000], [1, 2, 3, 400, 594]].map((slices) => {
      const one = new CpuRig();
      protectedMode(one);
      one.context.setSegment(2, { selector: DATA0, base: 0, limit: 0xffff, access: 0x9300 });
      one.engine.program.set(0x5002, instruction('ud2'));
      one.engine.program.set(0xa060, instruction('ud2'));
      for (const slice of slices) expect(one.vmm.run(slice).reason).toBe('budget');
      return [one.vmm.steps, one.context.eip, one.context.register(ESP), one.cpu.deliveries];
    });
    expect(runs[0]).toEqual(runs[1]);
    expect(runs[0][3]).toBe(256 + 998);
  });
});

describe('what a debugger asks for', () => {
  it('holds interrupts back while it steps', () => {
    rig.context.eflags = 2 | IF;
    rig.interrupts.vectors = [0x20];
    rig.vmm.run(3, { holdInterrupts: true });
    expect(rig.context.eip).toBe(0x5003);
    rig.vmm.run(1);
    expect(isAtHandler(rig, 0x20)).toBe(true);
  });

  it('stops at a code point and passes it when asked', () => {
    rig.engine.setCodePoints(new Set([0x5002]));
    expect(rig.vmm.run(10).reason).toBe('break');
    expect(rig.vmm.steps).toBe(2);
    expect(rig.vmm.run(1, { skipBreak: true }).reason).toBe('budget');
  });

  it('does not stop again inside a repetition with a code point on it', () => {
    rig.engine.setCodePoints(new Set([0x5000]));
    rig.context.setRegister(ECX, 4);
    rig.context.setRegister(EDI, 0x6000);
    put([0x5000, instruction('ins', { opcode: 0x6c, repeat: 0xf3, length: 2 })]);
    expect(rig.vmm.run(10).reason).toBe('break');
    expect(rig.vmm.run(10, { skipBreak: true }).reason).toBe('budget');
    expect(rig.context.register(ECX)).toBe(0);
  });

  it('stops before an exception, an interrupt and INT n, then delivers', () => {
    rig.vmm.setVectorPoints([
      { vector: 6, source: 'exception' },
      { vector: 0x20, source: 'interrupt' },
      { vector: 0x21, source: 'software' },
    ]);
    put(
      [0x5000, instruction('ud2')],
      [0xa060, instruction('sti')],
      [0xa201, instruction('int', { immediate: 0x21, length: 2 })],
    );
    const first = rig.vmm.run(10);
    expect([first.reason, first.vector, rig.context.eip]).toEqual(['vector', 6, 0x5000]);
    expect(first.faults.map((fault) => fault.vector)).toEqual([6]);
    rig.interrupts.vectors = [0x20];
    const second = rig.vmm.run(10);
    expect([second.reason, second.vector, rig.context.eip]).toEqual(['vector', 0x20, 0xa062]);
    const third = rig.vmm.run(10);
    expect([third.reason, third.vector, rig.context.eip]).toEqual(['vector', 0x21, 0xa201]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa210);
    expect(rig.interrupts.pending).toBe(false);
  });

  it('does not take an exception for an interrupt of the same number', () => {
    rig.vmm.setVectorPoints([{ vector: 6, source: 'interrupt' }]);
    put([0x5000, instruction('ud2')]);
    expect(rig.vmm.run(1).reason).toBe('budget');
  });

  it('stops at a change of mode, after it', () => {
    rig.vmm.setModePoints(CHANGED_CPL | CHANGED_PROTECTED);
    rig.context.setRegister(EAX, 0x10);
    put([0x5001, instruction('mov_to_cr', { reg: 0, rm: EAX, length: 3 })]);
    expect(rig.vmm.run(10).reason).toBe('budget');
    rig.context.eip = 0x5001;
    rig.vmm.setModePoints(2);
    rig.vmm.monitor.setCr0(0x11);
    expect(rig.vmm.run(10)).toMatchObject({ reason: 'mode', modeChange: 2 });
    expect(rig.context.eip).toBe(0x5004);
  });

  it('ends the run after the step in which a device asked for it', () => {
    rig.ports.onWrite = () => rig.vmm.requestStop();
    put([0x5001, instruction('out', { opcode: 0xe6, immediate: 0xf4, length: 2 })]);
    expect(rig.vmm.run(10).reason).toBe('stopRequested');
    expect(rig.context.eip).toBe(0x5003);
    expect(rig.vmm.run(1).reason).toBe('budget');
  });

  it('injects an exception past its own point', () => {
    rig.vmm.setVectorPoints([{ vector: 13, source: 'any' }]);
    expect(rig.vmm.inject(13, 0x18)).toBeUndefined();
    expect(rig.context.eip).toBe(0xa0d0);
    expect(rig.word(STACK0 - 16)).toBe(0x18);
  });

  it('counts what trapped', () => {
    put([0x5000, instruction('cpuid')], [0x5001, instruction('cpuid')], [0x5002, instruction('ud2')]);
    rig.vmm.run(3);
    expect(rig.statistics.rows()).toEqual([
      { name: 'cpuid', class: 'sensitive', count: 2 },
      { name: '#UD', class: 'fault', count: 1 },
      { name: 'ud2', class: 'sensitive', count: 1 },
    ]);
  });
});
