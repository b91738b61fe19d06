/** Delivery through gates and the vector table: frames, flags, error codes (SDM vol. 3, 6.12 and 6.13). */
import { beforeEach, describe, expect, it } from 'vitest';
import { CS, ESP, SS } from '../../../core/isa/registers.ts';
import { CpuRig, instruction, isAtHandler } from './cpu-rig.ts';
import {
  CODE0,
  CODE3,
  DATA0,
  DATA3,
  descriptor,
  FREE,
  gate,
  protectedMode,
  putDescriptor,
  putGate,
  STACK0,
  STACK3,
  TSS,
  TSS_ESP0,
} from './descriptors.ts';

const RF = 0x10000;
const IF = 0x200;
const TF = 0x100;
const NT = 0x4000;

let rig: CpuRig;
beforeEach(() => {
  rig = new CpuRig();
});

/** Words on the stack of the handler, top first. */
function frame(count: number, size = 4): number[] {
  const top = rig.context.register(ESP);
  return Array.from({ length: count }, (_, i) => (size === 4 ? rig.word(top + 4 * i) : rig.half(top + 2 * i)));
}

/** The last fault a failed delivery raised, by putting a catch-all behind #TS #NP #SS #GP. */
function caught(): { vector: number; errorCode: number } {
  const { eip } = rig.context;
  const vector = (eip - 0xa001) / 16;
  expect(Number.isInteger(vector)).toBe(true);
  return { vector, errorCode: frame(1)[0] };
}

describe('an exception in ring 0', () => {
  beforeEach(() => protectedMode(rig));

  it('pushes EFLAGS with RF, CS, EIP of the instruction and the error code', () => {
    rig.context.eflags = 0x202 | NT;
    rig.engine.program.set(0x5000, 13);
    rig.vmm.run(1);
    expect(frame(4)).toEqual([0, 0x5000, CODE0, 0x202 | NT | RF]);
    expect(rig.context.register(ESP)).toBe(STACK0 - 16);
    expect(rig.context.eflags & (IF | NT | RF)).toBe(0);
  });

  it('has no error code where the architecture has none', () => {
    rig.engine.program.set(0x5000, 6);
    rig.vmm.run(1);
    expect(frame(3)).toEqual([0x5000, CODE0, 2 | RF]);
  });

  it('leaves IF alone through a trap gate', () => {
    putGate(rig, 6, gate(CODE0, 0xa060, 0x8f00));
    rig.context.eflags = 0x202;
    rig.engine.program.set(0x5000, 6);
    rig.vmm.run(1);
    expect(rig.context.eflags & IF).toBe(IF);
  });

  it('pushes words through a 16-bit gate and takes 16 bits of the offset', () => {
    putGate(rig, 13, gate(CODE0, 0xffff_a0d0, 0x8600));
    rig.engine.program.set(0x5000, 13);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa0d1);
    expect(rig.context.register(ESP)).toBe(STACK0 - 8);
    expect(frame(4, 2)).toEqual([0, 0x5000, CODE0, 2]);
  });

  it('moves only SP on a 16-bit stack, and wraps there', () => {
    rig.context.setSegment(SS, { selector: DATA0, base: 0, limit: 0xffff, access: 0x9300 });
    rig.context.setRegister(ESP, 0x12340004);
    rig.engine.program.set(0x5000, 6);
    rig.vmm.run(1);
    expect(rig.context.register(ESP)).toBe(0x1234fff8);
    expect(rig.word(0)).toBe(2 | RF);
    expect(rig.word(0xfff8)).toBe(0x5000);
  });

  it('reports the faulting address in CR2 and the code of a page fault', () => {
    rig.poke(0x20000, 0x21007);
    for (let page = 0; page < 256; page++) rig.poke(0x21000 + 4 * page, (page << 12) | 7);
    rig.poke(0x21000 + 4 * 0x60, 0);
    rig.cpu.cr3 = 0x20000;
    rig.vmm.monitor.setCr0(rig.cpu.cr0 | 0x80000000);
    rig.execute(instruction('lgdt', { memory: true, displacement: 0x60004 }));
    expect(rig.cpu.cr2).toBe(0x60004);
    expect(caught()).toEqual({ vector: 14, errorCode: 0 });
    expect(rig.cpu.gdtr.base).toBe(0x1000);
  });
});

