/**
 * A machine just large enough for a vector: one vCPU with its engine, shadow paging and monitor, RAM, ports
 * that float, and handlers that tell which exception was raised. Protected-mode vectors run at CPL 3 as they
 * were recorded, paged, so that their addresses need no gigabytes; real-mode ones run from address 0 up.
 */
import { MmioBus } from '../../../core/bus/mmio-bus.ts';
import { REAL_MODE_ACCESS } from '../../../core/isa/descriptors.ts';
import { buildVcpu, type Vcpu } from '../../../core/machine/vcpu.ts';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../../core/memory/physical-memory.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { TrapStatistics } from '../../../core/vmm/statistics.ts';
import type { Result } from './compare.ts';
import { loadFpu, readFpu } from './fpu-image.ts';
import type { Vector } from './vector.ts';

/** 1 MiB and the 64 KiB above it that real mode reaches with A20 open. */
const RAM_PAGES = 0x110;
/** More than any vector retires; a REP in real mode may run 64 K iterations. */
const BUDGET = 200_000;

const CR0_PE = 1;
const CR0_NE = 1 << 5;
const CR0_WP = 1 << 16;
const CR0_PG = 0x80000000;

// Physical places of the protected-mode machine.
const DIRECTORY = 0x1000;
const LOW_TABLE = 0x2000;
const CODE_TABLE = 0x3000;
const DATA_TABLE = 0x4000;
const GDT = 0x5000;
const TSS = 0x5800;
const IDT = 0x6000;
/** Handler of vector i is a HLT at HANDLERS + i. */
const HANDLERS = 0x7000;
const RING0_STACK = 0x9000;
const CODE_FRAMES = 0x10000;
const DATA_FRAMES = 0x20000;
// Linear addresses the recorder used; four pages each are enough.
const CODE = 0x10000000;
const DATA = 0x20000000;
const PAGES = 4;

const CODE0 = 0x08;
const DATA0 = 0x10;
const CODE3 = 0x1b;
const DATA3 = 0x23;
const TASK = 0x28;

const HLT = 0xf4;
const GP = 13;

const NOP = 0x90;

export class VectorMachine {
  /** Vectors whose instruction ran as translated code (tier 1). */
  translated = 0;
  readonly #memory = new LinearMemory(layoutFor(RAM_PAGES));
  readonly #physical = new PhysicalMemory(this.#memory, RAM_PAGES * 4096);
  readonly #vcpu: Vcpu;

  readonly #tier: 0 | 1;

