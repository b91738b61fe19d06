/**
 * Vectors recorded on a real CPU as i386 code, one JSON object a line: a form with its tests. Flat 32-bit
 * protected mode, data at 0x20000000. README.md beside the committed data has the format.
 */
import { UserError } from '../../../core/util/errors.ts';
import type { FpuImage, MemoryRun, Vector } from './vector.ts';

/** Which forms to take: i integer, s string, d division and BCD, f x87, m MMX, x SSE. */
export const INTEGER_CLASSES = 'isd';

const DATA = 0x20000000;
/** Where the recorder kept the input registers; a few forms (POP ESP, LEAVE) can reach it. */
const INPUTS = 0x20001000;
const COMPARED_FLAGS = 0x8d5 | 0x400;

interface FormLine {
  n: string;
  b: string;
  at: number;
  u: number;
  c: string;
  t: TestLine[];
}

interface TestLine {
  i: number[];
  m: string;
  o: number[];
  w: [number, number][];
  x?: number;
  eip?: number;
  fi?: FpuLine;
  fo?: FpuLine;
}

interface FpuLine {
  cw: number;
  sw: number;
  tw: number;
  st: string[];
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(values).buffer);
}

function fpu(line: FpuLine): FpuImage {
  return { control: line.cw, status: line.sw, tag: line.tw, st: line.st.map(bytes) };
}

function vectorOf(form: FormLine, test: TestLine, index: number): Vector {
  const code = bytes(form.b);
  const memory: MemoryRun[] = [
    { address: form.at, bytes: code },
    { address: DATA, bytes: bytes(test.m) },
    { address: INPUTS, bytes: words(test.i) },
  ];
  // Traps (INT3, INTO) report the EIP after the instruction, faults that of the instruction.
  const after = test.x === undefined ? code.length : (test.eip ?? 0);
  return {
    name: `${form.n} #${index}`,
    form: form.n,
    mode: 'protected',
    code,
    general: test.i.slice(0, 8),
    eip: form.at,
    eflags: test.i[8],
    memory,
    fpu: test.fi && fpu(test.fi),
    expected: {
      general: test.o.slice(0, 8),
      eip: form.at + after,
      eflags: test.o[8],
      memory: test.w.map(([offset, value]) => [DATA + offset, value]),
      fpu: test.fo && fpu(test.fo),
      vector: test.x,
    },
    flagMask: COMPARED_FLAGS & ~form.u,
  };
}

function parseLine(line: string): FormLine {
  try {
    return JSON.parse(line) as FormLine;
  } catch {
    throw new UserError('vectors-damaged', `not a line of vectors: ${line.slice(0, 40)}`);
  }
}

/** @throws UserError when a line is not JSON */
export function parseHwvec(text: string, classes: string): Vector[] {
  const vectors: Vector[] = [];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const form = parseLine(line);
    if (classes.includes(form.c)) form.t.forEach((test, index) => void vectors.push(vectorOf(form, test, index)));
  }
  return vectors;
}
