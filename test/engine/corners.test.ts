/** Places where the engine's bookkeeping meets the architecture: page ends, the CS limit, small budgets, rewritten code. */
import { describe, expect, it } from 'vitest';
import { CS, DS, ES, SS } from '../../core/isa/registers.ts';
import { Context } from '../../core/vcpu/context.ts';
import { EXIT_BREAK, EXIT_BUDGET, EXIT_FAULT, EXIT_TRAP } from '../../core/vcpu/exit.ts';
import { codeRig } from './flat-space.ts';

/** Code in real mode: 64 KiB segments, CS at `codeBase`, data and stack at 0; EIP = `at` - `codeBase`. */
function realRig(code: number[], at: number, codeBase = 0, tier: 0 | 1 = 0) {
  const machine = codeRig(code, at, true, tier);
  for (const segment of [ES, CS, SS, DS]) {
    const base = segment === CS ? codeBase : 0;
    machine.context.setSegment(segment, { selector: base >>> 4, base, limit: 0xffff, access: 0x9300 });
  }
  machine.context.eip = at - codeBase;
  machine.context.setRegister(4, 0x8000);
  return machine;
}

/** Runs in one go and in steps; the two must end in the same place. */
function bothWays(make: () => ReturnType<typeof codeRig>, budget: number) {
  const ends = [budget, 1].map((slice) => {
    const { engine, context, memory, space } = make();
    let steps = 0;
    let reason = EXIT_BUDGET;
    while (steps < budget && reason === EXIT_BUDGET) {
      const exit = engine.run(context, Math.min(slice, budget - steps));
      steps += exit.steps;
      reason = exit.reason;
    }
    return {
      reason,
      steps,
      eip: context.eip,
      vector: context.exit.vector,
      registers: Array.from({ length: 8 }, (_, i) => context.register(i)),
      memory: memory.u8.slice(space.host(0x1000), space.host(0x4000)).reduce((sum, byte, i) => (sum + byte * i) | 0, 0),
    };
  });
  expect(ends[1]).toEqual(ends[0]);
  return ends[0];
}

const NOP = 0x90;
const HLT = 0xf4;

