/** The debugger's run loop on small programs: where each kind of resume stops, and that none hangs. */
import { describe, expect, it } from 'vitest';
import { MachineTarget } from '../../../core/debug/machine-target.ts';
import { linear, type TargetEvent } from '../../../core/debug/target.ts';
import { HANDLER, ToyMachine } from './toy-machine.ts';

function targetOf(machine: ToyMachine): MachineTarget {
  return new MachineTarget(machine, { yieldToHost: () => new Promise((resolve) => setImmediate(resolve)) });
}

/** 100: inc eax; jmp 100 */
const LOOP = [0x40, 0xeb, 0xfd];
const EAX = 0;
const ECX = 1;

describe('continue', () => {
  it('stops at a code point and passes it when it goes on', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    const id = await target.addPoint({ kind: 'code', address: linear(0x101) });
    for (let i = 1; i <= 3; i++) {
      expect(await target.resume({ kind: 'continue' })).toMatchObject({ reason: 'breakpoint', points: [id] });
      expect(machine.context.register(EAX)).toBe(i);
    }
  });

  it('stops at a point under the entry, and under an eip that was written', async () => {
    const target = targetOf(new ToyMachine(LOOP));
    await target.addPoint({ kind: 'code', address: linear(0x100) });
    expect(await target.resume({ kind: 'continue' })).toMatchObject({ reason: 'breakpoint', step: 0 });
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 1 });
    await target.writeRegister(0, 'eip', 0x100);
    expect(await target.resume({ kind: 'continue' })).toMatchObject({ reason: 'breakpoint', step: 1 });
  });

  it('evaluates conditions and scopes without losing a step', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    // eax == 200: reg 0, const8 200, equal, end
    const condition = Uint8Array.of(0x26, 0, 0, 0x22, 200, 0x13, 0x27);
    const id = await target.addPoint({ kind: 'code', address: linear(0x101), condition });
    await target.addPoint({ kind: 'code', address: linear(0x100), scope: { cpl: 3 } });
    await target.addPoint({ kind: 'code', address: linear(0x100), scope: { cr3: 0x5000 } });
    expect(await target.resume({ kind: 'continue' })).toMatchObject({ reason: 'breakpoint', points: [id], step: 399 });
    expect(machine.context.register(EAX)).toBe(200);
  });

  it('names what a watchpoint saw', async () => {
    const target = targetOf(new ToyMachine([0xc6, 0x00, 0x20, 0x55, 0xeb, 0xfa]));
    const id = await target.addPoint({ kind: 'data', address: linear(0x2000), length: 4, access: 'write' });
    expect(await target.resume({ kind: 'continue' })).toMatchObject({
      reason: 'watchpoint',
      points: [id],
      access: { address: { space: 'linear', offset: 0x2000 }, size: 1, kind: 'write', value: 0x55 },
    });
    expect(await target.removePoint(id as number)).toBe(true);
    expect(await target.removePoint(id as number)).toBe(false);
  });

  it('ends with a shutdown for good, until a reset', async () => {
    const target = targetOf(new ToyMachine([0xcc]));
    expect((await target.resume({ kind: 'continue' })).reason).toBe('triple-fault');
    expect((await target.resume({ kind: 'step' })).reason).toBe('triple-fault');
    await target.reset();
    expect(target.lastStop.reason).toBe('entry');
    expect((await target.resume({ kind: 'continue' })).reason).toBe('triple-fault');
  });

  it('stops at the limit exactly', async () => {
    const machine = new ToyMachine(LOOP);
    const target = new MachineTarget(machine, { yieldToHost: async () => undefined, maxSteps: 123_456 });
    expect(await target.resume({ kind: 'continue' })).toMatchObject({ reason: 'limit', step: 123_456 });
  });
});

describe('interrupt', () => {
  it('stops a loop, and an idle or dead guest', async () => {
    for (const program of [LOOP, [0xf4, 0x90], [0xfa, 0xf4, 0x90]]) {
      const target = targetOf(new ToyMachine(program));
      const stopped = target.resume({ kind: 'continue' });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(target.running).toBe(true);
      target.interrupt();
      expect((await stopped).reason).toBe('interrupted');
    }
  });

  it('is remembered while stopped and forgotten by the next controller', async () => {
    const target = targetOf(new ToyMachine(LOOP));
    target.interrupt();
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'interrupted', step: 0 });
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 1 });
    target.interrupt();
    target.claim('another');
    expect((await target.resume({ kind: 'step' })).reason).toBe('step');
  });

  it('reaches a guest whose every instruction is a false condition', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    const condition = Uint8Array.of(0x22, 0, 0x27);
    for (const at of [0x100, 0x101]) await target.addPoint({ kind: 'code', address: linear(at), condition });
    const stopped = target.resume({ kind: 'continue' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    target.interrupt();
    expect((await stopped).reason).toBe('interrupted');
    expect(machine.steps).toBeGreaterThan(10);
  });
});

