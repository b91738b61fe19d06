/**
 * The decoder against an independent one (iced-x86) over random bytes in 16- and 32-bit code: whether there is
 * an instruction, how long it is, what it is called and whether it is privileged. Where the two differ for a
 * reason, the reason stands in the tables below.
 */
import { CpuidFeature, Decoder, DecoderOptions, Instruction, Mnemonic } from 'iced-x86';
import { expect, it } from 'vitest';
import { decode, Decoder as OurDecoder } from '../../core/isa/decode.ts';
import { formOf } from '../../core/isa/forms.ts';
import { handlerOf } from '../../core/vcpu/interpreter/handlers.ts';
import { encodingFor } from '../../core/vcpu/interpreter/packer.ts';
import { seeded } from '../seeded.ts';

const COUNT = 100_000;
const LENGTH = 24;

/** What our processor has: the 80386 to the Pentium, CMOV and the multi-byte NOP beside them. */
const FEATURES = new Set(
  (
    'INTEL8086 INTEL186 INTEL286 INTEL386 INTEL486 CMOV CPUID CX8 MSR MULTIBYTENOP PAUSE RDPMC SEP SMM TSC ' +
    'FPU FPU287 FPU387'
  ).split(' '),
);

/** Names of the same thing, theirs to ours. */
const NAMES: Record<string, string> = {
  cdq: 'cwd',
  cwde: 'cbw',
  jecxz: 'jcxz',
  pause: 'nop',
  retf: 'ret',
  sal: 'shl',
  xlatb: 'xlat',
};

/** Instructions of theirs that we leave undefined. */
const UNDEFINED: Record<string, string> = {
  ud0: 'raises #UD, which is what an undefined opcode does',
  ud1: 'raises #UD, which is what an undefined opcode does',
  ud2: 'raises #UD, which is what an undefined opcode does',
  reservednop: '0F 0D, 0F 18-0F 1E and the other digits of 0F 1F: hint space of later processors',
};

/** Instructions of ours that they call invalid. */
const INVALID: Record<string, string> = {
  mov_to_cr: 'the monitor raises #UD for CR1 and CR5-CR7',
  mov_from_cr: 'the monitor raises #UD for CR1 and CR5-CR7',
};

/** Without what only our names say: the operand (`push_seg`), or far (`call_far`). */
function bare(ours: string): string {
  return ours === 'imul1' ? 'imul' : ours.replace(/(_to|_from)?_(seg|cr|dr|far|ax)$/, '');
}

/** True when the names mean one instruction; theirs may end in the operand size. */
function sameName(ours: string, theirs: string): boolean {
  const name = NAMES[theirs] ?? theirs;
  return name === bare(ours) || (/[bwd]$/.test(name) && name.slice(0, -1) === bare(ours));
}

interface Difference {
  readonly bits: number;
  readonly bytes: string;
  readonly what: string;
}

function compare(bits: 16 | 32, bytes: Uint8Array, instruction: Instruction): Difference | undefined {
  const decoder = new Decoder(bits, bytes, DecoderOptions.None);
  decoder.decodeOut(instruction);
  decoder.free();
  const ours = decode(bytes, 0, bits === 16);
  const differs = (what: string): Difference => ({
    bits,
    bytes: [...bytes.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
    what,
  });
  if (ours === undefined) return differs('not enough bytes');
  const theirs = Mnemonic[instruction.mnemonic].toLowerCase();
  const features = [...instruction.cpuidFeatures()].map((feature) => CpuidFeature[feature]);
  const valid = !instruction.isInvalid && features.every((feature) => FEATURES.has(feature));
  const isUndefined = ours.trapClass === 'undefined';
  // Which x87 instructions there are is the business of the x87 tests.
  if (isUndefined && ours.opcode >= 0xd8 && ours.opcode <= 0xdf) return undefined;
  if (ours.length > 15) return valid ? differs(`too long, theirs ${theirs}`) : undefined;
  if (!valid) {
    const known = isUndefined || ours.mnemonic in INVALID;
    return known ? undefined : differs(`ours ${ours.mnemonic}, theirs ${theirs} ${features}`);
  }
  if (isUndefined) return theirs in UNDEFINED ? undefined : differs(`undefined, theirs ${theirs} ${features}`);
  if (ours.length !== instruction.length)
    return differs(`${theirs}: length ${ours.length}, theirs ${instruction.length}`);
  const privileged = ours.trapClass === 'privileged' || ours.trapClass === 'iopl';
  if (privileged !== instruction.isPrivileged) return differs(`${theirs}: class ${ours.trapClass}`);
  if (!sameName(ours.mnemonic, theirs)) return differs(`named ${ours.mnemonic}, theirs ${theirs}`);
  return undefined;
}

function randomBytes(random: () => number): Uint8Array {
  const bytes = Uint8Array.from({ length: LENGTH }, () => Math.floor(random() * 256));
  const shape = random();
  if (shape < 0.3) bytes[0] = 0x0f;
  else if (shape < 0.4) bytes[0] = 0xf0;
  return bytes;
}

it(`agrees with iced-x86 on ${COUNT} random byte strings in 16- and 32-bit code`, () => {
  const random = seeded(1);
  const instruction = new Instruction();
  const found: Difference[] = [];
  for (let i = 0; i < COUNT; i++) {
    const bytes = randomBytes(random);
    for (const bits of [16, 32] as const) {
      const difference = compare(bits, bytes, instruction);
      if (difference) found.push(difference);
    }
  }
  instruction.free();
  const kinds = new Map<string, Difference>();
  for (const difference of found) kinds.set(difference.what, difference);
  expect([...kinds.values()]).toEqual([]);
});

it('has a tier-0 handler for every innocuous instruction it decodes, in every mode', () => {
  const random = seeded(2);
  const decoder = new OurDecoder();
  const missing = new Set<string>();
  for (let i = 0; i < COUNT; i++) {
    const bytes = randomBytes(random);
    for (const bits16 of [true, false]) {
      const d = decoder.decode(bytes, 0, LENGTH, bits16);
      if (d.row?.trapClass !== 'innocuous' || d.tooLong) continue;
      for (const flat of [true, false]) {
        const mode = { id: 1, bits16, flat, csBase: 0, csLimit: 0xffffffff, codeHigh: 0xffffffff };
        const { key } = formOf(d.row, encodingFor(d, d.row, mode));
        if (handlerOf(key) === undefined) missing.add(key);
      }
    }
  }
  expect([...missing]).toEqual([]);
});
