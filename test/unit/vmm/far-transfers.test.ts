/** Far JMP, CALL, RET and IRET in protected mode: who may go where, and what the stacks look like. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Instruction } from '../../../core/isa/instruction.ts';
import { CS, DS, EAX, ESP, GS, SS } from '../../../core/isa/registers.ts';
import { at, CpuRig, instruction } from './cpu-rig.ts';
import {
  CODE0,
  CODE3,
  DATA0,
  DATA3,
  descriptor,
  FREE,
  gate,
  LDT,
  LDT_SELECTOR,
  protectedMode,
  putDescriptor,
  STACK0,
  STACK3,
  TSS_ESP0,
  TSS_SELECTOR,
} from './descriptors.ts';

let rig: CpuRig;
beforeEach(() => {
  rig = new CpuRig();
});

const far = (mnemonic: string, selector: number, offset = 0x6000, fields: Partial<Instruction> = {}) =>
  instruction(mnemonic, { immediate: offset, immediate2: selector, length: 7, ...fields });

/** `ok`, or vector and error code of the fault. Faults from ring 3 land on the ring 0 stack of the TSS. */
function result(next: Instruction): string {
  const exit = rig.execute(next);
  if (exit.reason !== 'budget') return exit.reason;
  const { eip } = rig.context;
  if (eip < 0xa000 || eip >= 0xa400) return 'ok';
  return `#${(eip - 0xa001) / 16}(${rig.word(rig.context.register(ESP)).toString(16)})`;
}

const FLAT = 0xffffffff;
const CONFORMING = 0xc09f00;
const IN_LDT = 0x0c;

describe.each(['jmp_far', 'call_far'])('%s to a code segment', (mnemonic) => {
  it.each<[string, 0 | 3, number, number, string]>([
    ['the same ring', 0, CODE0, 0, 'ok'],
    ['the same ring with RPL above CPL', 0, CODE0 | 3, 0, '#13(8)'],
    ['the same ring 3', 3, CODE3, 0, 'ok'],
    ['the same ring 3 with RPL 0', 3, CODE3 & ~3, 0, 'ok'],
    ['an outer ring', 0, CODE3, 0, '#13(18)'],
    ['an inner ring', 3, CODE0, 0, '#13(8)'],
    ['null', 0, 3, 0, '#13(0)'],
    ['outside the GDT', 0, 0x1008, 0, '#13(1008)'],
    ['data', 0, DATA0, 0, '#13(10)'],
    ['conforming code of an inner ring', 3, FREE, CONFORMING, 'ok'],
    ['conforming code of the same ring', 0, FREE, CONFORMING, 'ok'],
    ['conforming code of an outer ring', 0, FREE, CONFORMING | 0x6000, '#13(40)'],
    ['code that is not present', 0, FREE, 0xc01b00, '#11(40)'],
    ['an LDT', 0, LDT_SELECTOR, 0, '#13(30)'],
    ['a selector in an empty LDT', 0, 0xc, 0, '#13(c)'],
    ['an interrupt gate', 0, FREE, 0x8e00, '#13(40)'],
    ['a busy TSS', 0, TSS_SELECTOR, 0, '#13(28)'],
    ['a TSS', 0, FREE, 0x8900, 'refused'],
    ['a TSS in the LDT', 0, IN_LDT, 0x8900, '#13(c)'],
    ['a task gate', 0, FREE, 0x8500, 'refused'],
    ['a task gate in the LDT', 0, IN_LDT, 0x8500, 'refused'],
    ['a task gate beyond reach', 3, FREE, 0x8500, '#13(40)'],
  ])('in %s', (_name, cpl, selector, access, expected) => {
    protectedMode(rig, cpl);
    if (access !== 0) putDescriptor(rig, selector & ~3, descriptor(0, FLAT, access));
    if (selector === IN_LDT)
      Object.assign(rig.cpu.ldtr, { selector: LDT_SELECTOR, base: LDT, limit: 0xff, access: 0x8200 });
    expect(result(far(mnemonic, selector))).toBe(expected);
    if (expected === 'ok') {
      expect(rig.context.selector(CS)).toBe((selector & ~3) | cpl);
      expect(rig.context.eip).toBe(0x6000);
      expect(rig.cpu.cpl).toBe(cpl);
    }
  });

  it('checks the offset against the new limit', () => {
    protectedMode(rig);
    putDescriptor(rig, FREE, descriptor(0, 0xfff, 0x409a00));
    expect(result(far(mnemonic, FREE, 0x1000))).toBe('#13(0)');
    expect(rig.word(0x1000 + FREE + 4) & 0x100).toBe(0);
  });

  it('reads its target from memory', () => {
    protectedMode(rig);
    rig.poke(0x6800, 0x7777);
    rig.poke(0x6804, CODE0, 2);
    expect(result(instruction(mnemonic, { ...at(0x6800), length: 6 }))).toBe('ok');
    expect(rig.context.eip).toBe(0x7777);
  });

  it('finds code in the LDT', () => {
    protectedMode(rig);
    rig.context.setRegister(EAX, LDT_SELECTOR);
    rig.execute(instruction('lldt', { rm: EAX }));
    putDescriptor(rig, 0xc, descriptor(0x100, FLAT, 0xc09a00));
    expect(result(far(mnemonic, 0xc))).toBe('ok');
    expect(rig.context.segmentBase(CS)).toBe(0x100);
    expect(rig.context.selector(CS)).toBe(0xc);
  });
});

