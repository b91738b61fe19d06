/** Interrupt wires that are not an interrupt controller's own inputs. */
import type { IrqLine } from './device.ts';

/** A wire that ends nowhere. */
export const UNCONNECTED: IrqLine = { set() {} };

/** A wire that remembers its level and counts rising edges: what a test or a statistics view looks at. */
export class ObservedLine implements IrqLine {
  level = false;
  rises = 0;
  readonly #next: IrqLine;

  constructor(next: IrqLine = UNCONNECTED) {
    this.#next = next;
  }

  set(level: boolean): void {
    if (level && !this.level) this.rises++;
    this.level = level;
    this.#next.set(level);
  }
}
