/**
 * How long the machine runs before the host gets its turn: sockets and the extension host wait at most
 * one slice of about 10 ms. Slices never show in the guest, so they may follow the host's clock.
 */

export interface HostTurn {
  /** Lets the host's event loop run once. */
  yieldToHost(): Promise<void>;
  /** The host's clock, in milliseconds; without one slices have a fixed number of steps. */
  milliseconds?(): number;
}

const FIRST_SLICE = 50_000;
const SMALLEST = 5_000;
const LARGEST = 4_000_000;
/** A slice longer than this is halved, one shorter than a third of it doubled. */
const TARGET_MS = 6;
/** Runs that came back early before the clock is looked at again. */
const CHECK_EVERY = 64;

export class Pacer {
  readonly #host: HostTurn;
  #budget = FIRST_SLICE;
  #started = 0;
  #checks = 0;

  constructor(host: HostTurn) {
    this.#host = host;
  }

  /** Steps the next slice may take. */
  get budget(): number {
    return this.#budget;
  }

  begin(): void {
    this.#started = this.#host.milliseconds?.() ?? 0;
    this.#checks = 0;
  }

  /** After a full slice: adapts the budget and lets the host run. */
  async turn(): Promise<void> {
    const clock = this.#host.milliseconds;
    if (clock !== undefined) {
      const spent = clock() - this.#started;
      if (spent > TARGET_MS) this.#budget = Math.max(SMALLEST, this.#budget >>> 1);
      else if (spent * 3 < TARGET_MS) this.#budget = Math.min(LARGEST, this.#budget * 2);
    }
    await this.#host.yieldToHost();
    this.begin();
  }

  /** After a run that came back early (a condition that did not hold, a single step): true when time is up. */
  get due(): boolean {
    if (++this.#checks % CHECK_EVERY !== 0) return false;
    const clock = this.#host.milliseconds;
    return clock === undefined ? this.#checks >= 16 * CHECK_EVERY : clock() - this.#started > TARGET_MS;
  }
}