describe('CALL', () => {
  it('pushes CS and EIP, as words with a 16-bit operand', () => {
    protectedMode(rig);
    rig.execute(far('call_far', CODE0));
    expect([rig.word(STACK0 - 8), rig.word(STACK0 - 4)]).toEqual([0x5007, CODE0]);
    rig.execute(far('call_far', CODE0, 0x6100, { operandSize: 2 }));
    expect([rig.half(STACK0 - 12), rig.half(STACK0 - 10)]).toEqual([0x6007, CODE0]);
  });
});

describe('a call gate', () => {
  const putGates = (type: number, dpl: number, count = 0, code = CODE0) =>
    putDescriptor(rig, FREE, gate(code, 0x6600, 0x8000 | (dpl << 13) | (type << 8) | count));

  it('leads from ring 3 to ring 0 with parameters', () => {
    protectedMode(rig, 3);
    putGates(12, 3, 2);
    [0x11111111, 0x22222222].forEach((value, i) => rig.poke(STACK3 + 4 * i, value));
    expect(result(far('call_far', FREE | 3, 0xdeadbeef))).toBe('ok');
    expect(rig.context.eip).toBe(0x6600);
    expect(rig.cpu.cpl).toBe(0);
    expect([rig.context.selector(CS), rig.context.selector(SS)]).toEqual([CODE0, DATA0]);
    const top = rig.context.register(ESP);
    expect(top).toBe(TSS_ESP0 - 24);
    expect([0, 1, 2, 3, 4, 5].map((i) => rig.word(top + 4 * i))).toEqual([
      0x5007,
      CODE3,
      0x11111111,
      0x22222222,
      STACK3,
      DATA3,
    ]);
  });

  it('copies words through a 16-bit gate, and RET n cleans both stacks', () => {
    protectedMode(rig, 3);
    putGates(4, 3, 1);
    rig.poke(STACK3, 0xabcd, 2);
    rig.execute(far('call_far', FREE | 3));
    const top = rig.context.register(ESP);
    expect(top).toBe(TSS_ESP0 - 10);
    expect([0, 1, 2, 3, 4].map((i) => rig.half(top + 2 * i))).toEqual([0x5007, CODE3, 0xabcd, STACK3, DATA3]);
    rig.execute(instruction('ret_far', { opcode: 0xca, immediate: 2, operandSize: 2 }));
    expect(rig.cpu.cpl).toBe(3);
    expect(rig.context.eip).toBe(0x5007);
    expect(rig.context.register(ESP)).toBe(STACK3 + 2);
  });

  it('keeps ring and stack for code of the same ring', () => {
    protectedMode(rig);
    putGates(12, 0, 3);
    expect(result(far('call_far', FREE))).toBe('ok');
    expect(rig.context.register(ESP)).toBe(STACK0 - 8);
  });

  it.each<[string, 0 | 3, () => void, string, number, string]>([
    ['a DPL below CPL', 3, () => putGates(12, 0), 'call_far', FREE, '#13(40)'],
    ['a DPL below RPL', 0, () => putGates(12, 0), 'call_far', FREE | 3, '#13(40)'],
    ['not present', 3, () => putDescriptor(rig, FREE, gate(CODE0, 0, 0x6c00)), 'call_far', FREE, '#11(40)'],
    ['a null selector', 3, () => putGates(12, 3, 0, 0), 'call_far', FREE, '#13(0)'],
    ['a selector outside', 3, () => putGates(12, 3, 0, 0x900), 'call_far', FREE, '#13(900)'],
    ['data', 3, () => putGates(12, 3, 0, DATA0), 'call_far', FREE, '#13(10)'],
    ['code of an outer ring', 0, () => putGates(12, 0, 0, CODE3), 'call_far', FREE, '#13(18)'],
    ['inner code by JMP', 3, () => putGates(12, 3), 'jmp_far', FREE, '#13(8)'],
    ['same code by JMP', 0, () => putGates(12, 0), 'jmp_far', FREE, 'ok'],
  ])('with %s', (_name, cpl, prepare, mnemonic, selector, expected) => {
    protectedMode(rig, cpl);
    prepare();
    expect(result(far(mnemonic, selector))).toBe(expected);
  });
});

