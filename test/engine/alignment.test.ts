/** Alignment checks (#AC) in both tiers: what is checked, when, in which order, and the ways in and out of CPL 3. */
import { describe, expect, it } from 'vitest';
import { AC_FAULT, GP, PAGE_FAULT, STACK_FAULT } from '../../core/isa/exceptions.ts';
import { DS, EBX, ECX, EDI, ESI, SS } from '../../core/isa/registers.ts';
import { loadContext, saveContext } from '../../core/machine/context-state.ts';
import { writeControl, writeFlags } from '../../core/vmm/debugger-writes.ts';
import { alignmentForms } from './alignment-forms.ts';
import { AC, CODE, CR0, DATA, DATA3, type UserRig, userRig } from './user-rig.ts';

const MOV_EAX_EBX = [0x8b, 0x03, 0xcc];
const ABSENT = DATA + 0x2000;

/** Runs code as it is; the vector that ends it, 3 when nothing does. */
function again(rig: UserRig, code: ArrayLike<number>): number {
  rig.load(code);
  const exit = rig.run();
  expect(exit.reason).toBe('vector');
  if (exit.vector === AC_FAULT) {
    const fault = exit.faults.at(-1);
    expect([rig.context.eip, fault?.errorCode, fault?.cr2]).toEqual([CODE, 0, undefined]);
    expect(fault?.cause).toMatch(/^unaligned operand at [0-9a-f]{8} with/);
  }
  return exit.vector;
}

/** The same with zeros for data, ECX = 2, and all address registers at `at`. */
function outcome(rig: UserRig, code: ArrayLike<number>, at: number, eflags = AC | 2): number {
  rig.begin([0, 2, 0, at, at, at, at, at], eflags);
  return again(rig, code);
}

