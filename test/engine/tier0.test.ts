import { describe, expect, it } from 'vitest';
import { EXIT_ALONE, EXIT_BREAK, EXIT_BUDGET, EXIT_FAULT, EXIT_TRAP, EXIT_WATCH } from '../../core/vcpu/exit.ts';
import { codeRig } from './flat-space.ts';

// mov ecx,5; l: add eax,ecx; dec ecx; jnz l; hlt
const LOOP = [0xb9, 5, 0, 0, 0, 0x01, 0xc8, 0x49, 0x75, 0xfb, 0xf4];

describe('tier 0', () => {
  it('runs a loop and counts every retired instruction', () => {
    const { engine, context } = codeRig(LOOP);
    const exit = engine.run(context, 1000);
    expect(exit.reason).toBe(EXIT_TRAP);
    expect(exit.instruction?.mnemonic).toBe('hlt');
    expect(context.register(0)).toBe(15);
    expect(context.eip).toBe(0x100a);
    expect(exit.steps).toBe(16);
  });

  it('honours a budget of any size exactly', () => {
    for (let budget = 1; budget < 16; budget++) {
      const { engine, context } = codeRig(LOOP);
      const first = engine.run(context, budget);
      expect([first.reason, first.steps]).toEqual([EXIT_BUDGET, budget]);
      const rest = engine.run(context, 1000);
      expect([rest.reason, rest.steps, context.register(0)]).toEqual([EXIT_TRAP, 16 - budget, 15]);
    }
  });

  it('stops REP at every iteration and restarts it', () => {
    // mov esi,0x3000; mov edi,0x4000; mov ecx,10; rep movsb; hlt
    const code = [0xbe, 0, 0x30, 0, 0, 0xbf, 0, 0x40, 0, 0, 0xb9, 10, 0, 0, 0, 0xf3, 0xa4, 0xf4];
    const { engine, context, memory, space } = codeRig(code);
    for (let i = 0; i < 10; i++) memory.u8[space.host(0x3000) + i] = i + 1;
    expect(engine.run(context, 3 + 4).steps).toBe(7);
    expect([context.register(1), context.register(6), context.eip]).toEqual([6, 0x3004, 0x100f]);
    const exit = engine.run(context, 100);
    expect([exit.reason, exit.steps]).toEqual([EXIT_TRAP, 6]);
    expect([...memory.u8.subarray(space.host(0x4000), space.host(0x4000) + 11)]).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0,
    ]);
  });

  it('reports a fault before anything is committed', () => {
    // push dword [0x5000]; add [0x6000],eax
    const { engine, context, space } = codeRig([0xff, 0x35, 0, 0x50, 0, 0, 0x01, 0x05, 0, 0x60, 0, 0]);
    space.absent.add(6);
    const exit = engine.run(context, 10);
    expect([exit.reason, exit.vector, exit.errorCode, exit.linear]).toEqual([EXIT_FAULT, 14, 2, 0x6000]);
    expect([context.eip, exit.steps, context.register(4)]).toEqual([0x1006, 1, 0x1fffc]);
  });

  it('stops before a code point and goes on after it', () => {
    const { engine, context } = codeRig(LOOP);
    engine.setCodePoints(new Set([0x1007]));
    expect(engine.run(context, 1000).reason).toBe(EXIT_BREAK);
    expect([context.eip, context.register(0)]).toEqual([0x1007, 5]);
    expect(engine.run(context, 1000).steps).toBe(0);
    const exit = engine.run(context, 1000, true);
    expect([exit.reason, exit.steps, context.register(0)]).toEqual([EXIT_BREAK, 3, 9]);
    engine.setCodePoints(new Set());
    expect(engine.run(context, 1000).reason).toBe(EXIT_TRAP);
    expect(context.register(0)).toBe(15);
  });

  it('makes a watched access in a step of its own', () => {
    const { engine, context, space } = codeRig([0x40, 0xa3, 0, 0x50, 0, 0, 0x40, 0xf4]);
    space.watched.add(5);
    const before = engine.run(context, 100);
    expect([before.reason, before.steps, context.eip]).toEqual([EXIT_ALONE, 1, 0x1001]);
    const exit = engine.run(context, 1, false, true);
    expect([exit.reason, exit.steps, context.eip]).toEqual([EXIT_WATCH, 1, 0x1006]);
  });

  it('sees code that the code itself has just written, in the same straight run', () => {
    // mov byte [0x1008],0x43 (inc ebx); inc eax -> becomes inc ebx; hlt
    const { engine, context } = codeRig([0xc6, 0x05, 0x08, 0x10, 0, 0, 0x43, 0x90, 0x40, 0xf4]);
    engine.run(context, 100);
    expect([context.register(0), context.register(3)]).toEqual([0, 1]);
  });

  it('executes an instruction that lies across two pages', () => {
    const { engine, context } = codeRig([0xb8, 0x78, 0x56, 0x34, 0x12, 0xf4], 0x1ffd);
    const exit = engine.run(context, 100);
    expect([exit.reason, exit.steps, context.register(0), context.eip]).toEqual([EXIT_TRAP, 1, 0x12345678, 0x2002]);
  });
});
