/** x87 errors with CR0.NE clear: FERR# as request 13, port F0h, IGNNE# (SDM vol. 1, 8.7.2 and appendix D.1). */
import { describe, expect, it } from 'vitest';
import { MachineTarget } from '../../../core/index.ts';
import { bootSector } from '../../guests/build.ts';
import { EXIT, finish, machineOf, START, words } from './real-mode.ts';

/** 7100h: how often a handler ran · 7102h: status word it found · 7104h: IP it returns to. */
const COUNT = 0x7100;
const EOI = 'mov $0x20, %al; out %al, $0xa0; out %al, $0x20;';
const HOST = { yieldToHost: () => new Promise<void>((resolve) => setImmediate(resolve)) };
/** Division by zero is unmasked; the vector of request 13 is ours. */
const SETUP = `${START}
  movw $handler, 0x75*4; movw $0, 0x75*4+2; movl $0, ${COUNT}
  fninit; fldcw control; sti`;
const DIVIDE = 'fld1; fldz; fdivrp;';

function program(body: string, handler: string): Uint8Array {
  return bootSector(`${SETUP}\n${body}\n${EXIT}
  handler: incw ${COUNT}; push %ax; ${handler} pop %ax; iret
  control: .word 0x37b`);
}

/** Count, status, IP; and the IP that the program left at 7106h to compare with. */
function run(body: string, handler: string): number[] {
  const machine = machineOf(program(body, handler));
  finish(machine);
  return words(machine, COUNT, 4);
}

const CLEARING = `fnstsw 0x7102; mov $0, %al; out %al, $0xf0; fnclex; ${EOI}`;

describe('an x87 error with CR0.NE clear', () => {
  it.each(['fwait', 'fld1', 'fstsw 0x7200'])('is request 13 at the next %s, which then executes', (waiting) => {
    const marked = `${DIVIDE} movw $here, 0x7106; here: ${waiting}`;
    const returns = `push %bp; mov %sp, %bp; mov 4(%bp), %ax; mov %ax, 0x7104; pop %bp; ${CLEARING}`;
    const [count, status, from, at] = run(marked, returns);
    expect([count, status & 0x84, from]).toEqual([1, 0x84, at]);
  });

  it('is not seen by instructions that do not wait', () => {
    expect(run(`${DIVIDE} fnstsw %ax; fnstcw 0x7200; fnclex; fwait`, CLEARING)[0]).toBe(0);
  });

  it('comes also right behind STI', () => {
    expect(run(`cli; ${DIVIDE} sti; fwait`, CLEARING)[0]).toBe(1);
  });

  it('comes as INT 2 by way of the ROM', () => {
    const hooked = `movw $handler, 2*4; movw $0, 2*4+2; movw $0xe7a0, 0x75*4; movw $0xf000, 0x75*4+2`;
    expect(run(`${hooked}; ${DIVIDE} fwait; ${DIVIDE} fwait`, 'fnclex;')[0]).toBe(2);
  });

  it('lets a handler that wrote port F0h use the x87, until the error is cleared', () => {
    // The environment is stored, with waiting instructions, while the error is pending.
    const using = `mov $0, %al; out %al, $0xf0; fld1; fstps 0x7200; fstsw 0x7102; fnclex; ${EOI}`;
    const [count, status] = run(`${DIVIDE} fwait; ${DIVIDE} fwait`, using);
    expect([count, status & 0x84]).toEqual([2, 0x84]);
  });

  it('is ignored as long as nobody clears it', () => {
    const [count] = run(`${DIVIDE} fwait; fld1; fwait; fnclex; ${DIVIDE} fwait`, `out %al, $0xf0; ${EOI}`);
    expect(count).toBe(2);
  });

  it('stops the processor where no interrupt may come', () => {
    const machine = machineOf(program(`cli; ${DIVIDE} here: fwait`, CLEARING));
    expect(machine.run(10_000_000)).toMatchObject({ kind: 'idle', dead: true });
    const { context, space, cpu } = machine.vcpus[0];
    expect([cpu.halted, ...space.readLinear(context.eip, 1)]).toEqual([true, 0x9b]);
    machine.reset();
    expect(machine.run(10_000_000)).toMatchObject({ kind: 'idle', dead: true });
  });

  it('has its handler passed by a step of the debugger, and ends the step when nothing can come', async () => {
    for (const [first, moved] of [
      ['sti', 1],
      ['cli', 0],
    ] as const) {
      const machine = machineOf(program(`${first}; ${DIVIDE} fwait`, CLEARING));
      const target = new MachineTarget(machine, HOST);
      const { context, space } = machine.vcpus[0];
      const isWait = () => context.eip >= 0x7c00 && space.readLinear(context.eip, 1)[0] === 0x9b;
      while (!isWait()) await target.resume({ kind: 'step' });
      const at = context.eip;
      expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step' });
      expect([context.eip - at, words(machine, COUNT, 1)[0]]).toEqual([moved, moved]);
    }
  });

  it('takes no other time with a debugger that steps', async () => {
    const image = program(`${DIVIDE} fwait; ${DIVIDE} fwait`, CLEARING);
    const alone = machineOf(image);
    finish(alone);
    const machine = machineOf(image);
    const target = new MachineTarget(machine, HOST);
    let stop = await target.resume({ kind: 'step' });
    while (stop.reason === 'step' && machine.steps < alone.steps) stop = await target.resume({ kind: 'step' });
    expect([stop.reason, machine.clock.now()]).toEqual(['exit', alone.clock.now()]);
    expect(machine.stateHash()).toBe(alone.stateHash());
  });

  it('whose request is masked keeps a step waiting among other interrupts, until the user has enough', async () => {
    const machine = machineOf(program(`mov $0xff, %al; out %al, $0xa1; ${DIVIDE} movw $1, 0x7300; fwait`, CLEARING));
    while (words(machine, 0x7300, 1)[0] === 0) machine.run(1);
    const { context } = machine.vcpus[0];
    const at = context.eip;
    // A clock on which every look takes a second, so that the host's turn comes soon.
    let now = 0;
    const target = new MachineTarget(machine, { ...HOST, milliseconds: () => (now += 1000) });
    setImmediate(() => target.interrupt());
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'interrupted' });
    expect([context.eip, words(machine, COUNT, 1)[0]]).toEqual([at, 0]);
    const limited = new MachineTarget(machine, { ...HOST, maxSteps: machine.steps + 100 });
    expect(await limited.resume({ kind: 'step' })).toMatchObject({ reason: 'limit' });
  });

  it('goes on in a machine that was saved anywhere on the way', () => {
    const using = `mov $0, %al; out %al, $0xf0; fld1; fstps 0x7200; fnclex; ${EOI}`;
    const image = program(`mov $7, %cx; movw $1, 0x7300; ${DIVIDE} fwait; ${DIVIDE} fwait`, using);
    const machine = machineOf(image);
    while (words(machine, 0x7300, 1)[0] === 0) machine.run(1);
    const states = Array.from({ length: 24 }, () => {
      machine.run(1);
      return machine.save();
    });
    finish(machine);
    const end = [machine.stateHash(), ...words(machine, COUNT, 1)];
    expect(end[1]).toBe(2);
    const other = machineOf(image);
    for (const state of states) {
      other.load(state);
      finish(other);
      expect([other.stateHash(), ...words(other, COUNT, 1)]).toEqual(end);
    }
  });
});
