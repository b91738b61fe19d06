/** One virtual CPU with everything that is its own: register file, privileged state, engine, shadow paging, monitor. */
import type { CoprocessorErrors, InterruptController } from '../bus/device.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import { Context } from '../vcpu/context.ts';
import { DirectEngine } from '../vcpu/direct-engine.ts';
import type { MemoryBus } from '../vmm/memory-bus.ts';
import type { PortSpace } from '../vmm/monitor.ts';
import { ShadowPaging } from '../vmm/shadow-paging.ts';
import type { TrapStatistics } from '../vmm/statistics.ts';
import { VirtualCpu } from '../vmm/virtual-cpu.ts';
import { Vmm } from '../vmm/vmm.ts';

export interface Vcpu {
  readonly context: Context;
  readonly cpu: VirtualCpu;
  readonly space: ShadowPaging;
  readonly engine: DirectEngine;
  readonly vmm: Vmm;
}

/** What the vCPUs of a machine share. */
export interface SharedParts {
  readonly memory: LinearMemory;
  readonly physical: PhysicalMemory;
  readonly mmio: MemoryBus;
  readonly ports: PortSpace;
  readonly interrupts: InterruptController;
  readonly coprocessor?: CoprocessorErrors;
  readonly statistics: TrapStatistics;
  readonly tier0: WebAssembly.Module;
  readonly tier: 0 | 1;
  now(): number;
}

export function buildVcpu(index: number, shared: SharedParts): Vcpu {
  const { memory, physical } = shared;
  const context = new Context(memory, index);
  const cpu = new VirtualCpu();
  const space = new ShadowPaging(memory, physical, shared.mmio, cpu);
  const engine = new DirectEngine(memory, space, shared.tier0, { tier: shared.tier });
  physical.onWrite((hostPage, offset, length) => engine.invalidate(hostPage, offset, length));
  const { ports, interrupts, coprocessor, statistics, now } = shared;
  const vmm = new Vmm({ engine, context, cpu, space, ports, interrupts, coprocessor, statistics, now });
  vmm.reset();
  return { context, cpu, space, engine, vmm };
}
