/**
 * A run is a function of image, configuration and input log: the state hash at a position does not depend on
 * how the host slices the run, on saving and loading, or on a debugger that steps along.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, type InputLog, Machine, MachineTarget, Replay } from '../../core/index.ts';
import { guestImage } from '../guests/build.ts';

const DIST = fileURLToPath(new URL('../../dist/', import.meta.url));
const TIER0 = new WebAssembly.Module(readFileSync(join(DIST, 'tier0.wasm')));
const DEMO = readFileSync(join(DIST, 'demo.elf'));
/** The demo powers off after about 560,000 steps. */
const DEMO_STEPS = 550_000;

function machineOf(image: Uint8Array, memory = 16, tier: 0 | 1 = 0): Machine {
  return new Machine(
    { ...DEFAULT_CONFIG, memory, tier, image: { name: 'guest', bytes: image, append: '', modules: [] } },
    TIER0,
  );
}

/** Seeded random numbers below `limit`, so that a failure can be repeated. */
function randomSource(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function positions(count: number, last: number, seed: number): number[] {
  const random = randomSource(seed);
  return Array.from({ length: count }, () => 1 + random(last)).sort((a, b) => a - b);
}

/** Runs to exactly `step`, in calls of at most `slice` steps. */
function runTo(machine: Machine, step: number, slice = Number.POSITIVE_INFINITY): void {
  while (machine.steps < step) {
    const event = machine.run(Math.min(slice, step - machine.steps));
    if (event.kind !== 'slice') throw new Error(`${event.kind} at step ${machine.steps}`);
  }
}

function hashesAt(machine: Machine, steps: readonly number[], slice?: number): string[] {
  return steps.map((step) => {
    runTo(machine, step, slice);
    return machine.stateHash();
  });
}

const PLACES = positions(100, DEMO_STEPS, 1);
const EXPECTED = hashesAt(machineOf(DEMO), PLACES);

describe('the state hash at 100 positions of the demo', () => {
  it('changes with every position', () => {
    expect(new Set(EXPECTED).size).toBe(new Set(PLACES).size);
  });

  it('is the same in a second run, whatever the slices', () => {
    expect(hashesAt(machineOf(DEMO), PLACES, 777)).toEqual(EXPECTED);
  });

  it('is the same in tier 1', () => {
    expect(hashesAt(machineOf(DEMO, 16, 1), PLACES)).toEqual(EXPECTED);
  });

  it('is the same after saving and loading at random steps', () => {
    const machines = [machineOf(DEMO), machineOf(DEMO)];
    const random = randomSource(2);
    const hashes = PLACES.map((step, index) => {
      const machine = machines[index % 2];
      const next = machines[(index + 1) % 2];
      runTo(machine, machine.steps + random(step - machine.steps + 1));
      next.load(machine.save());
      runTo(next, step);
      return next.stateHash();
    });
    expect(hashes).toEqual(EXPECTED);
  });

  it('is the same right after loading', () => {
    const machine = machineOf(DEMO);
    runTo(machine, 123_456);
    const other = machineOf(DEMO);
    other.load(structuredClone(machine.save()));
    expect(other.stateHash()).toBe(machine.stateHash());
  });

  it('is the same when a debugger single-steps 10,000 instructions before each', async () => {
    const machine = machineOf(DEMO);
    const target = new MachineTarget(machine, { yieldToHost: () => Promise.resolve() });
    const hashes: string[] = [];
    for (const step of PLACES) {
      const from = Math.max(machine.steps, step - 10_000);
      runTo(machine, from);
      while (machine.steps < step) {
        const stop = await target.resume({ kind: 'step', interrupts: true });
        expect(stop.reason).toBe('step');
      }
      hashes.push(machine.stateHash());
    }
    expect(hashes).toEqual(EXPECTED);
  }, 300_000);

  it('is the same with points armed that stop nothing', () => {
    const machine = machineOf(DEMO);
    machine.setCodePoints(new Set([0x12345678, 0xc0100000 - 4]));
    machine.setDataPoints([{ id: 1, space: 'physical', address: 0x500, length: 4, access: 'write' }]);
    machine.setVectorPoints([{ vector: 200, source: 'any' }]);
    expect(hashesAt(machine, PLACES)).toEqual(EXPECTED);
  });
});

describe('an input log', () => {
  const ECHO = guestImage('echo');
  const STEPS = positions(100, 60_000, 3);

  /** Types at random positions, as a user would: between two slices of whatever length. */
  function record(): { hashes: string[]; log: InputLog } {
    const machine = machineOf(ECHO);
    const random = randomSource(4);
    const hashes = STEPS.map((step) => {
      while (machine.steps < step) {
        if (random(4) === 0) machine.input({ kind: 'serial', bytes: [97 + random(10), 48 + random(10)] });
        if (random(50) === 0) machine.input({ kind: 'keys', codes: [0x1c, 0xf0, 0x1c] });
        if (random(300) === 0) machine.input({ kind: 'memory', physical: 0x5000, bytes: [random(256)] });
        if (random(900) === 0) machine.input({ kind: 'reset' });
        // Last, so that a hash is never taken after an input of its own position, which a replay makes on going on.
        machine.run(Math.min(1 + random(400), step - machine.steps), {
          untilTick: machine.clock.now() + random(200_000),
        });
      }
      return machine.stateHash();
    });
    return { hashes, log: machine.inputLog };
  }

  it('with serial input reproduces the run bit for bit', () => {
    const { hashes, log } = record();
    expect(log.records.length).toBeGreaterThan(50);
    const stored = JSON.parse(JSON.stringify(log)) as InputLog;
    const machine = machineOf(ECHO);
    machine.attach(new Replay(machine, stored));
    expect(hashesAt(machine, STEPS)).toEqual(hashes);
    expect(machine.inputLog).toEqual(log);
  });

  it('of a debugger that waits for idle time, with keys typed meanwhile, gives the same without waiting', async () => {
    const machine = machineOf(ECHO);
    const random = randomSource(5);
    let host = 0;
    const target = new MachineTarget(machine, {
      milliseconds: () => host,
      yieldToHost: () => Promise.resolve(),
      sleep: async (milliseconds) => {
        // Hosts wake late.
        host += milliseconds + random(4);
        if (random(2) === 0) await target.sendSerial(Uint8Array.of(97 + random(10)));
        if (random(4) === 0) target.interrupt();
      },
    });
    const hows = [{ kind: 'step' }, { kind: 'step', interrupts: true }, { kind: 'continue' }] as const;
    const seen: { step: number; hash: string }[] = [];
    while (seen.length < 100) {
      await target.resume(hows[random(3)]);
      // A hash is never taken after an input of its own position, nor in the middle of idle time.
      const { steps } = machine;
      await target.resume({ kind: 'step' });
      if (machine.steps > steps) seen.push({ step: machine.steps, hash: machine.stateHash() });
    }
    expect(host).toBeGreaterThan(1000);
    expect(machine.inputLog.records.length).toBeGreaterThan(50);
    const again = machineOf(ECHO);
    again.attach(new Replay(again, machine.inputLog));
    expect(
      hashesAt(
        again,
        seen.map(({ step }) => step),
      ),
    ).toEqual(seen.map(({ hash }) => hash));
  });

  it('of another run is refused', () => {
    const { log } = record();
    const machine = machineOf(DEMO);
    machine.attach(new Replay(machine, log));
    expect(() => runTo(machine, DEMO_STEPS)).toThrow(/differs from the log/);
  });
});

describe('the state hash', () => {
  it('of 128 MiB is quick', () => {
    const machine = machineOf(DEMO, 128);
    runTo(machine, 200_000);
    const before = process.cpuUsage();
    for (let i = 0; i < 10; i++) machine.stateHash();
    // 100 positions over two runs have to stay a matter of seconds; CPU time, because others may be using the host.
    expect(process.cpuUsage(before).user / 10_000).toBeLessThan(400);
  });
});
