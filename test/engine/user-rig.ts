/**
 * A vCPU under the whole monitor with either tier, in ring 3 with paging: code at CODE, two pages of data at DATA and
 * none behind them, as test/oracle/host/ring3.c has them, and Linux's selectors. Every event stops before delivery
 * unless a test takes the vector points away and puts gates.
 */
import { CS } from '../../core/isa/registers.ts';
import { buildVcpu, type Vcpu } from '../../core/machine/vcpu.ts';
import { FPU_CONTROL, FPU_EMPTY, FPU_STATUS, FPU_TOP, layoutFor } from '../../core/memory/layout.ts';
import { LinearMemory } from '../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../core/memory/physical-memory.ts';
import { COLD_STEPS } from '../../core/vcpu/direct-engine.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { NO_DEVICES } from '../../core/vmm/memory-bus.ts';
import { TrapStatistics } from '../../core/vmm/statistics.ts';
import type { VmmExit } from '../../core/vmm/vmm-exit.ts';

export const CODE = 0x10000000;
export const DATA = 0x20000000;
/** Of ring 0, whose linear addresses are physical ones. */
export const GDT = 0x8000;
export const IDT = 0x9000;
export const TSS = 0xa000;
export const STACK0 = 0xc000;
export const CODE0 = 0x08;
export const DATA0 = 0x10;
export const CODE3 = 0x23;
export const DATA3 = 0x2b;
const TSS_SELECTOR = 0x30;
/** Where the code and the two data pages lie. */
const CODE_FRAME = 0x10;
const DATA_FRAME = 0x12;
const DIRECTORY = 0x1000;
const PAGES = 32;
export const CR0 = 0x80040031;
export const AC = 0x40000;
const ALL_VECTORS = Array.from({ length: 256 }, (_, vector) => ({ vector, source: 'any' as const }));

const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);

export interface UserRig extends Vcpu {
  readonly physical: PhysicalMemory;
  /** The interrupt request line; the vector is 20h. */
  readonly interrupts: { pending: boolean };
  /** Writes where the guest has this linear address. */
  poke(linear: number, bytes: ArrayLike<number>): void;
  peek(linear: number, length: number): Uint8Array;
  /** General registers and EFLAGS as told, flat segments, FNINIT, and zeros for data. */
  begin(registers: readonly number[], eflags: number): void;
  /** Puts code at CODE, translates it in tier 1, and makes it the next to run. */
  load(code: ArrayLike<number>): void;
  /** From EIP to the next event. */
  run(): VmmExit;
}

export function little(value: number, bytes = 4): number[] {
  return Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
}

export function words(...values: number[]): number[] {
  return values.flatMap((value) => little(value));
}

function frameOf(linear: number): number {
  if (linear >= DATA) return (DATA_FRAME << 12) + linear - DATA;
  return linear >= CODE ? (CODE_FRAME << 12) + linear - CODE : linear;
}

export function userRig(tier: 0 | 1): UserRig {
  const memory = new LinearMemory(layoutFor(PAGES, 2));
  const physical = new PhysicalMemory(memory, PAGES * 4096);
  const ports = { read: () => 0xffffffff, write: () => {} };
  const interrupts = {
    pending: false,
    acknowledge() {
      interrupts.pending = false;
      return 0x20;
    },
  };
  const statistics = new TrapStatistics();
  const shared = { memory, physical, mmio: NO_DEVICES, ports, interrupts, statistics, tier0, tier };
  const vcpu: Vcpu = buildVcpu(0, { ...shared, now: () => vcpu.vmm.steps });
  const { context, vmm, engine, cpu } = vcpu;
  const poke = (linear: number, bytes: ArrayLike<number>) =>
    physical.write('loader', frameOf(linear), Uint8Array.from(bytes));
  // Tables 2000h, 3000h and 4000h: the first megabyte for ring 0, the code, the data.
  for (const [entry, table] of [
    [0, 0x2000],
    [CODE >>> 22, 0x3000],
    [DATA >>> 22, 0x4000],
  ])
    poke(DIRECTORY + 4 * entry, words(table | 7));
  for (let page = 0; page < PAGES; page++) poke(0x2000 + 4 * page, words((page << 12) | 3));
  poke(0x3000, words((CODE_FRAME << 12) | 7));
  poke(0x4000, words((DATA_FRAME << 12) | 7, ((DATA_FRAME + 1) << 12) | 7));
  poke(GDT, words(0, 0, 0xffff, 0xcf9b00, 0xffff, 0xcf9300, 0, 0, 0xffff, 0xcffb00, 0xffff, 0xcff300));
  poke(GDT + TSS_SELECTOR, words((TSS << 16) | 0x67, 0x8b00));
  poke(TSS + 4, words(STACK0, DATA0));
  spendColdSteps(vcpu, poke);
  return {
    ...vcpu,
    physical,
    interrupts,
    poke,
    peek: (linear, length) => physical.read(frameOf(linear), length),
    begin(registers, eflags) {
      poke(DATA, new Uint8Array(0x2000));
      registers.forEach((value, register) => {
        context.setRegister(register, value);
      });
      loadFlatSegments(vcpu);
      cpu.halted = false;
      cpu.pendingDebug = 0;
      vmm.monitor.setCpl(3);
      context.setWord(FPU_CONTROL, 0x37f);
      context.setWord(FPU_STATUS, 0);
      context.setWord(FPU_TOP, 0);
      context.setWord(FPU_EMPTY, 0xff);
      context.eflags = eflags;
      vmm.monitor.applyPrivilege();
    },
    load(code) {
      poke(CODE, code);
      context.eip = CODE;
      engine.translateNow([CODE], context);
      // A point that has stopped passes the same event at the same step: arm all anew.
      vmm.setVectorPoints(ALL_VECTORS);
    },
    run: () => vmm.run(1000),
  };
}

function loadFlatSegments({ context }: Vcpu): void {
  for (let segment = 0; segment < 6; segment++) {
    const code = segment === CS;
    const access = code ? 0xc0fb00 : 0xc0f300;
    context.setSegment(segment, { selector: code ? CODE3 : DATA3, base: 0, limit: 0xffffffff, access });
  }
}

/** Until then large budgets do not run in the hot loop, nor enter translated blocks. */
function spendColdSteps(vcpu: Vcpu, poke: UserRig['poke']): void {
  const { context, cpu, vmm } = vcpu;
  loadFlatSegments(vcpu);
  Object.assign(cpu.gdtr, { base: GDT, limit: 0x3f });
  Object.assign(cpu.idtr, { base: IDT, limit: 0x7ff });
  Object.assign(cpu.tr, { selector: TSS_SELECTOR, base: TSS, limit: 0x67, access: 0x8b00 });
  cpu.cr3 = DIRECTORY;
  vmm.monitor.setCr0(CR0);
  vmm.monitor.setCpl(3);
  // jmp $
  poke(CODE, [0xeb, 0xfe]);
  context.eip = CODE;
  vmm.run(COLD_STEPS + 1);
}
