/** A vCPU's registers as the `Registers` message: the register file, the monitor's privileged state, the x87. */
import {
  FPU_CONTROL,
  FPU_DATA_OFFSET,
  FPU_DATA_SELECTOR,
  FPU_EMPTY,
  FPU_INSTRUCTION_OFFSET,
  FPU_INSTRUCTION_SELECTOR,
  FPU_OPCODE,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TOP,
} from '../memory/layout.ts';
import type { Context } from '../vcpu/context.ts';
import type { DebuggedVcpu } from './debugged-machine.ts';
import type { FpuValue, Registers } from './target.ts';

/** D/B bit of a code segment in `access`. */
const ACCESS_BIG = 0x400000;
const CS = 1;

const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;

export function readMachineRegisters({ context, cpu }: DebuggedVcpu, steps: number): Registers {
  return {
    general: Array.from({ length: 8 }, (_, i) => context.register(i)),
    eip: context.eip,
    eflags: context.eflags,
    segments: Array.from({ length: 6 }, (_, i) => context.segment(i)),
    ldtr: { ...cpu.ldtr },
    tr: { ...cpu.tr },
    gdtr: { ...cpu.gdtr },
    idtr: { ...cpu.idtr },
    cr0: cpu.cr0 >>> 0,
    cr2: cpu.cr2 >>> 0,
    cr3: cpu.cr3 >>> 0,
    cr4: cpu.cr4 >>> 0,
    dr: [...cpu.dr],
    fpu: readFpu(context),
    cpl: cpu.cpl,
    codeBits: context.segmentAccess(CS) & ACCESS_BIG ? 32 : 16,
    steps,
    halted: cpu.halted,
  };
}

function readFpu(context: Context): FpuValue {
  const { u8 } = context.memory;
  const top = context.word(FPU_TOP) & 7;
  const empty = context.word(FPU_EMPTY);
  const physical = Array.from({ length: 8 }, (_, i) => {
    const at = context.base + FPU_REGISTERS + 16 * i;
    return u8.slice(at, at + 10);
  });
  return {
    control: context.word(FPU_CONTROL),
    status: (context.word(FPU_STATUS) & ~0x3800) | (top << 11),
    // The tag word goes by physical register, ST(i) by the top of the stack (SDM vol. 1, 8.1.7).
    tag: physical.reduce((tags, value, i) => tags | (tagOf(value, ((empty >> i) & 1) !== 0) << (2 * i)), 0),
    instructionSelector: context.word(FPU_INSTRUCTION_SELECTOR) & 0xffff,
    instructionOffset: context.word(FPU_INSTRUCTION_OFFSET),
    dataSelector: context.word(FPU_DATA_SELECTOR) & 0xffff,
    dataOffset: context.word(FPU_DATA_OFFSET),
    opcode: context.word(FPU_OPCODE) & 0x7ff,
    st: physical.map((_, i) => physical[(top + i) & 7]),
  };
}

function tagOf(value: Uint8Array, empty: boolean): number {
  if (empty) return TAG_EMPTY;
  const exponent = (value[8] | (value[9] << 8)) & 0x7fff;
  if (exponent === 0) return isZero(value) ? TAG_ZERO : TAG_SPECIAL;
  const integerBit = (value[7] & 0x80) !== 0;
  return exponent === 0x7fff || !integerBit ? TAG_SPECIAL : TAG_VALID;
}

/** Whether the mantissa is zero. */
function isZero(value: Uint8Array): boolean {
  for (let i = 0; i < 8; i++) if (value[i] !== 0) return false;
  return true;
}
