/** Loads of segment registers: every check with its exception (SDM vol. 2, MOV; vol. 3, 5.5–5.7). */
import { beforeEach, describe, expect, it } from 'vitest';
import { DS, EAX, ES, ESP, FS, SS } from '../../../core/isa/registers.ts';
import { at, CpuRig, instruction } from './cpu-rig.ts';
import {
  CODE0,
  CODE3,
  DATA0,
  DATA3,
  descriptor,
  FREE,
  LDT_SELECTOR,
  protectedMode,
  putDescriptor,
} from './descriptors.ts';

let rig: CpuRig;
beforeEach(() => {
  rig = new CpuRig();
});

const FLAT = 0xffffffff;

function load(segment: number, selector: number): string {
  rig.context.setRegister(EAX, selector);
  rig.execute(instruction('mov_to_seg', { reg: segment, rm: EAX, length: 2 }));
  const { eip } = rig.context;
  if (eip < 0xa000) return 'ok';
  return `#${(eip - 0xa001) / 16}(${rig.word(rig.context.register(ESP)).toString(16)})`;
}

describe('DS', () => {
  it.each<[string, 0 | 3, number, number, string]>([
    ['data of the same ring', 0, DATA0, 0, 'ok'],
    ['data of an outer ring', 0, DATA3, 0, 'ok'],
    ['data of an inner ring', 3, DATA0, 0, '#13(10)'],
    ['RPL above DPL', 0, DATA0 | 3, 0, '#13(10)'],
    ['null', 0, 0, 0, 'ok'],
    ['null with RPL 3', 3, 3, 0, 'ok'],
    ['outside', 0, 0x2000, 0, '#13(2000)'],
    ['the last entry', 0, 0xf8, 0, '#13(f8)'],
    ['beyond the limit by one', 0, 0x100, 0, '#13(100)'],
    ['readable code', 0, CODE0, 0, 'ok'],
    ['execute-only code', 0, FREE, 0xc09900, '#13(40)'],
    ['conforming code of any ring', 3, FREE | 3, 0xc09f00, 'ok'],
    ['execute-only conforming code', 3, FREE | 3, 0xc09d00, '#13(40)'],
    ['data that is not present', 0, FREE, 0xc01300, '#11(40)'],
    ['a system descriptor', 0, LDT_SELECTOR, 0, '#13(30)'],
    ['an entry of an empty LDT', 0, 4, 0, '#13(4)'],
    ['read-only data', 0, FREE, 0xc09100, 'ok'],
  ])('takes or refuses %s', (_name, cpl, selector, access, expected) => {
    protectedMode(rig, cpl);
    if (access !== 0) putDescriptor(rig, FREE, descriptor(0x1000, FLAT, access));
    const before = rig.context.selector(DS);
    expect(load(DS, selector)).toBe(expected);
    expect(rig.context.selector(DS)).toBe(expected === 'ok' ? selector : before);
  });

  it('makes a null selector unusable: an access through it is #GP(0)', () => {
    protectedMode(rig);
    load(DS, 0);
    rig.execute(instruction('lidt', { ...at(0x6000) }));
    expect(rig.context.eip).toBe(0xa0d1);
  });

  it('sets the accessed bit, in memory and in the register', () => {
    protectedMode(rig);
    putDescriptor(rig, FREE, descriptor(0, FLAT, 0xc09200));
    load(DS, FREE);
    expect(rig.word(0x1000 + FREE + 4)).toBe(0xcf9300);
    expect(rig.context.segmentAccess(DS)).toBe(0xc09300);
  });

  it('scales a limit by the granularity', () => {
    protectedMode(rig);
    putDescriptor(rig, FREE, [0x56781234, 0x12c89334]);
    load(DS, FREE);
    expect(rig.context.segment(DS)).toEqual({ selector: FREE, base: 0x12345678, limit: 0x81234fff, access: 0xc09300 });
  });

  it('is unchanged when setting the accessed bit page-faults', () => {
    protectedMode(rig);
    rig.poke(0x20000, 0x21003);
    for (let page = 0; page < 256; page++) rig.poke(0x21000 + 4 * page, (page << 12) | (page === 1 ? 1 : 3));
    putDescriptor(rig, FREE, descriptor(0, FLAT, 0xc09200));
    rig.cpu.cr3 = 0x20000;
    rig.vmm.monitor.setCr0((rig.cpu.cr0 | 0x80010000) >>> 0);
    expect(load(DS, FREE)).toBe('#14(3)');
    expect(rig.cpu.cr2).toBe(0x1000 + FREE + 5);
    expect(rig.context.selector(DS)).toBe(DATA0);
  });
});

