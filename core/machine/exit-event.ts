/** What the monitor came back with, as whoever runs a machine is told it. */
import type { VmmExit } from '../vmm/vmm-exit.ts';
import type { MachineEvent } from './events.ts';
import { modeNames } from './mode-points.ts';
import type { Vcpu } from './vcpu.ts';

/** By the monitor's SOURCE_* numbers. */
const SOURCE_NAMES = ['exception', 'interrupt', 'software', 'exception'] as const;

/** Undefined: nothing that anybody asked to hear of. */
export function eventOf(exit: VmmExit, { space }: Vcpu): MachineEvent | undefined {
  switch (exit.reason) {
    case 'budget':
    case 'halted':
    case 'stopRequested':
      return undefined;
    case 'break':
      return { kind: 'break' };
    case 'watch':
      return { kind: 'watch', hits: space.takeWatchHits() };
    case 'vector': {
      const fault = exit.faults[exit.faults.length - 1];
      return { kind: 'vector', fault, source: SOURCE_NAMES[exit.source] };
    }
    case 'mode':
      return { kind: 'mode', changes: modeNames(exit.modeChange) };
    case 'shutdown':
      return { kind: 'triple-fault', faults: exit.faults };
    case 'refused':
      return { kind: 'refused', message: exit.message };
  }
}
