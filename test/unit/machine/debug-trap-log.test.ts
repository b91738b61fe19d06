/** Inputs that a debugger logs between a step and its debug trap: they come in there again. */
import { describe, expect, it } from 'vitest';
import { Replay } from '../../../core/machine/replay.ts';
import { ACCESS, type BreakpointRig, breakpointRig, DATA, dr7, setRegister, WRITE } from './breakpoint-rig.ts';
import { dword } from './handler-rig.ts';

const NOP = 0x90;
const LOOP = [0xeb, 0xfe];
const TF = 0x102;

describe.each([
  ['a breakpoint', (rig: BreakpointRig) => rig.arm({ address: DATA, on: WRITE, length: 4 })],
  ['single-step', (rig: BreakpointRig) => setRegister(rig, 'eflags', TF)],
])('the trap of %s', (_, arm) => {
  const build = () => {
    // mov [DATA],ebx
    const rig = breakpointRig(0, [0x89, 0x1d, ...dword(DATA), NOP, NOP, ...LOOP]);
    arm(rig);
    return rig;
  };

  it.each([0, 1, 2])('waits for an input when %i events have been delivered', (delivered) => {
    const { machine, ...rest } = build();
    const { steps, inputLog } = machine;
    const armed = inputLog.records.length;
    machine.setDataPoints([{ id: 1, space: 'linear', address: DATA, length: 4, access: 'write' }]);
    expect(machine.run(100).kind).toBe('watch');
    // The second delivery is of an exception that the debugger asks for before the handler begins.
    if (delivered > 0) machine.run(1, { deliveries: 1 });
    if (delivered > 1) machine.inject(1);
    expect(machine.position).toMatchObject({ step: steps + 1, deliveries: delivered });
    setRegister({ machine, ...rest }, 'ecx', 77);
    machine.setDataPoints([]);
    machine.run(200);
    const again = build().machine;
    again.attach(new Replay(again, { version: 1, records: machine.inputLog.records.slice(armed) }));
    again.run(machine.steps - again.steps);
    expect(again.stateHash()).toBe(machine.stateHash());
  });
});

it('a debugger that reads a descriptor and then disarms leaves nothing for the next arming', () => {
  // mov dr7,eax
  const rig = breakpointRig(0, [NOP, 0x0f, 0x23, 0xf8, NOP, ...LOOP]);
  const { context, cpu } = rig.machine.vcpus[0];
  const selector = context.selector(3);
  rig.arm({ address: cpu.gdtr.base + (selector & ~7), on: ACCESS, length: 4 });
  setRegister(rig, 'ds', selector);
  rig.arm();
  setRegister(rig, 'eax', dr7([{ address: 0, on: ACCESS, length: 4 }]));
  rig.machine.run(100);
  expect([cpu.dr[7] & 1, rig.log()]).toEqual([1, []]);
});
