/** A machine as those see it who save, compare or inspect it: its parts, without the run loop. */
import type { Device } from '../bus/device.ts';
import type { VirtualClock } from '../bus/virtual-clock.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { MachineConfig } from './config.ts';
import type { Vcpu } from './vcpu.ts';

export interface MachineParts {
  readonly config: MachineConfig;
  readonly memory: LinearMemory;
  readonly physical: PhysicalMemory;
  readonly clock: VirtualClock;
  readonly vcpus: readonly Vcpu[];
  readonly devices: readonly Device[];
}
