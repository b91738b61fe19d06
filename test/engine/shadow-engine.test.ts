/**
 * Shadow coherence and code coherence with the real engine: the random programs of the unit test, each
 * access made by one guest instruction, and guest code that is rewritten in every way there is.
 */
import { describe, expect, it } from 'vitest';
import { DirectEngine } from '../../core/vcpu/direct-engine.ts';
import { EXIT_ALONE, EXIT_BUDGET, EXIT_FAULT, EXIT_TRAP, EXIT_WATCH } from '../../core/vcpu/exit.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { seeded } from '../seeded.ts';
import { CR0_PG, type Outcome, Rig } from '../unit/vmm/shadow-driver.ts';
import { DIRECTORIES, PAGES, Program } from '../unit/vmm/shadow-program.ts';

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);

/** A rig whose accesses are instructions: [ecx] with al, ax or eax. */
const READS: Record<number, number[]> = { 1: [0x8a, 0x01], 2: [0x66, 0x8b, 0x01], 4: [0x8b, 0x01] };
const WRITES: Record<number, number[]> = { 1: [0x88, 0x01], 2: [0x66, 0x89, 0x01], 4: [0x89, 0x01] };
/** Directory entry 100h of every space: a table in frame 20 that maps the code in frame 21. */
const CODE_REGION = 0x100;
const CODE_TABLE = 20 << 12;
const CODE_FRAME = 21 << 12;
const ACCESSED_USER = 0x27;

class EngineRig extends Rig {
  readonly engine: DirectEngine;

  constructor(pages: number) {
    super(pages);
    this.engine = new DirectEngine(this.memory, this.space, tier0, { tier: 0 });
    this.physical.onWrite((page, offset, length) => this.engine.invalidate(page, offset, length));
    for (let segment = 0; segment < 6; segment++) {
      const access = segment === 1 ? 0xc0fb00 : 0xc0f300;
      this.context.setSegment(segment, { selector: 0, base: 0, limit: 0xffffffff, access });
    }
    this.context.eflags = 2;
  }

  override set(change: Parameters<Rig['set']>[0]): void {
    super.set(change);
    this.context.modeChanges++;
  }

  /** Where the code frame is linear at the moment. */
  get codeBase(): number {
    return this.control.cr0 & CR0_PG ? CODE_REGION * 0x400000 : CODE_FRAME;
  }

  install(): void {
    this.poke(CODE_TABLE, CODE_FRAME | ACCESSED_USER);
    for (const size of [1, 2, 4]) {
      this.physical.write('loader', CODE_FRAME + size * 16, Uint8Array.from([...READS[size], 0xf4]));
      this.physical.write('loader', CODE_FRAME + 0x800 + size * 16, Uint8Array.from([...WRITES[size], 0xf4]));
    }
  }

  override read(linear: number, size: number, user = false): Outcome {
    this.context.setRegister(0, 0);
    return this.#execute(size * 16, linear, user);
  }

  override write(linear: number, size: number, value: number, user = false): Outcome {
    this.context.setRegister(0, value);
    const outcome = this.#execute(0x800 + size * 16, linear, user);
    return outcome.kind === 'value' ? { kind: 'value', value } : outcome;
  }

  #execute(offset: number, linear: number, user: boolean): Outcome {
    const { context } = this;
    if (context.user !== user) context.setPrivilege(user);
    context.setRegister(1, linear);
    context.eip = this.codeBase + offset;
    let exit = this.engine.run(context, 1);
    if (exit.reason === EXIT_ALONE) exit = this.engine.run(context, 1, false, true);
    if (exit.reason === EXIT_FAULT) return { kind: 'fault', errorCode: exit.errorCode, linear: exit.linear };
    expect([EXIT_BUDGET, EXIT_WATCH]).toContain(exit.reason);
    this.hits++;
    return { kind: 'value', value: context.register(0) };
  }
}

/** The random guest may overwrite the directory entry of the code: it is mended before every access. */
class EngineProgram extends Program {
  override access(linear: number, size: number, value: number | undefined): string {
    for (const frame of DIRECTORIES) {
      const at = frame * 4096 + CODE_REGION * 4;
      if (this.rig.peek(at) !== (CODE_TABLE | ACCESSED_USER)) this.set(at, CODE_TABLE | ACCESSED_USER);
    }
    return super.access(linear, size, value);
  }
}

