/**
 * RF in the EFLAGS image of what is delivered within a repeated string instruction: set between two iterations,
 * clear after the last one (SDM vol. 3, 17.3.1.1).
 */
import { expect, it } from 'vitest';
import { RF, TF } from '../../../core/isa/eflags.ts';
import { DS } from '../../../core/isa/registers.ts';
import { COLD_STEPS } from '../../../core/vcpu/direct-engine.ts';
import { dword, END_OF_INTERRUPT, handlerRig } from './handler-rig.ts';

const COUNT = 300;
/** mov ecx,COUNT; mov esi,200000h; mov edi,210000h; rep movsb; inc ebx; jmp back: the repetition and four more steps. */
const CODE = [
  ...[0xb9, ...dword(COUNT), 0xbe, ...dword(0x200000), 0xbf, ...dword(0x210000)],
  ...[0xf3, 0xa4, 0x43, 0xeb, 0xec],
];
const REPEAT = 15;
const ROUND = COUNT + 5;
/** Says what it was called with at 9000h: EIP, EFLAGS and ECX. mov eax,[esp]; mov [9000h],eax; … */
const HANDLER_CODE = [
  ...[0x8b, 0x04, 0x24, 0xa3, ...dword(0x9000), 0x8b, 0x44, 0x24, 0x08, 0xa3, ...dword(0x9004)],
  ...[0x89, 0x0d, ...dword(0x9008), ...END_OF_INTERRUPT],
];
const HANDLER_STEPS = 8;

/** The data segment ends behind the fifth byte from where REP MOVSB or REP OUTSB reads: the sixth iteration is #GP. */
const GENERAL_PROTECTION = 13;
const ITERATIONS = 5;
const FAULTING = {
  'REP MOVSB': CODE,
  'REP OUTSB': [...CODE.slice(0, REPEAT), 0xf3, 0x6e],
};

for (const tier of [0, 1] as const) {
  it(`is set for an interrupt between two iterations and for no other, tier ${tier}`, () => {
    const { machine, line, entry } = handlerRig(tier, CODE, HANDLER_CODE);
    const seen: unknown[] = [];
    const wanted: unknown[] = [];
    // The interrupt at every place of the round but one, so that it wanders; in cold and in hot code.
    let place = 0;
    while (machine.steps < COLD_STEPS + 40 * ROUND) {
      const gap = ROUND - 1;
      machine.run(gap);
      place = (place + gap) % ROUND;
      line.set(true);
      machine.run(HANDLER_STEPS);
      line.set(false);
      const { context } = machine.vcpus[0];
      seen.push([
        machine.physical.word(0x9000) - entry,
        machine.physical.word(0x9004) & RF,
        machine.physical.word(0x9008),
      ]);
      // Three steps, then the iterations, INC and JMP.
      const done = place - 3;
      const inside = done >= 0 && done < COUNT;
      const eip = inside ? REPEAT : place < 3 ? 5 * place : done === COUNT ? REPEAT + 2 : REPEAT + 3;
      wanted.push([eip, inside && done > 0 ? RF : 0, inside ? COUNT - done : place === 0 ? 0 : done < 0 ? COUNT : 0]);
      expect(context.eip).toBe(entry + eip);
      // What the handler returned to goes on as if nothing had been.
      expect(context.eflags & RF).toBe(inside && done > 0 ? RF : 0);
    }
    expect(seen).toEqual(wanted);
  });

  it(`is set for the single-step trap of every iteration but the last, tier ${tier}`, () => {
    const { machine, entry } = handlerRig(tier, CODE, HANDLER_CODE);
    machine.run(3);
    const { context } = machine.vcpus[0];
    context.setRegister(1, 4);
    const images: [eip: number, rf: number][] = [];
    context.eflags |= TF;
    for (let i = 0; i < 4; i++) {
      machine.run(1 + HANDLER_STEPS);
      images.push([machine.physical.word(0x9000) - entry, machine.physical.word(0x9004) & RF]);
    }
    expect(images).toEqual([
      [REPEAT, RF],
      [REPEAT, RF],
      [REPEAT, RF],
      [REPEAT + 2, 0],
    ]);
  });

  it(`does not depend on how a run is cut, tier ${tier}`, () => {
    const whole = handlerRig(tier, CODE, HANDLER_CODE).machine;
    const cut = handlerRig(tier, CODE, HANDLER_CODE).machine;
    whole.run(COLD_STEPS + ROUND);
    cut.run(COLD_STEPS + ROUND);
    for (let steps = 1; steps < 60; steps++) {
      whole.run(steps);
      for (let i = 0; i < steps; i++) cut.run(1);
      expect(cut.stateHash(), `${steps}`).toBe(whole.stateHash());
    }
  });

  for (const [name, code] of Object.entries(FAULTING)) {
    it(`is set where a later iteration of ${name} faults, tier ${tier}`, () => {
      const build = () => {
        const { machine } = handlerRig(tier, code, HANDLER_CODE);
        const { context } = machine.vcpus[0];
        context.setSegment(DS, { ...context.segment(DS), limit: 0x200000 + ITERATIONS - 1 });
        machine.setVectorPoints([{ vector: GENERAL_PROTECTION, source: 'exception' }]);
        return machine;
      };
      const whole = build();
      const cut = build();
      expect(whole.run(100).kind).toBe('vector');
      while (cut.steps < whole.steps) cut.run(1);
      expect(whole.vcpus[0].context.eflags & RF).toBe(RF);
      expect(whole.stateHash()).toBe(cut.stateHash());
      expect(cut.run(100).kind).toBe('vector');
      expect(whole.stateHash()).toBe(cut.stateHash());
    });
  }
}
