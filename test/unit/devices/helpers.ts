/** What device tests share: a clock to turn by hand, sinks that remember, a seeded random source. */
import type { ByteSink } from '../../../core/bus/device.ts';
import type { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { seeded } from '../../seeded.ts';

export class TextSink implements ByteSink {
  text = '';

  put(byte: number): void {
    this.text += String.fromCharCode(byte);
  }
}

/** Moves the clock forward as the machine does: never past a deadline without firing it. */
export function run(clock: VirtualClock, ticks: number): void {
  const end = clock.now() + ticks;
  for (;;) {
    const next = Math.min(end, Math.max(clock.now(), clock.nextDeadline()));
    clock.advance(next - clock.now());
    clock.fireDue();
    if (next === end && clock.nextDeadline() > end) return;
  }
}

/** Random integers below `limit`. */
export function random(seed: number): (limit: number) => number {
  const next = seeded(seed);
  return (limit) => Math.floor(next() * limit);
}

/** Deep equality of saved states; much quicker than the test runner's. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a.constructor !== b.constructor) return false;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return a.length === b.length && a.every((v, i) => v === b[i]);
  const [left, right] = [Object.entries(a), Object.entries(b)];
  return (
    left.length === right.length && left.every(([key, value]) => same(value, (b as { [key: string]: unknown })[key]))
  );
}