describe('shadow coherence with tier 0', () => {
  for (const [name, options] of [
    ['as it comes', { dropping: 0, meddling: 0 }],
    ['entries dropped, watches, code marks and exec blocks changing', { dropping: 0.01, meddling: 0.03 }],
  ] as const) {
    it(`agrees with a plain page walk after every instruction: ${name}`, () => {
      let agreed = 0;
      for (let seed = 101; seed <= 104; seed++) {
        const rig = new EngineRig(PAGES);
        rig.install();
        const program = new EngineProgram(seed, options, rig);
        program.run(2500);
        agreed += program.agreed;
      }
      expect(agreed).toBeGreaterThan(3000);
    });
  }
});

/** Linear pages 0–31 are frames 0–31, pages 32–63 the same again. */
function aliased(): EngineRig {
  const rig = new EngineRig(64);
  rig.poke(0x1000, 0x2007);
  for (let page = 0; page < 64; page++) rig.poke(0x2000 + 4 * page, ((page & 31) << 12) | 7);
  rig.set({ cr0: CR0_PG | 1, cr3: 0x1000 });
  rig.context.setPrivilege(false);
  return rig;
}

/** mov eax,imm32; hlt */
function runAt(rig: EngineRig, at: number): number {
  rig.context.eip = at;
  expect(rig.engine.run(rig.context, 100).reason).toBe(EXIT_TRAP);
  return rig.context.register(0);
}

describe('code coherence with tier 0', () => {
  const bytes = (value: number) => Uint8Array.from({ length: 4 }, (_, i) => value >>> (8 * i));
  const writers: ((rig: EngineRig, at: number, value: number) => void)[] = [
    (rig, at, value) => rig.space.write(rig.context, at, 4, value, false),
    (rig, at, value) => rig.space.write(rig.context, at + 0x20000, 4, value, false),
    (rig, at, value) => rig.space.writeLinear('debugger', at, bytes(value)),
    (rig, at, value) => rig.space.writeLinear('debugger', at + 0x20000, bytes(value)),
    (rig, at, value) => rig.physical.write('dma', at, bytes(value)),
    (rig, at, value) => {
      // By guest code itself: mov [ecx],eax through an alias.
      rig.physical.write('loader', 0x7000, Uint8Array.of(0x89, 0x01, 0xf4));
      rig.context.setRegister(0, value);
      rig.context.setRegister(1, at + 0x20000);
      runAt(rig, 0x7000);
    },
  ];

  it('every writer is seen by the next run, at both aliases', () => {
    const rng = seeded(9);
    const rig = aliased();
    rig.physical.write('loader', 0x5000, Uint8Array.of(0xb8, 0, 0, 0, 0, 0xf4));
    rig.physical.write('loader', 0x5ffd, Uint8Array.of(0xb8, 0, 0, 0, 0, 0xf4));
    for (let i = 0; i < 300; i++) {
      const at = rng() < 0.5 ? 0x5000 : 0x5ffd;
      const value = Math.floor(rng() * 2 ** 32);
      writers[i % writers.length](rig, at + 1, value);
      if (rng() < 0.1) rig.space.dropRandom(rng);
      expect(runAt(rig, at + (rng() < 0.5 ? 0x20000 : 0))).toBe(value);
    }
  });

  it('an instruction sees what the one before it wrote', () => {
    const rig = aliased();
    // mov dword [25010h],imm32 (an alias of the instruction at 5010h); nops; mov eax,imm32; hlt
    const store = [0xc7, 0x05, 0x10, 0x50, 0x02, 0x00, 0x44, 0x33, 0x22, 0x11];
    rig.physical.write('loader', 0x5005, Uint8Array.from([...store, 0xb8, 0, 0, 0, 0, 0xf4]));
    rig.poke(0x5010, 0);
    expect(runAt(rig, 0x500f)).toBe(0);
    expect(runAt(rig, 0x5005)).toBe(0x11223344);
  });
});

