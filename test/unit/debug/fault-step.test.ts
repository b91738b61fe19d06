/** A single step of an instruction that faults ends where its handler begins, whichever way interrupts go. */
import { expect, it } from 'vitest';
import { MachineTarget } from '../../../core/index.ts';
import { HANDLER, handlerRig } from '../machine/handler-rig.ts';

const NOP = 0x90;
const UD = 6;
const UD2 = [0x0f, 0x0b];

/** The rig's handler serves #UD, too. */
function faultRig(code: readonly number[]) {
  const rig = handlerRig(0, code, [NOP, NOP]);
  const { machine } = rig;
  const { base } = machine.vcpus[0].cpu.idtr;
  machine.physical.write('loader', base + 8 * UD, machine.physical.read(base + 8, 8));
  return { ...rig, target: new MachineTarget(machine, { yieldToHost: () => Promise.resolve() }) };
}

it.each([true, false])('at its first instruction (interrupts shown: %s)', async (interrupts) => {
  const { machine, entry, target } = faultRig([NOP, ...UD2]);
  const { context } = machine.vcpus[0];
  const seen: number[] = [];
  for (let i = 0; i < 4; i++) {
    expect((await target.resume({ kind: 'step', interrupts })).reason).toBe('step');
    seen.push(context.eip);
  }
  expect(seen).toEqual([entry + 1, HANDLER, HANDLER + 1, HANDLER + 2]);
});

it('and a code point there is stopped at once, not again when the run goes on', async () => {
  const { machine, entry, target } = faultRig([...UD2, NOP]);
  const { context } = machine.vcpus[0];
  for (const offset of [HANDLER, HANDLER + 1])
    await target.addPoint({ kind: 'code', address: { space: 'linear', offset } });
  await target.resume({ kind: 'step' });
  expect([context.eip, machine.physical.word(context.register(4))]).toEqual([HANDLER, entry]);
  expect((await target.resume({ kind: 'continue' })).reason).toBe('breakpoint');
  expect(context.eip).toBe(HANDLER + 1);
});
