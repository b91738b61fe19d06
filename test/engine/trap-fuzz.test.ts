/**
 * Random code under the whole monitor: whatever a guest executes, the loop comes back with a documented exit,
 * the budget is kept and the privileged state stays consistent.
 */
import { describe, expect, it } from 'vitest';
import { AC } from '../../core/isa/eflags.ts';
import { CS, SS } from '../../core/isa/registers.ts';
import { CR0_AM } from '../../core/vmm/virtual-cpu.ts';
import { prepare, trapRig } from './trap-rig.ts';

const REASONS = new Set(['budget', 'halted', 'shutdown', 'refused']);
const STEPS = 300;
/** `FUZZ_SEEDS=10000` for the long run. */
const SEEDS = Number(process.env.FUZZ_SEEDS ?? 600);
const rig = trapRig();

function expectConsistent(): void {
  const { cpu, context } = rig;
  expect(context.user).toBe(cpu.cpl === 3);
  expect(context.eflags & 0x20000).toBe(0);
  expect(context.alignmentChecked).toBe(cpu.cpl === 3 && (cpu.cr0 & CR0_AM) !== 0 && (context.eflags & AC) !== 0);
  if (!cpu.protectedMode) {
    expect(cpu.cpl).toBe(0);
    return;
  }
  // Until the first far jump CS still holds what real mode left.
  const fromReal = (context.segmentAccess(CS) & 0x800) === 0;
  if (!fromReal) expect(context.selector(CS) & 3).toBe(cpu.cpl);
  if (!fromReal && cpu.cpl === 3) expect((context.segmentAccess(SS) >>> 13) & 3).toBe(3);
}

describe('random code under the monitor', () => {
  it.each([1, 2, 3, 4])(
    'keeps the loop sound, part %i',
    (part) => {
      for (let seed = part * 10_000; seed < part * 10_000 + SEEDS / 4; seed++) {
        const next = prepare(rig, seed);
        const before = rig.vmm.steps;
        let left = STEPS;
        while (left > 0) {
          const slice = Math.min(left, 1 + (next() % 100));
          const from = rig.vmm.steps;
          const { reason, message } = rig.vmm.run(slice);
          expect(REASONS.has(reason), `seed ${seed}: ${reason}`).toBe(true);
          expect(rig.vmm.steps - from, `seed ${seed}`).toBeLessThanOrEqual(slice);
          if (reason === 'budget') expect(rig.vmm.steps - from, `seed ${seed}`).toBe(slice);
          if (reason === 'refused') expect(message).toMatch(/is not built yet$/);
          expectConsistent();
          if (reason !== 'budget') break;
          left -= slice;
        }
        expect(rig.vmm.steps - before).toBeLessThanOrEqual(STEPS);
      }
    },
    300_000,
  );
});