describe('step', () => {
  it('counts, and stops at a code point on the way', async () => {
    const target = targetOf(new ToyMachine(LOOP));
    expect(await target.resume({ kind: 'step', count: 5 })).toMatchObject({ reason: 'step', step: 5 });
    await target.addPoint({ kind: 'code', address: linear(0x100) });
    expect(await target.resume({ kind: 'step', count: 5 })).toMatchObject({ reason: 'breakpoint', step: 6 });
  });

  it('lets handlers run out of sight, exactly where a free run has them', async () => {
    const machine = new ToyMachine(LOOP);
    machine.period = 7;
    const target = targetOf(machine);
    // A point at the very instruction that is stepped from does not stop the way back to it.
    for (const at of [0x100, 0x101]) await target.addPoint({ kind: 'code', address: linear(at) });
    const free = new ToyMachine(LOOP);
    free.period = 7;
    for (let i = 0; i < 50; i++) {
      const { step } = await target.resume({ kind: 'step' });
      expect([0x100, 0x101]).toContain(machine.context.eip);
      free.run(step - free.steps);
      expect([0, 1, 4].map((n) => free.context.register(n))).toEqual([0, 1, 4].map((n) => machine.context.register(n)));
    }
    expect(machine.context.register(ECX)).toBeGreaterThan(5);
  });

  it('goes into handlers when told to', async () => {
    const machine = new ToyMachine(LOOP);
    machine.period = 3;
    const target = targetOf(machine);
    const seen: number[] = [];
    for (let i = 0; i < 5; i++) {
      await target.resume({ kind: 'step', interrupts: true });
      seen.push(machine.context.eip);
    }
    expect(seen).toContain(HANDLER);
    expect(seen).toContain(HANDLER + 1);
  });

  it('of HLT is one step; the next one waits until the handler is back', async () => {
    const machine = new ToyMachine([0xf4, 0x90, 0x90]);
    machine.period = 1000;
    const target = targetOf(machine);
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 1 });
    expect(machine.context.eip).toBe(0x101);
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 4 });
    expect(machine.context.eip).toBe(0x102);
    expect(machine.context.register(ECX)).toBe(1);
  });

  it('of a dead HLT ends at once', async () => {
    const target = targetOf(new ToyMachine([0xfa, 0xf4, 0x90]));
    await target.resume({ kind: 'step', count: 2 });
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 2 });
  });
});