describe('the engine in corners', () => {
  it('stops with the budget exactly at the end of a page', () => {
    const { engine, context } = codeRig([0x40, 0x40, HLT], 0x1ffe);
    expect(engine.run(context, 2).reason).toBe(EXIT_BUDGET);
    expect(context.eip).toBe(0x2000);
    expect(engine.run(context, 10).reason).toBe(EXIT_TRAP);
    expect([context.register(0), context.eip]).toEqual([2, 0x2000]);
  });

  it('stops with the budget exactly behind an instruction that crosses pages', () => {
    const { engine, context } = codeRig([0x83, 0xc0, 0x05, HLT], 0x1ffe);
    expect(engine.run(context, 1).reason).toBe(EXIT_BUDGET);
    expect([context.eip, context.register(0)]).toEqual([0x2001, 5]);
    expect(engine.run(context, 10).reason).toBe(EXIT_TRAP);
    expect(context.register(0)).toBe(5);
  });

  it('faults at the branch, not at its target, whatever is left of the budget', () => {
    for (const [name, code] of Object.entries({
      'jmp rel16': [NOP, 0xe9, 0x00, 0x10],
      'jz rel16': [0x31, 0xc0, 0x0f, 0x84, 0x00, 0x10],
      'jcxz rel8': [0x31, 0xc9, 0xe3, 0x70],
      'loop rel8': [0xb1, 0x02, 0xe2, 0x70],
      'call rel16': [NOP, 0xe8, 0x00, 0x10],
    })) {
      const limited = () => {
        const machine = realRig(code, 0x1000);
        machine.context.setSegment(CS, { selector: 0, base: 0, limit: 0x1010, access: 0x9b00 });
        return machine;
      };
      const end = bothWays(limited, 1000);
      expect([name, end.reason, end.vector, end.steps]).toEqual([name, EXIT_FAULT, 13, 1]);
      expect([name, end.eip]).toEqual([name, 0x1000 + (code[0] === NOP ? 1 : 2)]);
    }
  });

  it('fetches again when REP overwrites itself, at every budget', () => {
    // mov edi,0x100a; mov ecx,300; rep stosb; hlt - with AL = HLT: the first byte stored replaces the REP prefix.
    const code = [0xbf, 0x0a, 0x10, 0, 0, 0xb9, 0x2c, 1, 0, 0, 0xf3, 0xaa, HLT];
    const make = () => {
      const machine = codeRig(code);
      machine.context.setRegister(0, HLT);
      return machine;
    };
    const end = bothWays(make, 1000);
    expect([end.reason, end.eip, end.registers[1]]).toEqual([EXIT_TRAP, 0x100a, 299]);
  });

  it('finds a code point given as EIP when the CS base is not page-aligned', () => {
    // CS base 0x1230: EIP 0xff0 and 0x1000 lie in one linear page.
    const { engine, context } = realRig(new Array(32).fill(NOP), 0x1230 + 0xff0, 0x1230);
    engine.setCodePoints(new Set([0x1000]));
    const exit = engine.run(context, 100);
    expect([exit.reason, context.eip]).toEqual([EXIT_BREAK, 0x1000]);
  });

  it('executes an instruction that lies across two pages without host addresses', () => {
    const { engine, context, space } = codeRig([0xb8, 0x78, 0x56, 0x34, 0x12, HLT], 0x1ffd);
    space.slow.add(1).add(2);
    const exit = engine.run(context, 100);
    expect([exit.reason, exit.steps, context.register(0), context.eip]).toEqual([EXIT_TRAP, 1, 0x12345678, 0x2002]);
  });

  it('executes an instruction that goes on in a page without a host address', () => {
    const { engine, context, space } = codeRig([0xb8, 0x78, 0x56, 0x34, 0x12, HLT], 0x1ffd);
    space.slow.add(2);
    expect(engine.run(context, 1).reason).toBe(EXIT_BUDGET);
    expect([context.register(0), context.eip]).toEqual([0x12345678, 0x2002]);
  });

  it('computes the address of POP [esp] with the stack pointer as POP leaves it, wrapped', () => {
    // pop word [esp] with 32-bit addressing on a 16-bit stack: SP goes from FFFEh to 0.
    const { engine, context, memory, space } = realRig([0x67, 0x8f, 0x04, 0x24, HLT], 0x1000);
    context.setRegister(4, 0xfffe);
    memory.u8.set([0x34, 0x12], space.host(0xfffe));
    expect(engine.run(context, 1).reason).toBe(EXIT_BUDGET);
    expect([context.register(4), memory.u16[space.host(0) >>> 1]]).toEqual([0, 0x1234]);
  });

  it.each([0, 1] as const)('ENTER with a 32-bit operand takes all of ESP on a 16-bit stack, in tier %i', (tier) => {
    // enter 10h, 2: the frame temporary is ESP and goes to EBP and the display (SDM vol. 2, ENTER).
    const { engine, context, memory, space } = realRig([0x66, 0xc8, 0x10, 0x00, 0x02, HLT], 0x1000, 0, tier);
    context.setRegister(4, 0x12348000);
    context.setRegister(5, 0x55559000);
    memory.u32[space.host(0x8ffc) >>> 2] = 0xdddd0001;
    expect(engine.run(context, 1000).reason).toBe(EXIT_TRAP);
    expect([context.register(4), context.register(5)]).toEqual([0x12347fe4, 0x12347ffc]);
    const stored = [0x7ffc, 0x7ff8, 0x7ff4].map((at) => memory.u32[space.host(at) >>> 2]);
    expect(stored).toEqual([0x55559000, 0xdddd0001, 0x12347ffc]);
  });

  it('keeps contexts apart when the numbering of modes starts over', () => {
    // At 0x1ffe: jmp 0x2000. There: mov ax,1; inc ax; nop; hlt - in 32-bit code: mov eax,90400001h; hlt.
    const { engine, context, memory } = realRig([0xeb, 0x00, 0xb8, 0x01, 0x00, 0x40, NOP, HLT], 0x1ffe);
    const other = new Context(memory, 1);
    other.shadow = context.shadow;
    other.setPrivilege(false);
    const start = (of: Context, budget: number) => {
      of.eip = 0x1ffe;
      return engine.run(of, budget).reason;
    };
    expect(start(context, 10)).toBe(EXIT_TRAP);
    // The first mode's number now goes to a 32-bit one, which decodes the same page.
    for (let limit = 0x3000; limit < 0x3000 + 4097; limit++) {
      other.setSegment(CS, { selector: 8, base: 0, limit, access: limit === 0x3fff ? 0x409b00 : 0x9b00 });
      start(other, 1);
      // Twice, so that the page's shadow entry is there again after the page became code.
      if (limit === 0x3fff) for (let i = 0; i < 2; i++) expect(start(other, 1000)).toBe(EXIT_TRAP);
    }
    expect(other.register(0)).toBe(0x90400001);
    expect(start(context, 1000)).toBe(EXIT_TRAP);
    expect(context.register(0)).toBe(2);
  });
});
