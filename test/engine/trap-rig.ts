/** A vCPU under the monitor with random code, for fuzzing: what is around it is plausible, now and then damaged. */

import { AC } from '../../core/isa/eflags.ts';
import { CS } from '../../core/isa/registers.ts';
import { layoutFor } from '../../core/memory/layout.ts';
import { LinearMemory } from '../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../core/memory/physical-memory.ts';
import { Context } from '../../core/vcpu/context.ts';
import { DirectEngine } from '../../core/vcpu/direct-engine.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { NO_DEVICES } from '../../core/vmm/memory-bus.ts';
import { ShadowPaging } from '../../core/vmm/shadow-paging.ts';
import { TrapStatistics } from '../../core/vmm/statistics.ts';
import { CR0_AM, VirtualCpu } from '../../core/vmm/virtual-cpu.ts';
import { Vmm } from '../../core/vmm/vmm.ts';
import { seeded } from '../seeded.ts';

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
const PAGES = 512;

/** Numbers from 0 to 2^32 - 1. */
function generator(seed: number): () => number {
  const random = seeded(seed);
  return () => random() * 2 ** 32;
}

/** Opcodes that trap, so that random bytes meet them more often than by chance. */
const SYSTEM = [
  [0x0f, 0x00],
  [0x0f, 0x01],
  [0x0f, 0x02],
  [0x0f, 0x03],
  [0x0f, 0x06],
  [0x0f, 0x20],
  [0x0f, 0x21],
  [0x0f, 0x22],
  [0x0f, 0x23],
  [0x0f, 0x30],
  [0x0f, 0x31],
  [0x0f, 0x32],
  [0x0f, 0xa0],
  [0x0f, 0xa1],
  [0x0f, 0xa2],
  [0x0f, 0xb2],
  [0x06],
  [0x07],
  [0x0e],
  [0x16],
  [0x17],
  [0x1e],
  [0x1f],
  [0x63],
  [0x6c],
  [0x6d],
  [0x6e],
  [0x6f],
  [0x8c],
  [0x8e],
  [0x9a],
  [0x9c],
  [0x9d],
  [0xc4],
  [0xc5],
  [0xca],
  [0xcb],
  [0xcc],
  [0xcd],
  [0xce],
  [0xcf],
  [0xe4],
  [0xe6],
  [0xea],
  [0xec],
  [0xef],
  [0xf1],
  [0xfa],
  [0xfb],
  [0xff],
];

export function trapRig(tier: 0 | 1 = 0) {
  const memory = new LinearMemory(layoutFor(PAGES, 3));
  const physical = new PhysicalMemory(memory, PAGES * 4096);
  const cpu = new VirtualCpu();
  const space = new ShadowPaging(memory, physical, NO_DEVICES, cpu);
  const context = new Context(memory, 0);
  const engine = new DirectEngine(memory, space, tier0, { tier });
  physical.onWrite((page, offset, length) => engine.invalidate(page, offset, length));
  const ports = { read: (_port: number, width: number) => 2 ** (8 * width) - 1, write: () => {} };
  const interrupts = { pending: false, acknowledge: () => 0x20 };
  const vmm: Vmm = new Vmm({
    engine,
    context,
    cpu,
    space,
    ports,
    interrupts,
    now: () => vmm.steps,
    statistics: new TrapStatistics(),
  });
  return { physical, cpu, space, context, engine, interrupts, vmm };
}

export type TrapRig = ReturnType<typeof trapRig>;

