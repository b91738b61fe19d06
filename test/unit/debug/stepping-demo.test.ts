/** A debugger that steps through the demo kernel, timer and all, leaves it as a run without one would. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine, MachineTarget, type Resume } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);
const DEMO = readFileSync(fileURLToPath(new URL('../../../server/demo/demo.elf', import.meta.url)));

function demo(): Machine {
  const image = { name: 'demo', bytes: DEMO, append: '', modules: [] };
  return new Machine({ ...DEFAULT_CONFIG, memory: 16, image }, TIER0);
}

function targetOf(machine: Machine): MachineTarget {
  return new MachineTarget(machine, { yieldToHost: () => Promise.resolve() });
}

/** Both run to `step`; a halted guest lets time pass, not steps. */
function runTo(machine: Machine, step: number): void {
  while (machine.steps < step) expect(machine.run(step - machine.steps).kind).toBe('slice');
}

async function expectSame(how: (machine: Machine) => Resume, times: number): Promise<void> {
  const stepped = demo();
  const free = demo();
  const target = targetOf(stepped);
  for (let start = 20_000; start < 540_000; start += 90_000) {
    runTo(stepped, start);
    for (let i = 0; i < times && stepped.steps < 550_000; i++) {
      expect((await target.resume(how(stepped))).reason).toBe('step');
    }
    runTo(free, stepped.steps);
    expect(stepped.stateHash()).toBe(free.stateHash());
  }
}

describe('the state hash after', () => {
  it('single steps that pass interrupts', () => expectSame(() => ({ kind: 'step' }), 250));

  it('single steps that show interrupts', () => expectSame(() => ({ kind: 'step', interrupts: true }), 250));

  it('steps through ranges, over calls and into them', () =>
    expectSame(({ vcpus, steps }) => {
      const { eip } = vcpus[0].context;
      return { kind: 'range', start: eip, end: eip + 1 + (steps % 23), over: steps % 2 === 0 };
    }, 40));
});
