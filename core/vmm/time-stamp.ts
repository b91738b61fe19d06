/** The time stamp counter: the virtual clock plus what the guest wrote (SDM vol. 3, 17.17). */
import { GP } from '../isa/exceptions.ts';
import { EAX, EDX } from '../isa/registers.ts';
import type { Monitor } from './monitor.ts';
import { DONE, type Outcome } from './outcome.ts';
import { CR4_PCE, CR4_TSD } from './virtual-cpu.ts';

const TWO_TO_32 = 0x1_0000_0000;

/** EDX:EAX = the counter. */
export function readTsc(monitor: Monitor): void {
  const { context, cpu } = monitor;
  const now = monitor.now();
  if (cpu.tscOffset === 0n) {
    context.setRegister(EAX, now % TWO_TO_32);
    context.setRegister(EDX, Math.floor(now / TWO_TO_32));
    return;
  }
  const value = BigInt.asUintN(64, BigInt(now) + cpu.tscOffset);
  context.setRegister(EAX, Number(value & 0xffffffffn));
  context.setRegister(EDX, Number(value >> 32n));
}

export function writeTsc(monitor: Monitor, low: number, high: number): void {
  monitor.cpu.tscOffset = BigInt.asIntN(64, ((BigInt(high) << 32n) | BigInt(low)) - BigInt(monitor.now()));
}

export function readTimeStamp(monitor: Monitor): Outcome {
  const { cpu } = monitor;
  if (cpu.cr4 & CR4_TSD && cpu.cpl !== 0) return monitor.raise(GP, 0, 'RDTSC above ring 0 with CR4.TSD');
  readTsc(monitor);
  return DONE;
}

/** The model has no performance counters, so every index is out of range. */
export function readPerformanceCounter(monitor: Monitor): Outcome {
  const { cpu } = monitor;
  if (!(cpu.cr4 & CR4_PCE) && cpu.cpl !== 0) return monitor.raise(GP, 0, 'RDPMC above ring 0 without CR4.PCE');
  return monitor.raise(GP, 0, 'RDPMC: this model has no performance counters');
}
