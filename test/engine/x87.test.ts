/** What hardware vectors (test/oracle) cannot show of the x87: faults, environments, pointers, refusals. */
import { describe, expect, it } from 'vitest';
import { decode } from '../../core/isa/decode.ts';
import { DS } from '../../core/isa/registers.ts';
import { FPU_CONTROL, FPU_EMPTY, FPU_REGISTERS, FPU_STATUS, FPU_TOP } from '../../core/memory/layout.ts';
import { DirectEngine } from '../../core/vcpu/direct-engine.ts';
import { EXIT_FAULT, EXIT_TRAP } from '../../core/vcpu/exit.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { flatMachine } from './flat-space.ts';

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
const CODE = 0x1000;
const DATA = 0x5000;
const NM = 7;
const MF = 16;

function rig(code: string) {
  const machine = flatMachine(64);
  const { memory, space, context } = machine;
  const engine = new DirectEngine(memory, space, tier0, { tier: 0 });
  space.onWrite = (page, offset, length) => engine.invalidate(page, offset, length);
  memory.u8.set(
    code.split(' ').map((byte) => Number.parseInt(byte, 16)),
    space.host(CODE),
  );
  context.eip = CODE;
  context.setWord(FPU_CONTROL, 0x37f);
  context.setWord(FPU_STATUS, 0);
  context.setWord(FPU_TOP, 0);
  context.setWord(FPU_EMPTY, 0xff);
  const data = (length: number, at = DATA) => memory.u8.slice(space.host(at), space.host(at) + length);
  return { ...machine, engine, data, run: () => engine.run(context, 100) };
}

const hex = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
const words = (bytes: Uint8Array) => [...new Uint32Array(bytes.buffer)].map((word) => word.toString(16));
const halves = (bytes: Uint8Array) => [...new Uint16Array(bytes.buffer)].map((word) => word.toString(16));

describe('x87 availability', () => {
  it.each([
    ['d9 e8', 'fld1'],
    ['db e3', 'fninit'],
    ['df e0', 'fnstsw ax'],
    ['dd 35 00 50 00 00', 'fnsave'],
  ])('is #NM for %s (%s) without an FPU', (code) => {
    const { context, run } = rig(code);
    context.setFpuMode(true, false, false);
    const exit = run();
    expect([exit.reason, exit.vector, exit.steps, context.eip]).toEqual([EXIT_FAULT, NM, 0, CODE]);
  });

  it('asks WAIT only about MP and TS', () => {
    const { context, run } = rig('9b f4');
    context.setFpuMode(true, false, false);
    expect(run().reason).toBe(EXIT_TRAP);
    context.eip = CODE;
    context.setFpuMode(true, true, false);
    const exit = run();
    expect([exit.reason, exit.vector]).toEqual([EXIT_FAULT, NM]);
  });

  it('leaves transcendental functions to a refusal that names them, undefined codes to #UD', () => {
    expect(decode(Uint8Array.of(0xd9, 0xfe), 0, false)).toMatchObject({ mnemonic: 'fsin', trapClass: 'missing' });
    // FISTTP came with SSE3.
    expect(decode(Uint8Array.of(0xdb, 0x0b), 0, false)).toMatchObject({ trapClass: 'undefined' });
    expect(decode(Uint8Array.of(0xd9, 0xd1), 0, false)).toMatchObject({ trapClass: 'undefined' });
  });
});

