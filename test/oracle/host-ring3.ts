/** Runs i386 instructions in ring 3 of the machine the tests run on: host/ring3.c, built and fed. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tool, workFolder } from '../guests/build.ts';

const SOURCE = fileURLToPath(new URL('host/ring3.c', import.meta.url));
const FLAGS =
  '-m32 -march=i386 -O1 -ffreestanding -nostdlib -static -fno-pic -no-pie -fno-stack-protector -fcf-protection=none';
export const CODE_SIZE = 64;
export const WINDOW_SIZE = 256;
const CASE_WORDS = 9;
const ANSWER_WORDS = 13;

export interface HostCase {
  /** At most 64 bytes. */
  readonly code: Uint8Array;
  /** eax ecx edx ebx esp ebp esi edi */
  readonly registers: readonly number[];
  readonly eflags: number;
  /** 256 bytes. */
  readonly window: Uint8Array;
}

export interface HostAnswer {
  readonly vector: number;
  readonly errorCode: number;
  readonly eip: number;
  readonly cr2: number;
  readonly registers: readonly number[];
  readonly eflags: number;
  readonly window: Uint8Array;
}

/** @throws when the host runs no i386 programs */
export function runOnHost(cases: readonly HostCase[]): HostAnswer[] {
  const program = join(workFolder(), 'ring3');
  tool('gcc', [...FLAGS.split(' '), '-fno-tree-loop-distribute-patterns', '-o', program, SOURCE]);
  const caseSize = CODE_SIZE + 4 * CASE_WORDS + WINDOW_SIZE;
  const input = new Uint8Array(cases.length * caseSize).fill(0xcc);
  const view = new DataView(input.buffer);
  cases.forEach(({ code, registers, eflags, window }, i) => {
    const at = i * caseSize;
    input.set(code, at);
    [...registers, eflags].forEach((word, j) => {
      view.setUint32(at + CODE_SIZE + 4 * j, word, true);
    });
    input.set(window, at + CODE_SIZE + 4 * CASE_WORDS);
  });
  const output = execFileSync(program, { input, maxBuffer: 1 << 28, timeout: 60_000 });
  const answerSize = 4 * ANSWER_WORDS + WINDOW_SIZE;
  return cases.map((_, i) => {
    const at = i * answerSize;
    const word = (j: number) => output.readUInt32LE(at + 4 * j);
    return {
      vector: word(0),
      errorCode: word(1),
      eip: word(2),
      cr2: word(3),
      registers: Array.from({ length: 8 }, (_, j) => word(4 + j)),
      eflags: word(12),
      window: new Uint8Array(output.subarray(at + 4 * ANSWER_WORDS, at + answerSize)),
    };
  });
}
