/**
 * A debugger's write to a register, by the name debuggers give it; also how an input log replays one. What
 * a write does beyond its register is in vmm/debugger-writes.ts.
 */
import { GENERAL_NAMES, SEGMENT_NAMES } from '../isa/registers.ts';
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
import type { Context, SegmentCache } from '../vcpu/context.ts';
import {
  type Refusal,
  writeControl,
  writeDebugRegister,
  writeFlags,
  writeLocalTable,
  writeSegment,
  writeTaskRegister,
} from '../vmm/debugger-writes.ts';
import type { Monitor } from '../vmm/monitor.ts';
import { setTable } from '../vmm/virtual-cpu.ts';
import type { Vcpu } from './vcpu.ts';

export type InputResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const UNKNOWN = 'it cannot be written';
const X87_WORDS: Readonly<Record<string, { at: number; mask: number }>> = {
  fctrl: { at: FPU_CONTROL, mask: 0xffff },
  fiseg: { at: FPU_INSTRUCTION_SELECTOR, mask: 0xffff },
  fioff: { at: FPU_INSTRUCTION_OFFSET, mask: -1 },
  foseg: { at: FPU_DATA_SELECTOR, mask: 0xffff },
  fooff: { at: FPU_DATA_OFFSET, mask: -1 },
  fop: { at: FPU_OPCODE, mask: 0x7ff },
};
/** Bits 13–11 of the x87 status word. */
const TOP_SHIFT = 11;
const TAG_EMPTY = 3;

/** @param value little-endian: up to four bytes, ten for st0–st7 */
export function writeRegister({ vmm, context }: Vcpu, name: string, value: Uint8Array): InputResult {
  const reason = /^st[0-7]$/.test(name)
    ? writeX87Register(context, Number(name[2]), value)
    : writeWord(vmm.monitor, name, littleEndian(value));
  return reason === undefined ? { ok: true } : { ok: false, reason };
}

function writeWord(monitor: Monitor, name: string, word: number): Refusal {
  const { context, cpu } = monitor;
  const general = (GENERAL_NAMES as readonly string[]).indexOf(name);
  if (general >= 0) {
    context.setRegister(general, word);
    return undefined;
  }
  const segment = (SEGMENT_NAMES as readonly string[]).indexOf(name);
  if (segment >= 0) return writeSegment(monitor, segment, word & 0xffff);
  const hidden = /^([c-gs]s|ldtr|tr)_(base|limit|access)$/.exec(name);
  if (hidden !== null) return writeHidden(monitor, hidden[1], hidden[2] as keyof SegmentCache, word);
  const numbered = /^(cr|dr)([0-7])$/.exec(name);
  if (numbered?.[1] === 'cr') return writeControl(monitor, Number(numbered[2]), word);
  if (numbered?.[1] === 'dr') return writeDebugRegister(monitor, Number(numbered[2]), word);
  switch (name) {
    case 'eip':
      context.eip = word;
      return undefined;
    case 'eflags':
      return writeFlags(monitor, word);
    case 'gdtr_base':
      setTable(cpu.gdtr, word, cpu.gdtr.limit);
      return undefined;
    case 'gdtr_limit':
      setTable(cpu.gdtr, cpu.gdtr.base, word);
      return undefined;
    case 'idtr_base':
      setTable(cpu.idtr, word, cpu.idtr.limit);
      return undefined;
    case 'idtr_limit':
      setTable(cpu.idtr, cpu.idtr.base, word);
      return undefined;
    case 'ldtr':
      return writeLocalTable(monitor, word & 0xffff);
    case 'tr':
      return writeTaskRegister(monitor, word & 0xffff);
    default:
      return writeX87(context, name, word);
  }
}

/** The hidden part of a segment, LDTR or TR: in force until the next load, as after a switch out of real mode. */
function writeHidden({ context, cpu }: Monitor, register: string, field: keyof SegmentCache, word: number): Refusal {
  if (register === 'ldtr' || register === 'tr') {
    cpu[register][field] = word;
    return undefined;
  }
  const index = (SEGMENT_NAMES as readonly string[]).indexOf(register);
  context.setSegment(index, { ...context.segment(index), [field]: word });
  return undefined;
}

function writeX87(context: Context, name: string, word: number): Refusal {
  if (Object.hasOwn(X87_WORDS, name)) {
    const { at, mask } = X87_WORDS[name];
    context.setWord(at, word & mask);
    return undefined;
  }
  if (name === 'fstat') {
    context.setWord(FPU_TOP, (word >>> TOP_SHIFT) & 7);
    context.setWord(FPU_STATUS, word & 0xffff & ~(7 << TOP_SHIFT));
    return undefined;
  }
  if (name !== 'ftag') return UNKNOWN;
  let empty = 0;
  for (let i = 0; i < 8; i++) if (((word >>> (2 * i)) & 3) === TAG_EMPTY) empty |= 1 << i;
  context.setWord(FPU_EMPTY, empty);
  return undefined;
}

/** ST(i): relative to TOP; ten bytes, mantissa first. */
function writeX87Register(context: Context, index: number, value: Uint8Array): Refusal {
  if (value.length !== 10) return 'an x87 register has 10 bytes';
  const physical = (context.word(FPU_TOP) + index) & 7;
  context.memory.u8.set(value, context.base + FPU_REGISTERS + physical * 16);
  return undefined;
}

function littleEndian(value: Uint8Array): number {
  let word = 0;
  for (let i = Math.min(value.length, 4) - 1; i >= 0; i--) word = (word << 8) | value[i];
  return word >>> 0;
}
