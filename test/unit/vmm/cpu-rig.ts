/**
 * A vCPU under the monitor with real shadow paging and a toy engine. The toy executes one kind of
 * innocuous instruction, `nop`; everything else is written down per linear address and traps.
 */
import type { Instruction } from '../../../core/isa/instruction.ts';
import { CS } from '../../../core/isa/registers.ts';
import { type MemoryLayout, SHADOW_TABLE_SIZE } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../../core/memory/physical-memory.ts';
import { Context } from '../../../core/vcpu/context.ts';
import type { Engine } from '../../../core/vcpu/engine.ts';
import { EXIT_BREAK, EXIT_BUDGET, EXIT_FAULT, EXIT_TRAP, type Exit } from '../../../core/vcpu/exit.ts';
import { NO_DEVICES } from '../../../core/vmm/memory-bus.ts';
import { ShadowPaging } from '../../../core/vmm/shadow-paging.ts';
import { TrapStatistics } from '../../../core/vmm/statistics.ts';
import { VirtualCpu } from '../../../core/vmm/virtual-cpu.ts';
import { Vmm } from '../../../core/vmm/vmm.ts';

const BLANK: Instruction = {
  mnemonic: 'nop',
  trapClass: 'sensitive',
  opcode: 0,
  length: 1,
  operandSize: 4,
  addressSize: 4,
  repeat: 0,
  lock: false,
  mod: 3,
  reg: 0,
  rm: 0,
  memory: false,
  segment: 3,
  base: -1,
  index: -1,
  scale: 0,
  displacement: 0,
  immediate: 0,
  immediate2: 0,
};

export function instruction(mnemonic: string, fields: Partial<Instruction> = {}): Instruction {
  return { ...BLANK, mnemonic, ...fields };
}

/** A memory operand DS:[displacement]. */
export function at(displacement: number): Partial<Instruction> {
  return { memory: true, mod: 0, rm: 5, displacement };
}

export class ToyEngine implements Engine {
  /** By linear address; absent = `nop`, one byte. A number is the vector of a fault. */
  readonly program = new Map<number, Instruction | number>();
  points: ReadonlySet<number> = new Set();

  run(context: Context, budget: number, skipBreak = false): Exit {
    const { exit } = context;
    exit.steps = 0;
    for (;;) {
      exit.reason = EXIT_BUDGET;
      if (exit.steps === budget) return exit;
      const linear = (context.segmentBase(CS) + context.eip) >>> 0;
      if (this.points.has(linear) && !(skipBreak && exit.steps === 0)) {
        exit.reason = EXIT_BREAK;
        return exit;
      }
      const next = this.program.get(linear);
      if (typeof next === 'number') {
        Object.assign(exit, { reason: EXIT_FAULT, vector: next, errorCode: 0, linear: 0, cause: 'toy fault' });
        return exit;
      }
      if (next !== undefined && next.mnemonic !== 'nop') {
        exit.reason = EXIT_TRAP;
        exit.instruction = next;
        return exit;
      }
      context.eip = (context.eip + (next?.length ?? 1)) >>> 0;
      exit.steps++;
    }
  }

  invalidate(): void {}
  flush(): void {}
  setCodePoints(points: ReadonlySet<number>): void {
    this.points = points;
  }
}

/** Ports that remember what was written and answer what was put. */
export class ToyPorts {
  readonly log: string[] = [];
  answer = 0x12345678;
  onWrite: (() => void) | undefined;
  read(port: number, width: number): number {
    this.log.push(`in ${port.toString(16)}/${width}`);
    return width === 4 ? this.answer : this.answer & ((1 << (8 * width)) - 1);
  }
  write(port: number, width: number, value: number): void {
    this.log.push(`out ${port.toString(16)}/${width} ${value.toString(16)}`);
    this.onWrite?.();
  }
}

export class ToyController {
  vectors: number[] = [];
  get pending(): boolean {
    return this.vectors.length > 0;
  }
  acknowledge(): number {
    return this.vectors.shift() ?? 0xff;
  }
}

const PAGES = 256;
const TABLES = 2;

/** Without room for decoded code, which the toy engine has not: a rig for every test has to be cheap. */
function smallLayout(): MemoryLayout {
  const shadow = 0x30000;
  const moreShadow = shadow + SHADOW_TABLE_SIZE;
  const frames = shadow + TABLES * SHADOW_TABLE_SIZE;
  const none = { records: shadow, recordsSize: 0, codeTables: shadow, moreCodeTables: shadow, codeTableCount: 0 };
  const total = frames + PAGES * 4096;
  const tables = { shadow, moreShadow, shadowCount: TABLES };
  return { codeIndex: 0x20000, ...none, ...tables, frames, frameCount: PAGES, initial: total, total };
}

const memory = new LinearMemory(smallLayout());
const physical = new PhysicalMemory(memory, PAGES * 4096);
const cpu = new VirtualCpu();
const space = new ShadowPaging(memory, physical, NO_DEVICES, cpu);

/** One at a time: memory and tables are those of the rig before, made clean, because making them costs more than a test. */
export class CpuRig {
  readonly physical = physical;
  readonly cpu = cpu;
  readonly context = new Context(memory, 0);
  readonly engine = new ToyEngine();
  readonly ports = new ToyPorts();
  readonly interrupts = new ToyController();
  readonly statistics = new TrapStatistics();
  readonly vmm: Vmm;

  constructor() {
    physical.clear();
    space.flushAll();
    cpu.a20 = true;
    const { context, engine, ports, interrupts, statistics } = this;
    const now = () => this.vmm.steps;
    this.vmm = new Vmm({ engine, context, cpu, space, ports, interrupts, now, statistics });
    this.vmm.reset();
  }

  word(physical: number): number {
    return this.physical.word(physical);
  }

  half(physical: number): number {
    const [low, high] = this.physical.read(physical, 2);
    return low | (high << 8);
  }

  poke(physical: number, value: number, size = 4): void {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = value >>> (8 * i);
    this.physical.write('loader', physical, bytes);
  }

  /** Puts an instruction at EIP and runs it: one step, or what it leads to. */
  execute(next: Instruction): ReturnType<Vmm['run']> {
    const linear = (this.context.segmentBase(CS) + this.context.eip) >>> 0;
    this.engine.program.set(linear, next);
    return this.vmm.run(1);
  }
}

/** True when execution is in the handler of `vector` as the set-ups place them: 16 bytes each from 0xA000. */
export function isAtHandler(rig: CpuRig, vector: number): boolean {
  const linear = rig.context.segmentBase(CS) + rig.context.eip;
  return linear >= 0xa000 + 16 * vector && linear < 0xa010 + 16 * vector;
}
