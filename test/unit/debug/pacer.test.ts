/** A guest's idle time takes as long on the host, by a host whose clock the test holds; the guest sees none of it. */
import { expect, it } from 'vitest';
import { MachineTarget } from '../../../core/debug/machine-target.ts';
import { linear } from '../../../core/debug/target.ts';
import { HANDLER, ToyMachine } from './toy-machine.ts';

const ECX = 1;
/** 100: hlt; jmp 100. The handler: inc ecx; iret. Four steps a round, and a tick of this machine is a millisecond. */
const IDLES = [0xf4, 0xeb, 0xfd];
const PERIOD = 50;
const ROUNDS = 100;
const IDLE_MS = ROUNDS * (PERIOD - 4);
/** As far as a guest may run ahead. */
const SLACK_MS = 20;

/**
 * @param busy milliseconds that the host needs for something else at each of its turns
 * @param late milliseconds that it wakes too late
 */
function host(busy = 0, late = 0) {
  let now = 0;
  let slept = 0;
  let longest = 0;
  return {
    slept: () => slept,
    longest: () => longest,
    passed: () => now,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    services: {
      milliseconds: () => now,
      yieldToHost: async () => {
        now += busy;
      },
      sleep: async (milliseconds: number) => {
        slept += milliseconds;
        longest = Math.max(longest, milliseconds);
        now += milliseconds + late;
      },
    },
  };
}

function idling(): ToyMachine {
  const machine = new ToyMachine(IDLES);
  machine.period = PERIOD;
  return machine;
}

it('waits as long as the guest idles, and the guest runs as without', async () => {
  const [paced, plain] = [idling(), idling()];
  const clock = host();
  const limit = { maxSteps: 4 * ROUNDS };
  await new MachineTarget(paced, { ...clock.services, ...limit }).resume({ kind: 'continue' });
  await new MachineTarget(plain, { yieldToHost: async () => undefined, ...limit }).resume({ kind: 'continue' });
  expect(Math.abs(clock.slept() - IDLE_MS)).toBeLessThan(SLACK_MS);
  expect([paced.context.register(ECX), paced.context.eip, paced.steps, paced.clock.now()]).toEqual([
    plain.context.register(ECX),
    plain.context.eip,
    plain.steps,
    plain.clock.now(),
  ]);
});

it('does not wait for time that the host lost itself', async () => {
  const clock = host(3);
  const target = new MachineTarget(idling(), { ...clock.services, maxSteps: 4 * ROUNDS });
  await target.resume({ kind: 'continue' });
  expect(clock.slept()).toBeLessThan(IDLE_MS);
  expect(Math.abs(clock.passed() - IDLE_MS)).toBeLessThan(SLACK_MS + 4 * ROUNDS);
});

it('makes up for a host that wakes late', async () => {
  const late = 40;
  const clock = host(0, late);
  const target = new MachineTarget(idling(), { ...clock.services, maxSteps: 4 * ROUNDS });
  await target.resume({ kind: 'continue' });
  expect(Math.abs(clock.passed() - IDLE_MS)).toBeLessThan(SLACK_MS + late);
});

it('waits between runs that end at every tick, but not for the time that a user looked', async () => {
  const machine = idling();
  const clock = host();
  const target = new MachineTarget(machine, clock.services);
  await target.addPoint({ kind: 'code', address: linear(HANDLER) });
  for (let i = 0; i < ROUNDS; i++) await target.resume({ kind: 'continue' });
  expect(Math.abs(clock.slept() - IDLE_MS)).toBeLessThan(PERIOD + SLACK_MS);
  const before = clock.slept();
  clock.pass(1000);
  await target.resume({ kind: 'step', interrupts: true });
  expect(clock.slept()).toBe(before);
});

it('waits also where a condition turns every tick down', async () => {
  const machine = idling();
  const clock = host();
  const target = new MachineTarget(machine, { ...clock.services, maxSteps: 4 * ROUNDS });
  await target.addPoint({ kind: 'code', address: linear(HANDLER), condition: Uint8Array.of(0x22, 0, 0x27) });
  expect((await target.resume({ kind: 'continue' })).reason).toBe('limit');
  expect(Math.abs(clock.slept() - IDLE_MS)).toBeLessThan(SLACK_MS);
});

it('a step over HLT waits for what ends it', async () => {
  const clock = host();
  const target = new MachineTarget(idling(), clock.services);
  await target.resume({ kind: 'step' });
  expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step' });
  expect(clock.slept()).toBeGreaterThan(PERIOD - SLACK_MS);
});

it('hears an interrupt soon, however long the guest is going to halt', async () => {
  for (const how of [{ kind: 'continue' }, { kind: 'step' }, { kind: 'step', interrupts: true }] as const) {
    const machine = idling();
    machine.period = 1e9;
    const clock = host();
    let target: MachineTarget | undefined;
    const sleep = async (milliseconds: number) => {
      await clock.services.sleep(milliseconds);
      if (clock.slept() > 1000) target?.interrupt();
    };
    target = new MachineTarget(machine, { ...clock.services, sleep });
    await target.resume({ kind: 'step' });
    expect((await target.resume(how)).reason).toBe('interrupted');
    expect(clock.slept()).toBeLessThan(1000 + 2 * SLACK_MS);
    expect(clock.longest()).toBeLessThanOrEqual(SLACK_MS);
  }
});

it('says of a guest that halts with interrupts off that nothing will wake it', async () => {
  // cli; hlt
  const machine = new ToyMachine([0xfa, 0xf4]);
  machine.period = PERIOD;
  const clock = host();
  const target = new MachineTarget(machine, clock.services);
  const idle: boolean[] = [];
  target.subscribe((event) => {
    if (event.kind !== 'idle') return;
    idle.push(event.dead);
    target.interrupt();
  });
  expect((await target.resume({ kind: 'continue' })).reason).toBe('interrupted');
  expect(idle).toEqual([true]);
  expect((await target.resume({ kind: 'step' })).reason).toBe('step');
  expect([machine.steps, clock.slept()]).toEqual([2, 0]);
});

it('gives the host its turn between runs that end at once, as at a log point', async () => {
  for (const hasClock of [true, false]) {
    const clock = host();
    let turns = 0;
    const target = new MachineTarget(new ToyMachine([0x40, 0xeb, 0xfd]), {
      milliseconds: hasClock ? clock.services.milliseconds : undefined,
      yieldToHost: async () => {
        turns++;
      },
    });
    await target.addPoint({ kind: 'code', address: linear(0x100) });
    for (let i = 0; i < 640; i++) {
      await target.resume({ kind: 'continue' });
      clock.pass(1);
    }
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(turns).toBeLessThan(640 / 6);
  }
});
