/**
 * What trapped, how often: the table behind `--stats` and `monitor stats`. Counting is one increment of a
 * row that the dispatch has at hand anyway.
 */
import { EXCEPTION_NAMES } from '../isa/exceptions.ts';
import type { TrapClass } from '../isa/instruction.ts';

export interface StatisticsRow {
  /** Mnemonic, `#PF`, or `interrupt 32`. */
  readonly name: string;
  readonly class: TrapClass | 'fault' | 'interrupt';
  readonly count: number;
}

/** The counter of one trapped mnemonic. */
export interface TrapCounter {
  readonly name: string;
  readonly class: TrapClass;
  count: number;
}

export class TrapStatistics {
  private readonly traps = new Map<string, TrapCounter>();
  /** Exceptions raised by guest code, by vector. */
  readonly faults = new Float64Array(32);
  /** Interrupt requests accepted, by vector. */
  readonly interrupts = new Float64Array(256);

  /** The counter of a mnemonic; always the same object. */
  counter(name: string, trapClass: TrapClass): TrapCounter {
    let counter = this.traps.get(name);
    if (counter === undefined) {
      counter = { name, class: trapClass, count: 0 };
      this.traps.set(name, counter);
    }
    return counter;
  }

  /** Everything that happened at least once, most frequent first. */
  rows(): StatisticsRow[] {
    const rows: StatisticsRow[] = [];
    for (const { name, class: trapClass, count } of this.traps.values())
      if (count > 0) rows.push({ name, class: trapClass, count });
    this.faults.forEach((count, vector) => {
      if (count > 0) rows.push({ name: EXCEPTION_NAMES[vector], class: 'fault', count });
    });
    this.interrupts.forEach((count, vector) => {
      if (count > 0) rows.push({ name: `interrupt ${vector}`, class: 'interrupt', count });
    });
    return rows.sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
  }

  reset(): void {
    for (const counter of this.traps.values()) counter.count = 0;
    this.faults.fill(0);
    this.interrupts.fill(0);
  }
}