describe('an interrupt in ring 3', () => {
  beforeEach(() => {
    protectedMode(rig, 3);
    rig.context.eflags = 0x202;
  });

  it('takes the stack of the TSS and pushes the old one', () => {
    rig.interrupts.vectors = [0x21];
    rig.vmm.run(1);
    expect(frame(5)).toEqual([0x5000, CODE3, 0x202, STACK3, DATA3]);
    expect(rig.context.register(ESP)).toBe(TSS_ESP0 - 20);
    expect(rig.context.selector(SS)).toBe(DATA0);
    expect(rig.context.selector(CS)).toBe(CODE0);
    expect(rig.cpu.cpl).toBe(0);
    expect(rig.context.user).toBe(false);
  });

  it('takes SP0 and SS0 of a 16-bit TSS', () => {
    rig.cpu.tr.access = 0x8300;
    rig.poke(TSS + 2, 0x8800, 2);
    rig.poke(TSS + 4, DATA0, 2);
    rig.interrupts.vectors = [0x21];
    rig.vmm.run(1);
    expect(rig.context.register(ESP)).toBe(0x8800 - 20);
  });

  it('stays in ring 3 when the handler is conforming', () => {
    putDescriptor(rig, FREE, descriptor(0, 0xffffffff, 0xc09f00));
    putGate(rig, 0x21, gate(FREE, 0xa210, 0x8e00));
    rig.interrupts.vectors = [0x21];
    rig.vmm.run(1);
    expect(rig.cpu.cpl).toBe(3);
    expect(rig.context.selector(CS)).toBe(FREE | 3);
    expect(rig.context.register(ESP)).toBe(STACK3 - 12);
  });

  it('refuses INT n through a gate of DPL 0 but lets the same vector in from outside', () => {
    rig.execute(instruction('int', { immediate: 0x21, length: 2 }));
    expect(caught()).toEqual({ vector: 13, errorCode: 0x21 * 8 + 2 });
    expect(frame(2)[1]).toBe(0x5000);
  });

  it('marks the code and stack segments it enters accessed', () => {
    putDescriptor(rig, CODE0, descriptor(0, 0xffffffff, 0xc09a00));
    putDescriptor(rig, DATA0, descriptor(0, 0xffffffff, 0xc09200));
    rig.interrupts.vectors = [0x21];
    rig.vmm.run(1);
    expect(rig.word(0x1000 + CODE0 + 4) & 0x100).toBe(0x100);
    expect(rig.word(0x1000 + DATA0 + 4) & 0x100).toBe(0x100);
    expect(rig.context.segmentAccess(CS) & 0x100).toBe(0x100);
  });
});

interface Failure {
  name: string;
  prepare: (rig: CpuRig) => void;
  vector: number;
  /** Error code without EXT. */
  code: number;
}

const V = 0x30;
/** Each way a delivery from ring 3 to ring 0 can fail that still leaves #TS #NP #SS #GP deliverable through vector-specific gates. */
const FAILURES: Failure[] = [
  { name: 'not a gate', prepare: (r) => putGate(r, V, gate(CODE0, 0xa300, 0x8c00)), vector: 13, code: V * 8 + 2 },
  {
    name: 'a code descriptor',
    prepare: (r) => putGate(r, V, gate(CODE0, 0xa300, 0x9e00)),
    vector: 13,
    code: V * 8 + 2,
  },
  { name: 'not present', prepare: (r) => putGate(r, V, gate(CODE0, 0xa300, 0x0e00)), vector: 11, code: V * 8 + 2 },
  { name: 'a null selector', prepare: (r) => putGate(r, V, gate(3, 0xa300, 0x8e00)), vector: 13, code: 0 },
  {
    name: 'a selector outside the GDT',
    prepare: (r) => putGate(r, V, gate(0x1000, 0xa300, 0x8e00)),
    vector: 13,
    code: 0x1000,
  },
  {
    name: 'a selector of an empty LDT',
    prepare: (r) => putGate(r, V, gate(0xc, 0xa300, 0x8e00)),
    vector: 13,
    code: 0xc,
  },
  { name: 'a data segment', prepare: (r) => putGate(r, V, gate(DATA0, 0xa300, 0x8e00)), vector: 13, code: DATA0 },
  {
    name: 'code that is not present',
    prepare: (r) => {
      putDescriptor(r, FREE, descriptor(0, 0xffffffff, 0xc01b00));
      putGate(r, V, gate(FREE, 0xa300, 0x8e00));
    },
    vector: 11,
    code: FREE,
  },
  {
    name: 'an offset beyond the segment',
    prepare: (r) => {
      putDescriptor(r, FREE, descriptor(0, 0xfff, 0x409b00));
      putGate(r, V, gate(FREE, 0x1000, 0x8e00));
    },
    vector: 13,
    code: 0,
  },
];

describe.each([
  ['a request from outside', 1],
  ['INT n', 0],
])('a delivery by %s that fails', (kind, external) => {
  it.each(FAILURES)('because of $name', ({ prepare, vector, code }) => {
    protectedMode(rig, 3);
    rig.context.eflags = 0x202;
    // INT n needs gates that ring 3 may use.
    prepare(rig);
    rig.poke(0x2000 + V * 8 + 4, rig.word(0x2000 + V * 8 + 4) | 0x6000);
    if (external === 1) {
      rig.interrupts.vectors = [V];
      rig.vmm.run(1);
    } else {
      rig.execute(instruction('int', { immediate: V, length: 2 }));
    }
    expect(kind).not.toBe('');
    expect(caught()).toEqual({ vector, errorCode: code | external });
    expect(frame(2)[1]).toBe(0x5000);
  });
});