describe('range', () => {
  /** 100: call 120; 105: inc eax; jmp 100 — 120: inc ecx; ret */
  const CALLS = [0xe8, 0x1b, 0, 0, 0, 0x40, 0xeb, 0xf8];
  const withCallee = () => {
    const machine = new ToyMachine(CALLS);
    machine.memory.set([0x41, 0xc3], 0x120);
    return machine;
  };

  it('ends where execution leaves it: in the callee, or behind the call when stepping over', async () => {
    const into = withCallee();
    await targetOf(into).resume({ kind: 'range', start: 0x100, end: 0x105 });
    expect(into.context.eip).toBe(0x120);
    const over = withCallee();
    await targetOf(over).resume({ kind: 'range', start: 0x100, end: 0x105, over: true });
    expect(over.context.eip).toBe(0x105);
    expect(over.context.register(ECX)).toBe(1);
  });

  it('steps over a call whose callee calls on', async () => {
    const machine = new ToyMachine([0x41, 0xeb, 0x0d]);
    // 110: call 120; 115: nop — 120: inc ecx; call 128; ret — 128: ret.
    machine.memory.set([0xe8, 0x0b, 0, 0, 0, 0x90], 0x110);
    machine.memory.set([0x41, 0xe8, 2, 0, 0, 0, 0xc3, 0x90, 0xc3], 0x120);
    const target = targetOf(machine);
    await target.resume({ kind: 'step', count: 2 });
    expect(await target.resume({ kind: 'range', start: 0x110, end: 0x115, over: true })).toMatchObject({
      reason: 'step',
    });
    expect(machine.context.eip).toBe(0x115);
  });

  it('stops at a breakpoint inside what it steps over', async () => {
    const machine = withCallee();
    const target = targetOf(machine);
    const id = await target.addPoint({ kind: 'code', address: linear(0x121) });
    expect(await target.resume({ kind: 'range', start: 0x100, end: 0x105, over: true })).toMatchObject({
      reason: 'breakpoint',
      points: [id],
    });
  });

  it('lets a loop that waits for an interrupt have it, out of sight', async () => {
    const machine = new ToyMachine(LOOP);
    machine.period = 50;
    const target = targetOf(machine);
    const stopped = target.resume({ kind: 'range', start: 0x100, end: 0x103 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    target.interrupt();
    expect((await stopped).reason).toBe('interrupted');
    expect(machine.context.register(ECX)).toBeGreaterThan(2);
  });
});

it('until runs to the return and not to an inner one', async () => {
  const machine = new ToyMachine(LOOP);
  // 200: call 210; 205: nop — 210: inc ecx; ret
  machine.memory.set([0xe8, 0x0b, 0, 0, 0, 0x90], 0x200);
  machine.memory.set([0x41, 0xc3], 0x210);
  machine.context.eip = 0x200;
  const target = targetOf(machine);
  await target.resume({ kind: 'step' });
  expect(machine.context.eip).toBe(0x210);
  expect((await target.resume({ kind: 'until', address: 0x205, frame: 0x7ffc })).reason).toBe('step');
  expect(machine.context.eip).toBe(0x205);
});

describe('a target', () => {
  it('tells listeners when it runs and stops', async () => {
    const target = targetOf(new ToyMachine(LOOP));
    const events: TargetEvent['kind'][] = [];
    const unsubscribe = target.subscribe(({ kind }) => events.push(kind));
    await target.resume({ kind: 'step' });
    unsubscribe();
    await target.resume({ kind: 'step' });
    expect(events).toEqual(['resumed', 'stopped']);
  });

  it('has one controller, and a guest reset is a stop while it has', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    const release = target.claim('first');
    expect(target.controller).toBe('first');
    expect(target.claim('second')).toBeUndefined();
    expect(machine.onReset).toBe('stop');
    release?.();
    release?.();
    expect([target.controller, machine.onReset]).toEqual([undefined, 'reboot']);
    expect(target.claim('second')).toBeDefined();
  });

  it('logs what a debugger writes and reads without it', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    expect(await target.writeMemory(linear(0x2ffe), Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect([...(await target.readMemory(linear(0x2ffe), 4))]).toEqual([1, 2, 3, 4]);
    expect(await target.writeMemory(linear(0xffff), Uint8Array.of(1, 2))).toBe(1);
    expect(await target.writeMemory({ space: 'port', offset: 0x60 }, Uint8Array.of(1))).toBe(0);
    expect(await target.writeRegister(0, 'steps', 1)).toMatchObject({ ok: false });
    expect(machine.inputs.map(({ kind }) => kind)).toEqual(['memory', 'memory', 'memory']);
  });

  it('arms a thousand points with one list', async () => {
    const machine = new ToyMachine(LOOP);
    const target = targetOf(machine);
    for (let i = 0; i < 1000; i++) await target.addPoint({ kind: 'code', address: linear(0x4000 + i) });
    const id = await target.addPoint({ kind: 'code', address: linear(0x101) });
    expect(await target.resume({ kind: 'continue' })).toMatchObject({ points: [id] });
    expect(machine.runs).toBe(1);
  });

  it('answers monitor commands', async () => {
    const target = targetOf(new ToyMachine(LOOP));
    expect(await target.monitor('help')).toMatch(/^help -- .*\nstats -- /);
    expect(await target.monitor('stats')).toMatch(/^steps 0\n.*\nhlt +privileged +3\n$/);
    expect(await target.monitor('info  registers')).toMatch(/EIP=00000100/);
    expect(await target.monitor('xp/1xb 0x100')).toBe('0000000000000100: 0x40\n');
    expect(await target.monitor('x/1xb $eip')).toBe('00000100: 0x40\n');
    expect(await target.monitor('info nothing')).toBeUndefined();
    expect(await target.monitor('xq')).toBeUndefined();
  });
});