describe('x87 exceptions', () => {
  // fldcw [DATA]; fld1; fldz; fdivp; fnstsw ax; then what waits
  const DIVIDE = 'd9 2d 00 50 00 00 d9 e8 d9 ee de f9 df e0';

  it.each([
    ['9b', 'wait'],
    ['d9 e8', 'fld1'],
    ['d9 d0', 'fnop'],
    ['d9 2d 00 50 00 00', 'fldcw'],
  ])('that are not masked come at the next waiting instruction: %s (%s)', (code) => {
    const { memory, space, context, run } = rig(`${DIVIDE} ${code}`);
    memory.u8.set([0x7b, 0x03], space.host(DATA));
    const exit = run();
    expect([exit.reason, exit.vector, exit.steps, context.eip]).toEqual([EXIT_FAULT, MF, 5, CODE + 14]);
    // ZE, ES and B; nothing was popped.
    expect(context.register(0) & 0xffff).toBe(0xb084);
  });

  it('are not seen by control instructions, and FNCLEX forgets them', () => {
    const { memory, space, context, run } = rig(`${DIVIDE} db e2 9b f4`);
    memory.u8.set([0x7b, 0x03], space.host(DATA));
    expect(run().instruction?.mnemonic).toBe('hlt');
    expect(context.word(FPU_STATUS)).toBe(0);
  });

  it('become pending when FLDCW takes the mask away', () => {
    // fld1; fldz; fdivp; fldcw [DATA]; fldz
    const { memory, space, run, context } = rig('d9 e8 d9 ee de f9 d9 2d 00 50 00 00 d9 ee');
    memory.u8.set([0x7b, 0x03], space.host(DATA));
    const exit = run();
    expect([exit.vector, exit.steps, context.word(FPU_STATUS)]).toEqual([MF, 4, 0x8084]);
  });

  it('keep an unmasked overflow out of memory', () => {
    // fldcw [5010]; fld tword [5020]; fstp dword [5000]; hlt
    const { memory, space, data, run, context } = rig('d9 2d 10 50 00 00 db 2d 20 50 00 00 d9 1d 00 50 00 00 f4');
    memory.u8.set([1, 2, 3, 4], space.host(DATA));
    memory.u8.set([0x77, 0x03], space.host(0x5010));
    memory.u8.set([0, 0, 0, 0, 0, 0, 0, 0x80, 0xfe, 0x7f], space.host(0x5020));
    run();
    expect([...data(4)]).toEqual([1, 2, 3, 4]);
    expect([context.word(FPU_TOP), context.word(FPU_STATUS)]).toEqual([7, 0x8088]);
  });
});

describe('x87 memory operands', () => {
  it('fault before anything changes', () => {
    const { space, run, context } = rig('d9 e8 dd 1d 00 50 00 00');
    space.absent.add(5);
    const exit = run();
    expect([exit.reason, exit.vector, exit.linear, exit.steps]).toEqual([EXIT_FAULT, 14, DATA, 1]);
    expect([context.word(FPU_TOP), context.word(FPU_EMPTY)]).toEqual([7, 0x7f]);
  });

  it('may cross pages, also with a whole state', () => {
    // fld1; fldpi; fnsave [5fd0]; frstor [5fd0]; fnsave [7000]; hlt
    const code = 'd9 e8 d9 eb dd 35 d0 5f 00 00 dd 25 d0 5f 00 00 dd 35 00 70 00 00 f4';
    const { run, data, context } = rig(code);
    expect(run().instruction?.mnemonic).toBe('hlt');
    expect(data(108, 0x5fd0)).toEqual(data(108, 0x7000));
    expect(hex(data(20, 0x5fd0 + 28))).toBe('35c26821a2da0fc90040' + '0000000000000080ff3f');
    expect([context.word(FPU_EMPTY), context.word(FPU_CONTROL)]).toEqual([0xff, 0x37f]);
  });
});

describe('the x87 environment', () => {
  // fldz; fstp qword [5100]; fldz; fnstenv [5000]; hlt
  const WIDE = 'd9 ee dd 1d 00 51 00 00 d9 ee d9 35 00 50 00 00 f4';

  it('has selectors and offsets in protected mode, and masks all exceptions when stored', () => {
    const { run, data, context } = rig(WIDE);
    context.setWord(FPU_CONTROL, 0x340);
    context.setSegment(DS, { ...context.segment(DS), selector: 0x23 });
    run();
    expect(words(data(28))).toEqual([
      'ffff0340',
      'ffff3800',
      'ffff7fff',
      '1008',
      (0x1ee0000 + context.selector(1)).toString(16),
      '5100',
      'ffff0023',
    ]);
    expect(context.word(FPU_CONTROL)).toBe(0x37f);
  });

  it('has linear addresses in real mode', () => {
    const { run, data, context } = rig(WIDE);
    context.setFpuMode(false, false, true);
    context.setSegment(DS, { ...context.segment(DS), selector: 0x2300 });
    run();
    const linear = (context.selector(1) << 4) + 0x1008;
    expect(words(data(28)).slice(3)).toEqual([
      (0xffff0000 + (linear & 0xffff)).toString(16),
      (((linear >>> 16) << 12) | 0x1ee).toString(16),
      'ffff8100',
      '2000',
    ]);
  });

  it('is half as long with a 16-bit operand, and comes back', () => {
    // fldpi; o16 fnstenv [5000]; fninit; o16 fldenv [5000]; hlt
    const { run, data, context } = rig('d9 eb 66 d9 35 00 50 00 00 db e3 66 d9 25 00 50 00 00 f4');
    run();
    expect(halves(data(14))).toEqual(['37f', '3800', '3fff', '1000', context.selector(1).toString(16), '0', '0']);
    expect([context.word(FPU_TOP), context.word(FPU_EMPTY)]).toEqual([7, 0x7f]);
    expect(context.memory.u8[context.base + FPU_REGISTERS + 7 * 16 + 9]).toBe(0x40);
  });
});
