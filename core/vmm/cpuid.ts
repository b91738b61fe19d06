/**
 * CPUID of the default model (SDM vol. 2, CPUID): a family 6 processor that announces exactly what is
 * built. FXSR, MMX, SSE, PAE, APIC, SEP, PGE and VME are absent until they exist.
 */
import type { Instruction } from '../isa/instruction.ts';
import { EAX, EBX, ECX, EDX } from '../isa/registers.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome } from './outcome.ts';
import { CPU_SIGNATURE } from './virtual-cpu.ts';

const FEATURE_FPU = 1 << 0;
const FEATURE_DE = 1 << 2;
const FEATURE_PSE = 1 << 3;
const FEATURE_TSC = 1 << 4;
const FEATURE_MSR = 1 << 5;
const FEATURE_CX8 = 1 << 8;
const FEATURE_CMOV = 1 << 15;
const FEATURES = FEATURE_FPU | FEATURE_DE | FEATURE_PSE | FEATURE_TSC | FEATURE_MSR | FEATURE_CX8 | FEATURE_CMOV;

type Leaf = readonly [eax: number, ebx: number, ecx: number, edx: number];

const EXTENDED = 0x80000000;
const BRAND = 'Trapgate virtual IA-32 processor';

function textWord(text: string, at: number): number {
  let word = 0;
  for (let i = 0; i < 4; i++) word |= (text.charCodeAt(at + i) || 0) << (8 * i);
  return word >>> 0;
}

function brandLeaf(part: number): Leaf {
  return [0, 4, 8, 12].map((offset) => textWord(BRAND, part * 16 + offset)) as unknown as Leaf;
}

const VENDOR = 'GenuineIntel';
const BASIC: readonly Leaf[] = [
  [1, textWord(VENDOR, 0), textWord(VENDOR, 8), textWord(VENDOR, 4)],
  [CPU_SIGNATURE, 0, 0, FEATURES],
];
const EXTENDED_LEAVES: readonly Leaf[] = [
  [EXTENDED + 4, 0, 0, 0],
  [0, 0, 0, 0],
  brandLeaf(0),
  brandLeaf(1),
  brandLeaf(2),
];

/** The leaf for `index`; beyond the last one the data of the highest basic leaf, as Intel's processors answer. */
export function cpuidLeaf(index: number): Leaf {
  const leaf = index >= EXTENDED ? EXTENDED_LEAVES[index - EXTENDED] : BASIC[index];
  return leaf ?? BASIC[BASIC.length - 1];
}

export function identify(monitor: Monitor, _instruction: Instruction): Outcome {
  const { context } = monitor;
  const leaf = cpuidLeaf(context.register(EAX));
  context.setRegister(EAX, leaf[0]);
  context.setRegister(EBX, leaf[1]);
  context.setRegister(ECX, leaf[2]);
  context.setRegister(EDX, leaf[3]);
  return DONE;
}
