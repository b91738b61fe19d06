/**
 * Exact conversion between clock ticks and the cycles of a device's own crystal. Whole seconds and the rest
 * are converted apart, so that nothing drifts and no product reaches 2^53 however long a machine runs.
 */
import { assert } from '../util/assert.ts';

export class Rate {
  readonly #hz: number;
  readonly #frequency: number;
  /** The second of the last conversion, since guests ask again and again within one. */
  #secondStart = 0;
  #secondCycles = 0;

  /** @param hz ticks a second @param frequency device cycles a second; their product stays below 2^53 */
  constructor(hz: number, frequency: number) {
    assert(hz * frequency < Number.MAX_SAFE_INTEGER, `clock ${hz} Hz with a device of ${frequency} Hz`);
    this.#hz = hz;
    this.#frequency = frequency;
  }

  /** Cycles completed at a tick: floor(tick * frequency / hz). */
  cyclesAt(tick: number): number {
    let rest = tick - this.#secondStart;
    if (rest < 0 || rest >= this.#hz) {
      const seconds = Math.floor(tick / this.#hz);
      this.#secondStart = seconds * this.#hz;
      this.#secondCycles = seconds * this.#frequency;
      rest = tick - this.#secondStart;
    }
    return this.#secondCycles + Math.floor((rest * this.#frequency) / this.#hz);
  }

  /** The first tick at which `cycles` are completed. */
  tickOf(cycles: number): number {
    const seconds = Math.floor(cycles / this.#frequency);
    const rest = cycles - seconds * this.#frequency;
    return seconds * this.#hz + Math.ceil((rest * this.#hz) / this.#frequency);
  }
}