describe('SS', () => {
  it.each<[string, 0 | 3, number, number, string]>([
    ['writable data of the ring', 0, DATA0, 0, 'ok'],
    ['ring 3', 3, DATA3, 0, 'ok'],
    ['null', 0, 0, 0, '#13(0)'],
    ['the wrong RPL', 3, DATA3 & ~3, 0, '#13(20)'],
    ['the wrong DPL', 0, DATA3 & ~3, 0, '#13(20)'],
    ['code', 0, CODE0, 0, '#13(8)'],
    ['read-only data', 0, FREE, 0xc09100, '#13(40)'],
    ['data that is not present', 0, FREE, 0xc01300, '#12(40)'],
    ['outside', 0, 0x400, 0, '#13(400)'],
  ])('takes or refuses %s', (_name, cpl, selector, access, expected) => {
    protectedMode(rig, cpl);
    if (access !== 0) putDescriptor(rig, FREE, descriptor(0, FLAT, access));
    expect(load(SS, selector)).toBe(expected);
  });
});

describe('LDT', () => {
  it('serves selectors with TI, within its limit', () => {
    protectedMode(rig);
    rig.context.setRegister(EAX, LDT_SELECTOR);
    rig.execute(instruction('lldt', { rm: EAX }));
    putDescriptor(rig, 0xfc, descriptor(0x4000, 0xfff, 0x409300));
    expect(load(FS, 0xfc)).toBe('ok');
    expect(rig.context.segmentBase(FS)).toBe(0x4000);
    expect(load(FS, 0x104)).toBe('#13(104)');
  });

  it.each<[number, number, string]>([
    [0, 0, '5001'],
    [LDT_SELECTOR | 4, 0, '#13(34)'],
    [DATA0, 0, '#13(10)'],
    [0x1000, 0, '#13(1000)'],
    [FREE, 0x0200, '#11(40)'],
  ])('LLDT %#x', (selector, access, expected) => {
    protectedMode(rig);
    if (access !== 0) putDescriptor(rig, FREE, descriptor(0, FLAT, access));
    rig.context.setRegister(EAX, selector);
    rig.execute(instruction('lldt', { rm: EAX }));
    const { eip } = rig.context;
    const got =
      eip < 0xa000 ? eip.toString(16) : `#${(eip - 0xa001) / 16}(${rig.word(rig.context.register(ESP)).toString(16)})`;
    expect(got).toBe(expected);
  });
});

describe('TR', () => {
  it('marks the TSS busy; a busy one cannot be loaded again', () => {
    protectedMode(rig);
    putDescriptor(rig, FREE, descriptor(0x3000, 0x67, 0x8900));
    rig.context.setRegister(EAX, FREE);
    rig.execute(instruction('ltr', { rm: EAX }));
    expect(rig.word(0x1000 + FREE + 4)).toBe(0x8b00);
    expect(rig.cpu.tr).toEqual({ selector: FREE, base: 0x3000, limit: 0x67, access: 0x8b00 });
    rig.execute(instruction('ltr', { rm: EAX }));
    expect(rig.context.eip).toBe(0xa0d1);
  });
});