describe('a return', () => {
  const stack = (...values: number[]) =>
    values.forEach((value, i) => rig.poke(rig.context.register(ESP) + 4 * i, value));
  beforeEach(() => {
    protectedMode(rig);
    rig.context.setRegister(ESP, STACK0 - 0x40);
  });

  it('to the same ring frees what RET n says', () => {
    stack(0x6123, CODE0);
    expect(result(instruction('ret_far', { opcode: 0xca, immediate: 8 }))).toBe('ok');
    expect(rig.context.eip).toBe(0x6123);
    expect(rig.context.register(ESP)).toBe(STACK0 - 0x40 + 16);
  });

  it('to ring 3 takes the outer stack and empties privileged data registers', () => {
    rig.context.setSegment(GS, { selector: DATA3, base: 0, limit: FLAT, access: 0xc0f300 });
    stack(0x6123, CODE3, 0, STACK3, DATA3);
    expect(result(instruction('ret_far', { opcode: 0xca, immediate: 4 }))).toBe('ok');
    expect(rig.cpu.cpl).toBe(3);
    expect(rig.context.user).toBe(true);
    expect(rig.context.register(ESP)).toBe(STACK3 + 4);
    expect(rig.context.selector(SS)).toBe(DATA3);
    expect([rig.context.selector(DS), rig.context.segmentAccess(DS)]).toEqual([0, 0]);
    expect(rig.context.selector(GS)).toBe(DATA3);
  });

  it.each<[string, number[], string]>([
    ['null CS', [0, 0], '#13(0)'],
    ['CS outside the GDT', [0, 0x800], '#13(800)'],
    ['data in CS', [0, DATA0], '#13(10)'],
    ['RPL that is not DPL', [0, CODE0 | 3], '#13(8)'],
    ['null SS', [0, CODE3, 0, 0], '#13(0)'],
    ['SS of the wrong RPL', [0, CODE3, 0, DATA3 & ~3], '#13(20)'],
    ['SS of the wrong DPL', [0, CODE3, 0, DATA0 | 3], '#13(10)'],
    ['code in SS', [0, CODE3, 0, CODE3], '#13(18)'],
  ])('with %s faults and leaves ESP', (_name, values, expected) => {
    stack(...values);
    expect(result(instruction('ret_far', { opcode: 0xcb }))).toBe(expected);
    expect(rig.context.register(ESP)).toBe(STACK0 - 0x40 - 16);
  });

  it('to an inner ring is #GP', () => {
    protectedMode(rig, 3);
    rig.context.setRegister(ESP, STACK3 - 8);
    stack(0x6000, CODE0);
    expect(result(instruction('ret_far', { opcode: 0xcb }))).toBe('#13(8)');
  });
});

describe('IRET', () => {
  const stack = (...values: number[]) =>
    values.forEach((value, i) => rig.poke(rig.context.register(ESP) + 4 * i, value));

  it('refuses virtual-8086 mode and nested tasks by name', () => {
    protectedMode(rig);
    stack(0x6000, CODE0, 0x20002);
    expect(rig.execute(instruction('iret'))).toMatchObject({
      reason: 'refused',
      message: 'IRET to virtual-8086 mode is not built yet',
    });
    rig.context.eflags = 0x4002;
    expect(rig.execute(instruction('iret'))).toMatchObject({
      reason: 'refused',
      message: 'hardware task switch by IRET with NT set is not built yet',
    });
    expect(rig.context.register(ESP)).toBe(STACK0);
  });

  it('restores only what the privilege allows', () => {
    const all = 0x003d7fd7;
    for (const [cpl, iopl, size] of [0, 3].flatMap((c) => [0, 3].flatMap((i) => [2, 4].map((s) => [c, i, s])))) {
      rig = new CpuRig();
      protectedMode(rig, cpl as 0 | 3);
      rig.context.eflags = 2 | (iopl << 12);
      const top = rig.context.register(ESP) - 12;
      rig.context.setRegister(ESP, top);
      [0x6000, cpl === 0 ? CODE0 : CODE3, all].forEach((value, i) => rig.poke(top + size * i, value, size));
      rig.execute(instruction('iret', { operandSize: size as 2 | 4 }));
      let mask = 0x4dd5;
      if (size === 4) mask |= 0x250000;
      if (cpl <= iopl) mask |= 0x200;
      if (cpl === 0) mask |= 0x3000 | (size === 4 ? 0x180000 : 0);
      const expected = (all & mask) | 2 | ((iopl << 12) & ~mask);
      expect((rig.context.eflags >>> 0).toString(16), `cpl ${cpl} iopl ${iopl} size ${size}`).toBe(
        (expected >>> 0).toString(16),
      );
    }
  });
});