/** Flat descriptors of rings 0 and 3, a TSS, and an IDT of plausible and damaged gates. */
function tables(rig: TrapRig, next: () => number): void {
  const poke = (at: number, value: number) => pokeWord(rig, at, value);
  const words: number[] = [];
  const put = (low: number, high: number) => words.push(low >>> 0, high >>> 0);
  put(0, 0);
  put(0xffff, 0xcf9b00);
  put(0xffff, 0xcf9300);
  put(0xffff, 0xcffb00);
  put(0xffff, 0xcff300);
  put(0x30000067, 0x8b00);
  put((8 << 16) | 0x4000, 0x5ec00 & 0xffff);
  while (words.length < 64) put(next(), next() & (next() | 0xff));
  words.forEach((word, i) => poke(0x1000 + 4 * i, word));
  for (let vector = 0; vector < 256; vector++) {
    const bad = next() % 16 === 0;
    poke(0x2000 + vector * 8, bad ? next() : (8 << 16) | (0x4000 + vector * 16));
    poke(0x2004 + vector * 8, bad ? next() : 0x8e00 | (next() & 0x6100));
  }
  poke(0x3004, 0x9000);
  poke(0x3008, 0x10);
}

export function pokeWord(rig: TrapRig, physical: number, value: number): void {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  rig.physical.write('loader', physical, bytes);
}

function randomCode(next: () => number, length: number): Uint8Array {
  const code: number[] = [];
  while (code.length < length) {
    const choice = next() % 8;
    if (choice === 0) code.push([0x66, 0x67, 0xf2, 0xf3, 0x2e, 0x36][next() % 6]);
    else if (choice < 4) code.push(...SYSTEM[next() % SYSTEM.length], next() & 0xff);
    else code.push(next() & 0xff);
  }
  return Uint8Array.from(code);
}

/** Random code in random surroundings: real mode, flat, paged, ring 3. Answers the rest of the seed's numbers. */
export function prepare(rig: TrapRig, seed: number): () => number {
  const poke = (at: number, value: number) => pokeWord(rig, at, value);
  const next = generator(seed);
  const { physical, cpu, context, space, engine, vmm, interrupts } = rig;
  physical.clear();
  space.flushAll();
  engine.flush();
  vmm.reset();
  interrupts.pending = next() % 4 === 0;
  const mode = next() % 4;
  tables(rig, next);
  physical.write('loader', 0x4000, randomCode(next, 0x3000));
  for (let register = 0; register < 8; register++)
    context.setRegister(register, next() % 3 === 0 ? next() : next() & 0xffff);
  context.setRegister(4, 0x8f00 + (next() & 0xff));
  if (mode === 0) {
    for (let vector = 0; vector < 256; vector++) poke(vector * 4, 0x4000 + (next() & 0xff0));
    for (let segment = 0; segment < 6; segment++)
      context.setSegment(segment, { selector: 0, base: 0, limit: 0xffff, access: 0x9300 });
  } else {
    Object.assign(cpu.gdtr, { base: 0x1000, limit: 0xff });
    Object.assign(cpu.idtr, { base: 0x2000, limit: 0x7ff });
    Object.assign(cpu.tr, { selector: 0x28, base: 0x3000, limit: 0x67, access: 0x8b00 });
    const ring = mode === 3 ? 3 : 0;
    if (mode === 2) {
      poke(0x100000, 0x101007);
      for (let page = 0; page < 1024; page++)
        poke(0x101000 + 4 * page, page < PAGES && next() % 32 !== 0 ? (page << 12) | 7 : next() & 0x1fffff);
      for (const page of [1, 2, 3, 4, 5, 6, 8]) poke(0x101000 + 4 * page, (page << 12) | 7);
      cpu.cr3 = 0x100000;
    }
    vmm.monitor.setCr0(mode === 2 ? 0x80010011 : next() & CR0_AM ? 0x40011 : 0x11);
    for (let segment = 0; segment < 6; segment++) {
      const code = segment === CS;
      const selector = ring === 0 ? (code ? 8 : 0x10) : code ? 0x1b : 0x23;
      context.setSegment(segment, {
        selector,
        base: 0,
        limit: 0xffffffff,
        access: (code ? 0xc09b00 : 0xc09300) | (ring << 13),
      });
    }
    vmm.monitor.setCpl(ring);
  }
  context.eip = 0x4000 + (next() & 0xfff);
  context.eflags = 2 | (next() & (AC | 0x3ed5));
  vmm.monitor.applyPrivilege();
  return next;
}
