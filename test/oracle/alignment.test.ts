/**
 * Alignment checks beside the processor the tests run on: Linux sets CR0.AM, so that a ring 3 program with EFLAGS.AC
 * has them. Instructions of a table at every alignment, and random ones that also meet an absent page.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { alignmentForms } from '../engine/alignment-forms.ts';
import { AC, DATA, type UserRig, userRig } from '../engine/user-rig.ts';
import { seeded } from '../seeded.ts';
import { type HostAnswer, type HostCase, runOnHost, WINDOW_SIZE } from './host-ring3.ts';
import { randomAccess } from './random-accesses.ts';

const WINDOW = DATA + 0xf80;
const INT3 = 3;
const AC_FAULT = 17;
const PAGE_FAULT = 14;
const RANDOM = Number(process.env.TRAPGATE_ACCESSES ?? 4000);
const hex = (value: number) => value.toString(16);
/**
 * Where the manual leaves a choice (which of two faults is first, what of an instruction was done before one) ours is
 * AMD's. Of another maker's processor only what table 6-7 decides is asked: aligned or not.
 */
const STRICT = readFileSync('/proc/cpuinfo', 'latin1').includes('AuthenticAMD');

/**
 * What shows how a case ended. After #AC also that nothing was done. Of a page fault the page: which byte of FNSAVE or
 * PUSHA meets it first is the processor's own affair.
 */
function shown(answer: HostAnswer): string {
  const { vector, errorCode, eip, cr2, registers, eflags, window } = answer;
  if (!STRICT) return `vector ${vector}`;
  const end = `vector ${vector} eip ${hex(eip)}`;
  if (vector === PAGE_FAULT) return `${end} error ${errorCode} page ${hex(cr2 >>> 12)}`;
  if (vector !== AC_FAULT) return end;
  return `${end} error ${errorCode} ${registers.map(hex)} ${hex(eflags & 0xed5)} ${Buffer.from(window).toString('hex')}`;
}

function runHere(rig: UserRig, { code, registers, eflags, window }: HostCase): HostAnswer {
  const { context, cpu } = rig;
  rig.begin(registers, eflags);
  rig.poke(WINDOW, window);
  rig.load(code);
  const exit = rig.run();
  const fault = exit.faults.at(-1);
  return {
    vector: exit.reason === 'vector' ? exit.vector : -1,
    errorCode: fault?.errorCode ?? 0,
    // The host tells of INT3 once it has retired.
    eip: context.eip + (exit.vector === INT3 ? 1 : 0),
    cr2: cpu.cr2,
    registers: registers.map((_, register) => context.register(register)),
    eflags: context.eflags,
    window: rig.peek(WINDOW, WINDOW_SIZE),
  };
}

/** Compares both tiers with the host; answers how many cases ended with each vector. */
function compare(cases: readonly HostCase[], names: readonly string[]): Map<number, number> {
  const host = runOnHost(cases);
  const rigs = [userRig(0), userRig(1)];
  const vectors = new Map<number, number>();
  const differences: string[] = [];
  cases.forEach((one, i) => {
    vectors.set(host[i].vector, (vectors.get(host[i].vector) ?? 0) + 1);
    const wanted = shown(host[i]);
    rigs.forEach((rig, tier) => {
      const answer = runHere(rig, one);
      const open = !STRICT && (answer.vector === PAGE_FAULT || host[i].vector === PAGE_FAULT);
      const got = shown(answer);
      if (got !== wanted && !open) differences.push(`${names[i]}, tier ${tier}:\n  host ${wanted}\n  here ${got}`);
    });
  });
  expect(differences.slice(0, 20).join('\n'), `${differences.length} differences`).toBe('');
  return vectors;
}

describe('alignment checks', () => {
  it('of every kind of access are those of the host, at every address within 16 bytes', () => {
    const cases: HostCase[] = [];
    const names: string[] = [];
    for (const { text, code } of alignmentForms())
      for (let offset = 0; offset < 16; offset++) {
        const at = WINDOW + 64 + offset;
        const registers = [0, 2, 0, at, at, at, at, at];
        cases.push({ code, registers, eflags: AC | 0x202, window: new Uint8Array(WINDOW_SIZE) });
        names.push(`${text} at ${hex(at)}`);
      }
    const vectors = compare(cases, names);
    expect(vectors.get(AC_FAULT)).toBeGreaterThan(1000);
    expect(vectors.get(INT3)).toBeGreaterThan(500);
  });

  it(`of ${RANDOM} random instructions are those of the host`, () => {
    const random = seeded(17);
    const cases = Array.from({ length: RANDOM }, () => randomAccess(random, WINDOW));
    const names = cases.map(({ code, registers }) => `${Buffer.from(code).toString('hex')} ${registers.map(hex)}`);
    const vectors = compare(cases, names);
    for (const vector of [INT3, PAGE_FAULT, AC_FAULT]) expect(vectors.get(vector)).toBeGreaterThan(RANDOM / 50);
  });
});
