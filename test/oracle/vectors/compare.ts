/** What differs between the state a vector expects and the state we reached, in words. */
import { arithmeticNames } from './flag-names.ts';
import type { FpuImage, Vector } from './vector.ts';

export interface Result {
  readonly general: readonly number[];
  readonly eip: number;
  readonly eflags: number;
  readonly selectors: readonly number[];
  /** The first exception raised, undefined when there was none. */
  readonly vector: number | undefined;
  readonly fpu: FpuImage;
  /** Set when the run ended otherwise than the vector should: what happened. */
  readonly trouble?: string;
  byte(address: number): number;
}

const GENERAL = ['eax', 'ecx', 'edx', 'ebx', 'esp', 'ebp', 'esi', 'edi'];
const SEGMENTS = ['es', 'cs', 'ss', 'ds', 'fs', 'gs'];
/** The bits of the control word that exist. */
const CONTROL_MASK = 0x0f3f;
const C1 = 0x200;

const hex = (value: number) => `${(value >>> 0).toString(16)}h`;

/** FCOMI, FUCOMI and the popping forms clear C1 (SDM vol. 2); the recorded CPU leaves it alone. */
function comparesToFlags(code: Uint8Array): boolean {
  return (code[0] === 0xdb || code[0] === 0xdf) && code[1] >= 0xe8 && code[1] < 0xf8;
}

function fpuDifferences(vector: Vector, want: FpuImage, got: FpuImage): string[] {
  const found: string[] = [];
  const word = (name: string, a: number, b: number, mask: number) => {
    if ((a ^ b) & mask) found.push(`${name} ${hex(b)} not ${hex(a)}`);
  };
  word('fctrl', want.control, got.control, CONTROL_MASK);
  word('fstat', want.status, got.status, comparesToFlags(vector.code) ? 0xffff & ~C1 : 0xffff);
  word('ftag', want.tag, got.tag, 0xff);
  want.st.forEach((bytes, i) => {
    const text = (image: Uint8Array) =>
      [...image]
        .reverse()
        .map((b) => b.toString(16).padStart(2, '0'))
        .join('');
    if (text(bytes) !== text(got.st[i])) found.push(`st${i} ${text(got.st[i])} not ${text(bytes)}`);
  });
  return found;
}

/** Empty when we agree with the hardware. */
export function differences(vector: Vector, got: Result): string[] {
  const { expected } = vector;
  const registerMask = vector.wordRegisters ? 0xffff : 0xffffffff;
  if (got.trouble) return [got.trouble];
  const found: string[] = [];
  if (got.vector !== expected.vector) found.push(`vector ${got.vector ?? 'none'} not ${expected.vector ?? 'none'}`);
  // A 16-bit CPU has 16 bits of IP; ours runs into 10000h and would fault there.
  if ((got.eip ^ expected.eip) & registerMask) found.push(`eip ${hex(got.eip)} not ${hex(expected.eip)}`);
  GENERAL.forEach((name, i) => {
    const want = expected.general[i];
    if ((want ^ got.general[i]) & registerMask) found.push(`${name} ${hex(got.general[i])} not ${hex(want)}`);
  });
  // After a fault the recorded EFLAGS image also has RF, which is not compared.
  const flags = (got.eflags ^ expected.eflags) & vector.flagMask;
  if (flags) found.push(`flags ${arithmeticNames(got.eflags, flags)} not ${arithmeticNames(expected.eflags, flags)}`);
  expected.selectors?.forEach((want, i) => {
    if (want !== got.selectors[i]) found.push(`${SEGMENTS[i]} ${hex(got.selectors[i])} not ${hex(want)}`);
  });
  for (const [address, want] of expected.memory) {
    const mask = memoryMask(vector, address);
    const byte = got.byte(address);
    if ((byte ^ want) & mask) found.push(`[${hex(address)}] ${hex(byte)} not ${hex(want)}`);
  }
  if (expected.fpu) found.push(...fpuDifferences(vector, expected.fpu, got.fpu));
  return found;
}

/** A FLAGS image in memory is compared like FLAGS. */
function memoryMask(vector: Vector, address: number): number {
  if (vector.pushedFlags === undefined) return 0xff;
  if (address === vector.pushedFlags) return vector.flagMask & 0xff;
  if (address === vector.pushedFlags + 1) return (vector.flagMask >>> 8) & 0xff;
  return 0xff;
}