describe('a frame that is executed at two places of its code segment', () => {
  const CODE16 = 0x9b00;
  const CODE32 = 0xc09b00;
  const GP = 13;

  function segment(rig: EngineRig, base: number, limit: number, access: number): void {
    rig.context.setSegment(1, { selector: 8, base, limit, access });
  }

  /** Where execution stops: a trap's EIP, or the fault's vector and EIP. */
  function stopAt(rig: EngineRig, eip: number): string {
    rig.context.eip = eip;
    const { reason, vector } = rig.engine.run(rig.context, 1000);
    return `${reason === EXIT_FAULT ? `#${vector} ` : ''}${rig.context.eip.toString(16)}`;
  }

  for (const [name, base, access, jump] of [
    ['16-bit code with an unaligned base', 0x800, CODE16, [0xeb, 0x10]],
    ['32-bit code with an operand-size prefix', 0, CODE32, [0x66, 0xeb, 0x10]],
  ] as const) {
    it(`wraps a 16-bit branch at the one above 64 KiB only: ${name}`, () => {
      const rig = aliased();
      segment(rig, base, 0xfffff, access);
      rig.physical.write('loader', 0x5100, Uint8Array.from([...jump, ...new Array(0x20).fill(0xf4)]));
      const low = 0x5100 - base;
      const target = (low + jump.length + 0x10).toString(16);
      // Linked at the first, and again after the other made its own.
      for (const eip of [low, low, low + 0x20000, low]) expect(stopAt(rig, eip)).toBe(target);
    });
  }

  it('wraps a 16-bit branch at either end of 64 KiB with an unaligned base, and not between', () => {
    const rig = aliased();
    segment(rig, 0x800, 0xffff, CODE16);
    // The page of EIP 0, one in the middle and the one in which the segment ends are one frame.
    for (const page of [0, 0x10]) rig.poke(0x2000 + 4 * page, 0x5007);
    rig.physical.write('loader', 0x57e0, new Uint8Array(0x40).fill(0xf4));
    rig.physical.write('loader', 0x57f0, Uint8Array.of(0xeb, 0x10));
    rig.physical.write('loader', 0x5808, Uint8Array.of(0xeb, 0xe0));
    const stops = { 20464: '5002', 20488: '4fea', 65520: '2', 8: 'ffea' };
    for (let i = 0; i < 2; i++)
      for (const [eip, stop] of Object.entries(stops)) expect(stopAt(rig, Number(eip)), `from ${eip}`).toBe(stop);
  });

  it('faults at the limit where the segment ends inside it', () => {
    const rig = aliased();
    segment(rig, 0, 0x257ff, CODE32);
    rig.physical.write('loader', 0x57f0, Uint8Array.from([...new Array(0x18).fill(0x90), 0xf4]));
    // jmp eax, in a page that ends before the limit
    rig.physical.write('loader', 0x7000, Uint8Array.of(0xff, 0xe0));
    for (const [at, stop] of [
      [0x57f0, '5808'],
      [0x257f0, `#${GP} 25800`],
      // Its translation is known by now, and so is code for its frame.
      [0x257f0, `#${GP} 25800`],
      [0x57f0, '5808'],
    ] as const) {
      rig.context.setRegister(0, at);
      expect(stopAt(rig, 0x7000)).toBe(stop);
    }
  });

  it('faults where an instruction goes on in a page beyond the limit', () => {
    for (const order of [
      [0x5ffd, 0x25ffd, 0x5ffd],
      [0x25ffd, 0x5ffd, 0x25ffd],
    ]) {
      const rig = aliased();
      segment(rig, 0, 0x25fff, CODE32);
      rig.physical.write('loader', 0x5ffd, Uint8Array.of(0xb8, 1, 2, 3, 4, 0xf4));
      for (const eip of order) expect(stopAt(rig, eip)).toBe(eip < 0x20000 ? '6002' : `#${GP} 25ffd`);
      // The page beyond is not even looked at.
      rig.poke(0x2000 + 4 * 0x26, 0);
      expect(stopAt(rig, 0x25ffd)).toBe(`#${GP} 25ffd`);
    }
  });
});
