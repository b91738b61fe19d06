/** A vCPU's registers as `Registers`: the register file, the monitor's privileged state, the x87. */
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
import type { FpuValue, Registers, SegmentValue } from './target.ts';

/** D/B bit of a code segment in `access`. */
const ACCESS_BIG = 0x400000;
const CS = 1;

const TAG_VALID = 0;
const TAG_ZERO = 1;
const TAG_SPECIAL = 2;
const TAG_EMPTY = 3;

/** The registers as they are whenever one is looked at; each costs what it costs. */
export class VcpuRegisters implements Registers {
  readonly #vcpu: DebuggedVcpu;
  readonly steps: number;

  constructor(vcpu: DebuggedVcpu, steps: number) {
    this.#vcpu = vcpu;
    this.steps = steps;
  }

  get general(): readonly number[] {
    const { context } = this.#vcpu;
    return [0, 1, 2, 3, 4, 5, 6, 7].map((i) => context.register(i));
  }

  get eip(): number {
    return this.#vcpu.context.eip;
  }

  get eflags(): number {
    return this.#vcpu.context.eflags;
  }

  get segments(): readonly SegmentValue[] {
    const { context } = this.#vcpu;
    return [0, 1, 2, 3, 4, 5].map((i) => context.segment(i));
  }

  get ldtr(): SegmentValue {
    return { ...this.#vcpu.cpu.ldtr };
  }

  get tr(): SegmentValue {
    return { ...this.#vcpu.cpu.tr };
  }

  get gdtr(): Registers['gdtr'] {
    return { ...this.#vcpu.cpu.gdtr };
  }

  get idtr(): Registers['idtr'] {
    return { ...this.#vcpu.cpu.idtr };
  }

  get cr0(): number {
    return this.#vcpu.cpu.cr0 >>> 0;
  }

  get cr2(): number {
    return this.#vcpu.cpu.cr2 >>> 0;
  }

  get cr3(): number {
    return this.#vcpu.cpu.cr3 >>> 0;
  }

  get cr4(): number {
    return this.#vcpu.cpu.cr4 >>> 0;
  }

  get dr(): readonly number[] {
    return [...this.#vcpu.cpu.dr];
  }

  get fpu(): FpuValue {
    return readFpu(this.#vcpu.context);
  }

  get cpl(): number {
    return this.#vcpu.cpu.cpl;
  }

  get codeBits(): 16 | 32 {
    return this.#vcpu.context.segmentAccess(CS) & ACCESS_BIG ? 32 : 16;
  }

  get halted(): boolean {
    return this.#vcpu.cpu.halted;
  }
}

/** All of them at this moment, as a plain message. */
export function readMachineRegisters(vcpu: DebuggedVcpu, steps: number): Registers {
  const now = new VcpuRegisters(vcpu, steps);
  return {
    general: now.general,
    eip: now.eip,
    eflags: now.eflags,
    segments: now.segments,
    ldtr: now.ldtr,
    tr: now.tr,
    gdtr: now.gdtr,
    idtr: now.idtr,
    cr0: now.cr0,
    cr2: now.cr2,
    cr3: now.cr3,
    cr4: now.cr4,
    dr: now.dr,
    fpu: now.fpu,
    cpl: now.cpl,
    codeBits: now.codeBits,
    steps,
    halted: now.halted,
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