  constructor(tier: 0 | 1) {
    this.#tier = tier;
    this.#vcpu = buildVcpu(0, {
      memory: this.#memory,
      physical: this.#physical,
      mmio: new MmioBus(),
      ports: { read: (_port, width) => 2 ** (8 * width) - 1, write: () => {} },
      interrupts: { pending: false, acknowledge: () => 0 },
      tier0: new WebAssembly.Module(buildTier0() as BufferSource),
      tier,
      statistics: new TrapStatistics(),
      now: () => 0,
    });
  }

  run(vector: Vector): Result {
    const { context, vmm } = this.#vcpu;
    vmm.reset();
    if (vector.mode === 'real') this.#enterReal(vector);
    else this.#enterProtected(vector);
    vector.general.forEach((value, i) => {
      context.setRegister(i, value);
    });
    context.eip = vector.eip;
    context.eflags = vector.eflags;
    if (vector.fpu) loadFpu(context, vector.fpu);
    if (this.#tier === 1) this.#translate(vector);
    vmm.run(BUDGET, {});
    return vector.mode === 'real' ? this.#realResult(vector) : this.#protectedResult(vector);
  }

  /** Makes one block of a NOP and the instruction: a single instruction is not worth a block and would not get one. */
  #translate(vector: Vector): void {
    const { context, engine } = this.#vcpu;
    const before = vector.mode === 'real' ? freeByteBefore(vector) : CODE_FRAMES + (vector.eip - CODE) - 1;
    if (before === undefined) return;
    this.#physical.write('loader', before, Uint8Array.of(NOP));
    context.eip = vector.eip - 1;
    const blocks = engine.blocks?.size ?? 0;
    engine.translateNow([context.eip], context);
    if ((engine.blocks?.size ?? 0) > blocks) this.translated++;
  }

  #enterReal(vector: Vector): void {
    const { context, cpu, space } = this.#vcpu;
    cpu.cr0 = 0x10;
    cpu.idtr.base = 0;
    cpu.idtr.limit = 0x3ff;
    for (const { address, bytes } of vector.memory) this.#physical.write('loader', address, bytes);
    vector.selectors?.forEach((selector, i) => {
      context.setSegment(i, { selector, base: selector << 4, limit: 0xffff, access: REAL_MODE_ACCESS });
    });
    space.switchSpace(context);
  }

  #enterProtected(vector: Vector): void {
    const { context, cpu, space, vmm } = this.#vcpu;
    this.#layTables();
    for (const { address, bytes } of vector.memory) {
      const at = address >= DATA ? DATA_FRAMES + (address - DATA) : CODE_FRAMES + (address - CODE);
      this.#physical.write('loader', at, bytes);
      // What follows the instruction ends the test: HLT at CPL 3 raises #GP with its own address.
      if (address === vector.eip) this.#physical.write('loader', at + bytes.length, Uint8Array.of(HLT));
    }
    cpu.cr0 = (CR0_PE | CR0_NE | CR0_WP | CR0_PG | 0x10) >>> 0;
    cpu.cr3 = DIRECTORY;
    cpu.gdtr.base = GDT;
    cpu.gdtr.limit = 0x2f;
    cpu.idtr.base = IDT;
    cpu.idtr.limit = 0x7ff;
    Object.assign(cpu.tr, { selector: TASK, base: TSS, limit: 0x67, access: 0x8b00 });
    vmm.monitor.setCpl(3);
    for (let i = 0; i < 6; i++) {
      const access = i === 1 ? 0xcffb00 : 0xcff300;
      context.setSegment(i, { selector: i === 1 ? CODE3 : DATA3, base: 0, limit: 0xffffffff, access });
    }
    space.switchSpace(context);
  }

  /** Page tables, GDT, TSS, IDT and handlers; again for each vector, because a vector could have changed them. */
  #layTables(): void {
    const word = (at: number, value: number) => {
      this.#physical.write('loader', at, new Uint8Array(new Uint32Array([value]).buffer));
    };
    const USER = 7;
    const SUPERVISOR = 3;
    word(DIRECTORY, LOW_TABLE | SUPERVISOR);
    word(DIRECTORY + (CODE >>> 22) * 4, CODE_TABLE | USER);
    word(DIRECTORY + (DATA >>> 22) * 4, DATA_TABLE | USER);
    for (let page = 0; page < 16; page++) word(LOW_TABLE + page * 4, (page << 12) | SUPERVISOR);
    for (let page = 0; page < PAGES; page++) {
      word(CODE_TABLE + page * 4, (CODE_FRAMES + (page << 12)) | USER);
      word(DATA_TABLE + page * 4, (DATA_FRAMES + (page << 12)) | USER);
    }
    const descriptors = [0, 0, 0xffff, 0xcf9a00, 0xffff, 0xcf9200, 0xffff, 0xcffa00, 0xffff, 0xcff200, 0, 0];
    descriptors.forEach((value, i) => {
      word(GDT + 4 * i, value);
    });
    word(GDT + TASK, (TSS << 16) | 0x67);
    word(GDT + TASK + 4, 0x8b00);
    word(TSS + 4, RING0_STACK);
    word(TSS + 8, DATA0);
    for (let vector = 0; vector < 32; vector++) {
      word(IDT + 8 * vector, (CODE0 << 16) | (HANDLERS + vector));
      word(IDT + 8 * vector + 4, 0xee00);
    }
    this.#physical.write('loader', HANDLERS, new Uint8Array(32).fill(HLT));
  }

  #protectedResult(vector: Vector): Result {
    const { context, cpu } = this.#vcpu;
    const common = this.#common((address) => {
      const at = address >= DATA ? DATA_FRAMES + (address - DATA) : CODE_FRAMES + (address - CODE);
      return this.#physical.read(at, 1)[0];
    });
    const raised = context.eip - 1 - HANDLERS;
    if (!cpu.halted || context.user || raised < 0 || raised > 31) {
      return { ...common, trouble: `did not end in a handler (eip ${context.eip.toString(16)})` };
    }
    // The frame on the inner stack: EIP CS EFLAGS ESP SS, below it the error code if there is one.
    const [eip, , eflags, esp] = new Uint32Array(this.#physical.read(RING0_STACK - 20, 20).slice().buffer);
    const general = common.general.map((value, i) => (i === 4 ? esp : value));
    const ended = raised === GP && eip === vector.eip + vector.code.length;
    return { ...common, general, eip, eflags, vector: ended ? undefined : raised };
  }

  #realResult(vector: Vector): Result {
    const { context, cpu } = this.#vcpu;
    const common = this.#common((address) => this.#physical.read(address, 1)[0]);
    if (!cpu.halted) return { ...common, trouble: `did not reach its HLT (eip ${context.eip.toString(16)})` };
    // Delivered exceptions show in the pushed frame and the handler's EIP, which are compared.
    return { ...common, vector: vector.expected.vector };
  }

  #common(byte: (address: number) => number): Result {
    const { context } = this.#vcpu;
    return {
      general: Array.from({ length: 8 }, (_, i) => context.register(i)),
      eip: context.eip,
      eflags: context.eflags,
      selectors: Array.from({ length: 6 }, (_, i) => context.selector(i)),
      vector: undefined,
      fpu: readFpu(context),
      byte,
    };
  }
}

/** Physical address of the byte before the instruction, unless the vector has something there. */
function freeByteBefore(vector: Vector): number | undefined {
  if (vector.eip === 0) return undefined;
  const address = (vector.selectors?.[1] ?? 0) * 16 + vector.eip - 1;
  const taken =
    vector.memory.some((run) => run.address === address) || vector.expected.memory.some(([at]) => at === address);
  return taken ? undefined : address;
}
