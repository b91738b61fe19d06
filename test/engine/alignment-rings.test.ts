/** Alignment checks over gates: into ring 0 and back, on the stack that a delivery pushes to, and when one never ends. */
import { beforeEach, describe, expect, it } from 'vitest';
import { AC_FAULT } from '../../core/isa/exceptions.ts';
import { CS, EBX, ESP } from '../../core/isa/registers.ts';
import { AC, CODE, CODE0, CODE3, DATA, GDT, IDT, STACK0, type UserRig, userRig, words } from './user-rig.ts';

const IF = 0x200;
const TF = 0x100;
/** A handler in ring 0 of eight bytes a vector, and one in ring 3. */
const HANDLERS = 0x7000;
const HANDLER3 = CODE + 0x800;
const UNALIGNED = DATA + 0x801;
const CALL_GATE = 0x3b;

let rig: UserRig;
beforeEach(() => {
  rig = userRig(0);
  // hlt
  rig.poke(HANDLERS, new Uint8Array(0x800).fill(0xf4));
  for (let vector = 0; vector < 64; vector++) putGate(vector, CODE0, HANDLERS + 8 * vector);
});

/** A trap gate that ring 3 may use. */
function putGate(vector: number, selector: number, offset: number): void {
  rig.poke(IDT + 8 * vector, words((selector << 16) | (offset & 0xffff), (offset & 0xffff0000) | 0xef00));
}

/** Runs ring 3 code with delivery; answers the vector whose ring 0 handler it ended in, or why it ended. */
function run(code: readonly number[], stack: number, eflags = AC | 2, budget = 1000): number | string {
  rig.begin([0, 0, 0, DATA + 1, stack, 0, 0, 0], eflags);
  rig.load(code);
  rig.vmm.setVectorPoints([]);
  const { reason } = rig.vmm.run(budget);
  const { eip } = rig.context;
  return reason === 'halted' && rig.context.selector(CS) === CODE0 ? (eip - 1 - HANDLERS) / 8 : reason;
}

/** The ring 0 stack from the top of the last frame. */
function frame(count: number): number[] {
  return Array.from({ length: count }, (_, i) => rig.physical.word(rig.context.register(ESP) + 4 * i));
}

describe('alignment checks', () => {
  it('end in ring 0 and begin again after IRET', () => {
    // mov eax,[ebx]; iretd
    rig.poke(HANDLERS + 8 * 0x30, [0x8b, 0x03, 0xcf]);
    // int 30h; mov eax,[ebx]
    expect(run([0xcd, 0x30, 0x8b, 0x03], UNALIGNED)).toBe(AC_FAULT);
    expect(rig.context.register(ESP)).toBe(STACK0 - 24);
    // The faulting instruction has not begun; its EFLAGS have RF.
    expect(frame(5)).toEqual([0, CODE + 2, CODE3, AC | 0x10002, UNALIGNED]);
  });

  it('go by the EFLAGS that IRET takes from the stack', () => {
    // and dword [esp+8],~40000h; iretd
    rig.poke(HANDLERS + 8 * 0x30, [0x81, 0x64, 0x24, 0x08, 0xff, 0xff, 0xfb, 0xff]);
    rig.poke(HANDLERS + 8 * 0x31, [0xcf]);
    expect(run([0xcd, 0x30, 0x8b, 0x03, 0xcc], DATA)).toBe(3);
    // or dword [esp+8],40000h; iretd
    rig.poke(HANDLERS + 8 * 0x30, [0x81, 0x4c, 0x24, 0x08, 0, 0, 4, 0]);
    expect(run([0xcd, 0x30, 0x8b, 0x03, 0xcc], DATA, 2)).toBe(AC_FAULT);
  });

  it('cover the return from ring 3 to ring 3', () => {
    // iretd; retf
    for (const code of [[0xcf], [0xcb]]) {
      expect(run(code, UNALIGNED)).toBe(AC_FAULT);
      expect(frame(2)).toEqual([0, CODE]);
    }
  });

  it('cover the frame that a handler in ring 3 finds on its stack', () => {
    putGate(0x30, CODE3, HANDLER3);
    // mov ebx,esp; hlt: which is #GP in ring 3
    rig.poke(HANDLER3, [0x89, 0xe3, 0xf4]);
    expect(run([0xcd, 0x30], UNALIGNED)).toBe(AC_FAULT);
    expect(frame(2)).toEqual([0, CODE]);
    expect(run([0xcd, 0x30], UNALIGNED + 3)).toBe(13);
    expect(rig.context.register(EBX)).toBe(UNALIGNED + 3 - 12);
  });

  it('say EXT when it was an interrupt request', () => {
    putGate(0x20, CODE3, HANDLER3);
    rig.interrupts.pending = true;
    // nop; then hlt, which is #GP
    expect(run([0x90, 0xf4], UNALIGNED, AC | IF | 2)).toBe(AC_FAULT);
    expect(frame(2)).toEqual([1, CODE]);
  });

  it('cover far calls and the parameters that a call gate reads in ring 3', () => {
    const callGate = [0x9a, 0, 0, 0, 0, CALL_GATE, 0];
    // Two doublewords to a HLT in ring 0.
    rig.poke(GDT + 0x38, words((CODE0 << 16) | HANDLERS, 0xec02));
    expect(run(callGate, UNALIGNED)).toBe(AC_FAULT);
    expect(frame(2)).toEqual([0, CODE]);
    expect(run(callGate, UNALIGNED + 3)).toBe(0);
    rig.poke(GDT + 0x38, words((CODE0 << 16) | HANDLERS, 0xec00));
    expect(run(callGate, UNALIGNED)).toBe(0);
    // call 23h:CODE
    expect(run([0x9a, 0, 0, 0, 0x10, CODE3, 0], UNALIGNED)).toBe(AC_FAULT);
  });
});

describe('an alignment check that its own handler raises', () => {
  const spin = [0xeb, 0xfe];

  beforeEach(() => {
    putGate(AC_FAULT, CODE3, HANDLER3);
  });

  it.each([
    ['by an instruction', [0x50], AC | 2, false],
    ['by INT', [0xcd, 0x30], AC | 2, false],
    ['by a request', spin, AC | IF | 2, true],
    ['by a single step', spin, AC | TF | 2, false],
  ] as const)('goes on for ever, within the budget: first %s', (_, code, eflags, pending) => {
    for (const vector of [1, 0x20, 0x30]) putGate(vector, CODE3, HANDLER3);
    rig.interrupts.pending = pending;
    const before = rig.vmm.steps;
    expect(run(code, UNALIGNED, eflags, 5000)).toBe('budget');
    expect(rig.vmm.steps - before).toBe(5000);
    expect([rig.context.eip, rig.context.register(ESP)]).toEqual([CODE, UNALIGNED]);
  });

  it('goes on for ever by way of another fault', () => {
    // Absent, which is #NP, whose handler is in ring 3.
    rig.poke(IDT + 8 * AC_FAULT, words(0, 0x6f00));
    putGate(11, CODE3, HANDLER3);
    expect(run([0x50], UNALIGNED, AC | 2, 5000)).toBe('budget');
  });

  it('ends when the stack is mended', () => {
    expect(run([0x50], UNALIGNED, AC | 2, 500)).toBe('budget');
    rig.context.setRegister(ESP, UNALIGNED + 3);
    expect(rig.vmm.run(1).reason).toBe('budget');
    expect(rig.context.eip).toBe(CODE + 1);
  });
});
