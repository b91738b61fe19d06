/** A vCPU's registers as `Registers`: the register file, the monitor's privileged state, the x87. */
import { DESC_BIG } from '../isa/descriptors.ts';
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

const CS = 1;
const GENERAL = 8;
const SEGMENTS = 6;
const FPU_COUNT = 8;
const FPU_STRIDE = 16;

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
    const all: number[] = [];
    for (let i = 0; i < GENERAL; i++) all.push(context.register(i));
    return all;
  }

  get eip(): number {
    return this.#vcpu.context.eip;
  }

  get eflags(): number {
    return this.#vcpu.context.eflags;
  }

  get segments(): readonly SegmentValue[] {
    const { context } = this.#vcpu;
    const all: SegmentValue[] = [];
    for (let i = 0; i < SEGMENTS; i++) all.push(context.segment(i));
    return all;
  }

  get ldtr(): SegmentValue {
    return segmentValue(this.#vcpu.cpu.ldtr);
  }

  get tr(): SegmentValue {
    return segmentValue(this.#vcpu.cpu.tr);
  }

  get gdtr(): Registers['gdtr'] {
    const { base, limit } = this.#vcpu.cpu.gdtr;
    return { base, limit };
  }

  get idtr(): Registers['idtr'] {
    const { base, limit } = this.#vcpu.cpu.idtr;
    return { base, limit };
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
    return Array.from(this.#vcpu.cpu.dr);
  }

  get fpu(): FpuValue {
    return readFpu(this.#vcpu.context);
  }

  get cpl(): number {
    return this.#vcpu.cpu.cpl;
  }

  get codeBits(): 16 | 32 {
    return this.#vcpu.context.segmentAccess(CS) & DESC_BIG ? 32 : 16;
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

function segmentValue({ selector, base, limit, access }: SegmentValue): SegmentValue {
  return { selector, base, limit, access };
}

function readFpu(context: Context): FpuValue {
  const { u8 } = context.memory;
  const top = context.word(FPU_TOP) & 7;
  const empty = context.word(FPU_EMPTY);
  const physical: Uint8Array[] = [];
  for (let i = 0; i < FPU_COUNT; i++) {
    const at = context.base + FPU_REGISTERS + FPU_STRIDE * i;
    physical.push(u8.slice(at, at + 10));
  }
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
