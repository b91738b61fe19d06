/**
 * Random bytes as code, in real mode, in ring 0 and in ring 3, over random tables and memory: whatever a
 * guest executes, the machine ends a bounded run with a documented event, and nothing throws.
 */
import { describe, expect, it } from 'vitest';
import { ROWS } from '../../core/isa/opcodes.ts';
import { DEFAULT_CONFIG } from '../../core/machine/config.ts';
import { Machine } from '../../core/machine/machine.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { seeded } from '../seeded.ts';

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
const CASES = Number(process.env.TRAPGATE_FUZZ ?? 10_000);
const STEPS = 600;
const EVENTS = new Set(['slice', 'poweroff', 'exit', 'reset', 'triple-fault', 'refused', 'idle']);
const GDT = 0x800;
const IDT = 0x1000;
const DIRECTORY = 0x4000;
const CODE = 0x8000;

/** Bytes that decode to something more often than noise does: opcodes of the table between random bytes. */
function soup(random: () => number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const row = ROWS[Math.floor(random() * ROWS.length)];
    if (random() < 0.15) bytes[at++] = [0x66, 0x67, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x64][Math.floor(random() * 8)];
    if (row.opcode >= 0xf00) bytes[at++] = 0x0f;
    bytes[at++] = row.opcode & 0xff;
    if (row.hasModrm)
      bytes[at++] =
        (Math.floor(random() * 256) & 0xc7) | ((row.digit >= 0 ? row.digit : Math.floor(random() * 8)) << 3);
    for (let i = Math.floor(random() * 5); i > 0; i--) bytes[at++] = random() < 0.5 ? 0 : Math.floor(random() * 256);
  }
  return bytes.subarray(0, length);
}

function prepare(machine: Machine, random: () => number, mode: number): void {
  const [{ context, vmm, cpu, space }] = machine.vcpus;
  const pick = (n: number) => Math.floor(random() * n);
  const low = new Uint8Array(CODE + 0x2000);
  const view = new DataView(low.buffer);
  const word = (at: number, value: number) => view.setUint32(at, value, true);
  machine.reset();
  low.set(soup(random, 0x800));
  low.set(soup(random, 0x2000), CODE);
  for (let i = 0; i < 8; i++) context.setRegister(i, random() < 0.6 ? pick(0x20000) : pick(0x100000000));
  if (mode === 0) {
    for (let i = 0; i < 6; i++) {
      const selector = i === 1 ? CODE >> 4 : pick(0x1000);
      context.setSegment(i, { selector, base: selector << 4, limit: 0xffff, access: 0x9300 });
    }
    context.eip = pick(0x100);
    machine.physical.write('loader', 0, low);
    return;
  }
  const descriptors = [0x9a, 0x92, 0xfa, 0xf2, 0x89, 0xec, 0x9e, 0xe2];
  descriptors.forEach((type, i) => {
    const damaged = random() < 0.2 ? pick(256) : type;
    word(GDT + 8 * (i + 1), 0xffff | (type === 0x89 ? 0x2000 << 16 : 0));
    word(GDT + 8 * (i + 1) + 4, (damaged << 8) | (type === 0x89 ? 0 : 0xcf0000));
  });
  for (let vector = 0; vector < 256; vector++) {
    word(IDT + 8 * vector, (8 << 16) | (CODE + pick(0x1000)));
    word(IDT + 8 * vector + 4, random() < 0.9 ? 0xee00 : pick(0x10000));
  }
  word(0x2004, 0x7000);
  word(0x2008, 0x10);
  for (let page = 0; page < 256; page++) {
    word(DIRECTORY + 4096 + 4 * page, (page << 12) | (random() < 0.9 ? 7 : pick(4096)));
  }
  word(DIRECTORY, (DIRECTORY + 4096) | 7);
  word(DIRECTORY + 4, (pick(0x100) << 22) | 0x87);
  machine.physical.write('loader', 0, low);
  Object.assign(cpu.gdtr, { base: GDT, limit: 0x47 });
  Object.assign(cpu.idtr, { base: IDT, limit: random() < 0.9 ? 0x7ff : pick(0x800) });
  Object.assign(cpu.tr, { selector: 0x28, base: 0x2000, limit: 0x67, access: 0x8b00 });
  cpu.cr3 = DIRECTORY;
  cpu.cr4 = 0x10;
  vmm.monitor.setCr0(random() < 0.5 ? 0x80010011 : 0x11);
  const user = mode === 2;
  for (let i = 0; i < 6; i++) {
    const access = (i === 1 ? 0xc09b00 : 0xc09300) | (user ? 0x6000 : 0);
    const selector = i === 1 ? (user ? 0x1b : 8) : user ? 0x23 : 0x10;
    context.setSegment(i, { selector, base: 0, limit: random() < 0.9 ? 0xffffffff : pick(0x20000), access });
  }
  vmm.monitor.setCpl(user ? 3 : 0);
  context.eflags = 2 | (pick(0x10000) & 0x3ed5);
  context.eip = CODE + pick(0x100);
  space.switchSpace(context);
}

describe('a guest that executes garbage', () => {
  it.each([0, 1] as const)(
    `ends ${CASES} bounded runs with a documented event on tier %i`,
    (tier) => {
      const random = seeded(19851017 + tier);
      const machine = new Machine({ ...DEFAULT_CONFIG, memory: 1, tier, onReset: 'stop' }, tier0);
      const seen = new Map<string, number>();
      const cases = tier === 0 ? CASES * 0.8 : CASES * 0.2;
      for (let i = 0; i < cases; i++) {
        prepare(machine, random, i % 3);
        const before = machine.steps;
        let event = machine.run(STEPS);
        // A fault of ours would throw; these are the ways a run may end.
        if (event.kind === 'slice') event = machine.run(1);
        expect(EVENTS).toContain(event.kind);
        expect(machine.steps - before).toBeLessThanOrEqual(STEPS + 1);
        seen.set(event.kind, (seen.get(event.kind) ?? 0) + 1);
      }
      // The soup must reach deep enough to be worth anything.
      expect(seen.get('slice') ?? 0).toBeGreaterThan(cases / 50);
      expect(seen.get('triple-fault') ?? 0).toBeGreaterThan(cases / 50);
    },
    600_000,
  );
});