describe.each([0, 1] as const)('alignment checks in tier %i', (tier) => {
  it('go by the operand, whatever the access is made of', () => {
    const rig = userRig(tier);
    const wrong: string[] = [];
    for (const { text, code, alignment } of alignmentForms())
      for (let offset = 0; offset < 16; offset++) {
        const wanted = alignment === 0 || offset % alignment !== 0 ? AC_FAULT : 3;
        const got = outcome(rig, code, DATA + 0x100 + offset);
        if (got !== wanted) wrong.push(`${text} at offset ${offset}: vector ${got}`);
      }
    expect(wrong).toEqual([]);
  });

  it.each([
    ['sgdt', 0, 4, 2],
    ['sidt', 1, 4, 2],
    ['smsw', 4, 2, 0],
  ])('%s: the word and the doubleword behind it each (SDM vol. 3, 3.5.1)', (_, digit, alignment, rest) => {
    const rig = userRig(tier);
    for (let offset = 0; offset < 8; offset++) {
      const wanted = offset % alignment === rest ? 3 : AC_FAULT;
      expect(outcome(rig, [0x0f, 0x01, (digit << 3) | 3, 0xcc], DATA + offset), `offset ${offset}`).toBe(wanted);
    }
  });

  it('need EFLAGS.AC, CR0.AM and CPL 3 together', () => {
    const rig = userRig(tier);
    const { monitor } = rig.vmm;
    expect(outcome(rig, MOV_EAX_EBX, DATA + 1, 2)).toBe(3);
    expect(outcome(rig, MOV_EAX_EBX, DATA + 1)).toBe(AC_FAULT);
    monitor.setCr0(CR0 & ~0x40000);
    expect(outcome(rig, MOV_EAX_EBX, DATA + 1)).toBe(3);
    monitor.setCr0(CR0);
    for (const cpl of [0, 1, 2]) {
      outcome(rig, [0xcc], DATA + 1);
      monitor.setCpl(cpl);
      expect(again(rig, MOV_EAX_EBX), `ring ${cpl}`).toBe(3);
    }
    expect(outcome(rig, MOV_EAX_EBX, DATA + 1)).toBe(AC_FAULT);
  });

  it('begin and end with a POPF in the middle of running code', () => {
    const rig = userRig(tier);
    // pushfd; or dword [esp],40000h; popfd; mov eax,[ebx]; int3
    const on = [0x9c, 0x81, 0x0c, 0x24, 0, 0, 4, 0, 0x9d, 0x8b, 0x03, 0xcc];
    // The same with `and dword [esp],~40000h`, from checks on, behind an aligned access.
    const off = [0x8b, 0x06, 0x9c, 0x81, 0x24, 0x24, 0xff, 0xff, 0xfb, 0xff, 0x9d, 0x8b, 0x03, 0xcc];
    const { context } = rig;
    for (const [code, eflags, vector, eip] of [
      [on, 2, AC_FAULT, 9],
      [off, AC | 2, 3, 13],
    ] as const) {
      rig.begin([0, 0, 0, DATA + 2, DATA + 0x800, 0, DATA, 0], eflags);
      rig.load(code);
      expect([rig.run().vector, context.eip]).toEqual([vector, CODE + eip]);
    }
  });

  it('begin with what a debugger writes to EFLAGS and CR0, and disturb nothing that it reads', () => {
    const rig = userRig(tier);
    const { monitor } = rig.vmm;
    expect(outcome(rig, MOV_EAX_EBX, DATA + 1, 2)).toBe(3);
    writeFlags(monitor, AC | 2);
    expect(again(rig, MOV_EAX_EBX)).toBe(AC_FAULT);
    expect([...rig.space.readLinear(DATA + 1, 4)]).toEqual([0, 0, 0, 0]);
    expect(rig.space.writeLinear('debugger', DATA + 1, Uint8Array.of(1, 2, 3))).toBe(3);
    writeControl(monitor, 0, CR0 & ~0x40000);
    expect(again(rig, MOV_EAX_EBX)).toBe(3);
    writeControl(monitor, 0, CR0);
    expect(again(rig, MOV_EAX_EBX)).toBe(AC_FAULT);
  });

  it('come after the segment limit and before the page', () => {
    const rig = userRig(tier);
    expect(outcome(rig, MOV_EAX_EBX, ABSENT + 1)).toBe(AC_FAULT);
    expect(outcome(rig, MOV_EAX_EBX, ABSENT)).toBe(PAGE_FAULT);
    // push eax, with the same at the stack
    expect(outcome(rig, [0x50], ABSENT + 5)).toBe(AC_FAULT);
    expect(outcome(rig, [0x50], ABSENT + 4)).toBe(PAGE_FAULT);
    const { context } = rig;
    const short = { selector: DATA3, base: 0, limit: DATA + 0xfff, access: 0xc0f300 };
    for (const [at, read, stack] of [
      [DATA + 0xffd, GP, STACK_FAULT],
      [DATA + 0xffb, AC_FAULT, AC_FAULT],
    ] as const) {
      outcome(rig, [0xcc], at);
      context.setSegment(DS, short);
      context.setSegment(SS, short);
      // mov eax,[ebx]; pop eax; popfd
      for (const [code, wanted] of [
        [MOV_EAX_EBX, read],
        [[0x58], stack],
        [[0x9d], stack],
      ] as const)
        expect(again(rig, code)).toBe(wanted);
    }
  });

  it('look at the linear address, not at the offset', () => {
    const rig = userRig(tier);
    for (const [at, wanted] of [
      [DATA + 1, 3],
      [DATA, AC_FAULT],
    ]) {
      outcome(rig, [0xcc], at);
      rig.context.setSegment(DS, { ...rig.context.segment(SS), base: 3 });
      expect(again(rig, MOV_EAX_EBX)).toBe(wanted);
    }
  });

  it('let what consists of aligned items cross pages', () => {
    const rig = userRig(tier);
    // bound eax, fnstenv, and pusha over the end of the page
    expect(outcome(rig, [0x62, 0x03, 0xcc], DATA + 0xffc)).toBe(3);
    expect(outcome(rig, [0xd9, 0x33, 0xcc], DATA + 0xff4)).toBe(3);
    expect(outcome(rig, [0x60, 0xcc], DATA + 0x1010)).toBe(3);
    expect(rig.peek(DATA + 0xff0, 4)).toEqual(Uint8Array.of(0x10, 0x10, 0, 0x20));
  });

  it('leave a repetition where it is, to be gone on with', () => {
    const rig = userRig(tier);
    const { context } = rig;
    const repMovsd = [0xf3, 0xa5, 0xcc];
    rig.begin([0, 2, 0, 0, 0, 0, DATA, DATA + 0x41], AC | 2);
    rig.poke(DATA, [1, 2, 3, 4, 5, 6, 7, 8]);
    expect(again(rig, repMovsd)).toBe(AC_FAULT);
    expect([ECX, ESI, EDI].map((register) => context.register(register))).toEqual([2, DATA, DATA + 0x41]);
    context.setRegister(EDI, DATA + 0x40);
    expect(again(rig, repMovsd)).toBe(3);
    expect([...rig.peek(DATA + 0x40, 8)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('go with a watch: what is aligned hits it once, what is not never', () => {
    const rig = userRig(tier);
    rig.space.setWatches([{ id: 1, space: 'linear', address: DATA + 0x104, length: 4, access: 'access' }]);
    expect(outcome(rig, MOV_EAX_EBX, DATA + 0x102)).toBe(AC_FAULT);
    expect(rig.space.takeWatchHits()).toEqual([]);
    rig.load([0x83, 0x03, 0x01, 0xcc]);
    rig.context.setRegister(EBX, DATA + 0x104);
    expect(rig.run().reason).toBe('watch');
    expect(rig.space.takeWatchHits().map(({ kind, value }) => [kind, value])).toEqual([
      ['read', 0],
      ['write', 1],
    ]);
    expect(rig.run().vector).toBe(3);
  });

  it('go on in a machine that was saved and loaded', () => {
    const rig = userRig(tier);
    outcome(rig, MOV_EAX_EBX, DATA + 1);
    const other = userRig(tier);
    loadContext(other.context, saveContext(rig.context));
    other.cpu.load(rig.cpu.save());
    other.vmm.stateLoaded();
    expect(again(other, MOV_EAX_EBX)).toBe(AC_FAULT);
    expect(other.context.eflags & AC).toBe(AC);
  });
});