describe('real mode', () => {
  it('sets the base and keeps the limit that protected mode left', () => {
    rig.context.setSegment(ES, { selector: 8, base: 0, limit: FLAT, access: 0xc09300 });
    rig.context.setRegister(EAX, 0x1234);
    rig.execute(instruction('mov_to_seg', { reg: ES, rm: EAX, length: 2 }));
    expect(rig.context.segment(ES)).toEqual({ selector: 0x1234, base: 0x12340, limit: FLAT, access: 0xc09300 });
  });

  it('makes a segment usable again that was null in protected mode', () => {
    rig.context.setSegment(ES, { selector: 0, base: 0, limit: 0, access: 0 });
    rig.execute(instruction('mov_to_seg', { reg: ES, rm: EAX, length: 2 }));
    expect(rig.context.segment(ES)).toEqual({ selector: 0, base: 0, limit: 0xffff, access: 0x9300 });
  });
});

describe('questions about descriptors', () => {
  const ZF = 0x40;
  const ask = (mnemonic: string, selector: number, operandSize: 2 | 4 = 4) => {
    rig.context.setRegister(EAX, selector);
    rig.context.setRegister(3, 0xaaaaaaaa);
    rig.execute(instruction(mnemonic, { reg: 3, rm: EAX, operandSize }));
    return [(rig.context.eflags & ZF) !== 0, rig.context.register(3)];
  };

  it('LAR answers rights of what may be seen', () => {
    protectedMode(rig);
    expect(ask('lar', CODE3)).toEqual([true, 0xc0fb00]);
    expect(ask('lar', CODE3, 2)).toEqual([true, 0xaaaafb00]);
    expect(ask('lar', LDT_SELECTOR)).toEqual([true, 0x8200]);
    expect(ask('lar', 0)).toEqual([false, 0xaaaaaaaa]);
    putDescriptor(rig, FREE, descriptor(0, 0, 0x8c00));
    expect(ask('lar', FREE)).toEqual([true, 0x8c00]);
    expect(ask('lsl', FREE)).toEqual([false, 0xaaaaaaaa]);
    putDescriptor(rig, FREE, descriptor(0, 0, 0x8e00));
    expect(ask('lar', FREE)).toEqual([false, 0xaaaaaaaa]);
  });

  it('LSL answers the limit in bytes', () => {
    protectedMode(rig, 3);
    expect(ask('lsl', DATA3)).toEqual([true, FLAT]);
    expect(ask('lsl', DATA3, 2)).toEqual([true, 0xaaaaffff]);
    expect(ask('lsl', DATA0)).toEqual([false, 0xaaaaaaaa]);
    expect(ask('lsl', 0x2000)).toEqual([false, 0xaaaaaaaa]);
  });

  it('VERR and VERW look at CPL, RPL and type', () => {
    protectedMode(rig, 3);
    putDescriptor(rig, FREE, descriptor(0, FLAT, 0xc09f00));
    const readable = [CODE3, DATA3, DATA0, FREE, 0].map((selector) => ask('verr', selector)[0]);
    expect(readable).toEqual([true, true, false, true, false]);
    const writable = [CODE3, DATA3, DATA0, FREE, LDT_SELECTOR].map((selector) => ask('verw', selector)[0]);
    expect(writable).toEqual([false, true, false, false, false]);
  });

  it('ARPL raises an RPL and says whether it did', () => {
    protectedMode(rig);
    rig.context.setRegister(EAX, 0x10);
    rig.context.setRegister(3, 0x1b);
    rig.execute(instruction('arpl', { rm: EAX, reg: 3 }));
    expect([rig.context.register(EAX), rig.context.eflags & ZF]).toEqual([0x13, ZF]);
    rig.execute(instruction('arpl', { rm: EAX, reg: 3 }));
    expect([rig.context.register(EAX), rig.context.eflags & ZF]).toEqual([0x13, 0]);
  });
});
