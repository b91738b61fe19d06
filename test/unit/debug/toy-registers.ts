/** A register snapshot for tests: flat 32-bit protected mode, everything else zero. */
import type { Registers } from '../../../core/debug/target.ts';

const FLAT = { base: 0, limit: 0xffffffff, access: 0xc09300 };

export function toyRegisters(changes: Partial<Registers> = {}): Registers {
  return {
    general: [0, 0, 0, 0, 0x8000, 0, 0, 0],
    eip: 0,
    eflags: 0x246,
    segments: [16, 8, 16, 16, 16, 16].map((selector) => ({ selector, ...FLAT })),
    ldtr: { selector: 0, base: 0, limit: 0, access: 0 },
    tr: { selector: 0, base: 0, limit: 0, access: 0 },
    gdtr: { base: 0, limit: 0x17 },
    idtr: { base: 0, limit: 0 },
    cr0: 0x11,
    cr2: 0,
    cr3: 0,
    cr4: 0,
    dr: [0, 0, 0, 0, 0, 0, 0, 0],
    fpu: {
      control: 0x37f,
      status: 0,
      tag: 0xffff,
      instructionSelector: 0,
      instructionOffset: 0,
      dataSelector: 0,
      dataOffset: 0,
      opcode: 0,
      st: Array.from({ length: 8 }, () => new Uint8Array(10)),
    },
    cpl: 0,
    codeBits: 32,
    steps: 0,
    halted: false,
    ...changes,
  };
}