/** Ring 0 code reached from ring 2, so that the fault itself finds another stack: ring 1 for the failing vector. */
describe('an inner stack that cannot be used', () => {
  const cases: { name: string; prepare: (r: CpuRig) => void; vector: number; code: number }[] = [
    { name: 'null', prepare: (r) => r.poke(TSS + 16, 1), vector: 10, code: 0 },
    { name: 'outside the GDT', prepare: (r) => r.poke(TSS + 16, 0x2001), vector: 10, code: 0x2000 },
    { name: 'of the wrong RPL', prepare: (r) => r.poke(TSS + 16, FREE + 8), vector: 10, code: FREE + 8 },
    { name: 'of the wrong DPL', prepare: (r) => r.poke(TSS + 16, DATA0 | 1), vector: 10, code: DATA0 },
    {
      name: 'read-only',
      prepare: (r) => putDescriptor(r, FREE + 8, descriptor(0, 0xffffffff, 0xc0b100)),
      vector: 10,
      code: FREE + 8,
    },
    {
      name: 'not present',
      prepare: (r) => putDescriptor(r, FREE + 8, descriptor(0, 0xffffffff, 0xc03300)),
      vector: 12,
      code: FREE + 8,
    },
    {
      name: 'too small',
      prepare: (r) => putDescriptor(r, FREE + 8, descriptor(0, 0x100, 0x40b300)),
      vector: 12,
      code: FREE + 8,
    },
    { name: 'beyond the TSS', prepare: (r) => Object.assign(r.cpu.tr, { limit: 16 }), vector: 10, code: 0x28 },
  ];
  it.each(cases)('$name', ({ prepare, vector, code }) => {
    protectedMode(rig, 3);
    putDescriptor(rig, FREE, descriptor(0, 0xffffffff, 0xc0bb00));
    putDescriptor(rig, FREE + 8, descriptor(0, 0xffffffff, 0xc0b300));
    rig.poke(TSS + 12, 0x8c00);
    rig.poke(TSS + 16, (FREE + 8) | 1);
    putGate(rig, V, gate(FREE, 0xa300, 0xee00));
    prepare(rig);
    rig.execute(instruction('int', { immediate: V, length: 2 }));
    expect(caught()).toEqual({ vector, errorCode: code });
    expect(rig.context.register(ESP)).toBe(TSS_ESP0 - 24);
  });
});

describe('real mode', () => {
  beforeEach(() => {
    rig.context.setSegment(CS, { selector: 0x500, base: 0x5000, limit: 0xffff, access: 0x9300 });
    rig.context.setSegment(SS, { selector: 0x700, base: 0x7000, limit: 0xffff, access: 0x9300 });
    rig.context.setRegister(ESP, 0x1000);
    rig.context.eip = 0x10;
    for (let vector = 0; vector < 256; vector++) rig.poke(vector * 4, 0x0a000000 | (vector * 16));
  });

  it('pushes FLAGS, CS and IP as words and closes IF, TF and AC', () => {
    rig.context.eflags = 0x40202 | 0xcd5;
    rig.execute(instruction('int', { immediate: 0x21, length: 2 }));
    expect(rig.context.register(ESP)).toBe(0x1000 - 6);
    expect([0, 1, 2].map((i) => rig.half(0x8000 - 6 + 2 * i))).toEqual([0x12, 0x500, 0x0ed7]);
    expect(rig.context.segmentBase(CS)).toBe(0xa000);
    expect(rig.context.eip).toBe(0x210);
    expect(rig.context.eflags & (IF | TF | 0x40000)).toBe(0);
  });

  it('returns by IRET with 16 bits of flags', () => {
    rig.execute(instruction('int', { immediate: 0x21, length: 2 }));
    rig.poke(0x8000 - 2, 0xffff, 2);
    rig.execute(instruction('iret', { operandSize: 2 }));
    expect(rig.context.eip).toBe(0x12);
    expect(rig.context.selector(CS)).toBe(0x500);
    expect(rig.context.eflags).toBe(0x7fd7);
  });

  it('pushes no error code', () => {
    rig.engine.program.set(0x5010, 13);
    rig.vmm.run(1);
    expect(rig.context.register(ESP)).toBe(0x1000 - 6);
    expect(rig.half(0x8000 - 6)).toBe(0x10);
    expect(isAtHandler(rig, 13)).toBe(true);
  });

  it('has a vector table with a limit', () => {
    rig.cpu.idtr.limit = 0x43;
    rig.execute(instruction('int', { immediate: 0x11, length: 2 }));
    expect(isAtHandler(rig, 13)).toBe(true);
  });

  it('has a vector table that LIDT can move', () => {
    rig.cpu.idtr.base = 0x400;
    rig.poke(0x400 + 4 * 0x21, 0x0b000004);
    rig.execute(instruction('int', { immediate: 0x21, length: 2 }));
    expect(rig.context.segmentBase(CS)).toBe(0xb000);
  });

  it('ends in shutdown when the stack has no room for a word', () => {
    rig.context.setRegister(ESP, 1);
    const exit = rig.execute(instruction('int', { immediate: 0x21, length: 2 }));
    expect(exit.reason).toBe('shutdown');
    expect(exit.faults.map((fault) => fault.vector)).toEqual([12, 12, 8, 12]);
  });
});
