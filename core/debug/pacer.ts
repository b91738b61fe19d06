/**
 * How long the machine runs before the host gets its turn: sockets and the extension host wait at most
 * one slice of about 10 ms. And how long the host waits for a guest that halts: its idle time takes as long on
 * the host where the host can sleep. Neither shows in the guest, so both may follow the host's clock.
 */

export interface HostTurn {
  /** Lets the host's event loop run once. */
  yieldToHost(): Promise<void>;
  /** The host's clock, in milliseconds; without one slices have a fixed number of steps. */
  milliseconds?(): number;
  /** Waits about so many milliseconds. With it and a clock, idle guest time is not skipped but waited for. */
  sleep?(milliseconds: number): Promise<void>;
}

/** The guest's time: ticks since power-on, steps among them. */
export interface GuestTime {
  readonly steps: number;
  readonly clock: { readonly hz: number; now(): number };
}

const FIRST_SLICE = 50_000;
const SMALLEST = 5_000;
const LARGEST = 4_000_000;
/** A slice longer than this is halved, one shorter than a third of it doubled. */
const TARGET_MS = 6;
/** Runs that came back early before the clock is looked at again. */
const CHECK_EVERY = 64;
/** Idle guest time that may run ahead of the host. */
const PACE_MS = 10;
/** The most that a late guest catches up: a busy host wakes late again and again, and each time would be lost. */
const CATCH_UP_MS = 100;

export class Pacer {
  readonly #host: HostTurn;
  readonly #guest: GuestTime;
  readonly #paced: boolean;
  #budget = FIRST_SLICE;
  #started = 0;
  #checks = 0;
  /** When the host had its last turn; where it has no clock, runs since then. */
  #turned = 0;
  #runs = 0;
  /** Milliseconds that the guest's clock is ahead of the host's; only what it idled can put it ahead. */
  #ahead = 0;
  /** Where both clocks were when `#ahead` was made. */
  #seen = { host: 0, steps: 0, ticks: 0 };

  constructor(host: HostTurn, guest: GuestTime) {
    this.#host = host;
    this.#guest = guest;
    this.#paced = host.sleep !== undefined && host.milliseconds !== undefined;
    this.#look();
  }

  /** Steps the next slice may take. */
  get budget(): number {
    return this.#budget;
  }

  /** Tick at which an idle guest comes back to be waited for; undefined where idle time is skipped. */
  get untilTick(): number | undefined {
    const { clock } = this.#guest;
    return this.#paced ? clock.now() + Math.ceil((PACE_MS / 1000) * clock.hz) : undefined;
  }

  /**
   * At the start of a run. Runs that end soon, one after the other as at a log point, may have left the guest ahead
   * or the host without a turn: then the run waits.
   */
  begin(): Promise<void> | undefined {
    this.#measure();
    // A user who looked took longer, but the guest did not lose that time.
    this.#ahead = Math.max(-PACE_MS, this.#ahead);
    this.#restart();
    return this.#isAhead || this.#isOverdue ? this.#giveTurn() : undefined;
  }

  /** After a full slice: adapts the budget and lets the host run. */
  async turn(): Promise<void> {
    const clock = this.#host.milliseconds;
    if (clock !== undefined) {
      const spent = clock() - this.#started;
      if (spent > TARGET_MS) this.#budget = Math.max(SMALLEST, this.#budget >>> 1);
      else if (spent * 3 < TARGET_MS) this.#budget = Math.min(LARGEST, this.#budget * 2);
    }
    this.#measure();
    await this.#giveTurn();
  }

  /** After a run that came back early (a condition that did not hold, a single step): true when time is up. */
  get due(): boolean {
    if (this.#paced && this.#ahead + this.#idled >= PACE_MS) return true;
    if (++this.#checks % CHECK_EVERY !== 0) return false;
    const clock = this.#host.milliseconds;
    return clock === undefined ? this.#checks >= 16 * CHECK_EVERY : clock() - this.#started > TARGET_MS;
  }

  #restart(): void {
    this.#started = this.#host.milliseconds?.() ?? 0;
    this.#checks = 0;
  }

  get #isAhead(): boolean {
    return this.#paced && this.#ahead >= PACE_MS;
  }

  get #isOverdue(): boolean {
    const clock = this.#host.milliseconds;
    return clock === undefined ? ++this.#runs >= CHECK_EVERY : this.#started - this.#turned > TARGET_MS;
  }

  async #giveTurn(): Promise<void> {
    // Also before a wait: output of the slice has to leave, input of the host to come in.
    await this.#host.yieldToHost();
    if (this.#isAhead) {
      await this.#host.sleep?.(Math.ceil(this.#ahead));
      this.#measure();
    }
    this.#restart();
    this.#turned = this.#started;
    this.#runs = 0;
  }

  /** Milliseconds that the guest idled since the clocks were looked at. */
  get #idled(): number {
    const { steps, clock } = this.#guest;
    const { steps: seenSteps, ticks } = this.#seen;
    return Math.max(0, ((clock.now() - ticks - (steps - seenSteps)) / clock.hz) * 1000);
  }

  /** Code that runs faster than the guest's clock says is not held back; time that it lost is made up for. */
  #measure(): void {
    if (!this.#paced) return;
    const { host, steps } = this.#seen;
    const idled = this.#idled;
    const ran = ((this.#guest.steps - steps) / this.#guest.clock.hz) * 1000;
    this.#look();
    const passed = this.#seen.host - host;
    this.#ahead = Math.max(-CATCH_UP_MS, this.#ahead + idled - Math.max(0, passed - Math.max(0, ran)));
  }

  #look(): void {
    const { steps, clock } = this.#guest;
    this.#seen = { host: this.#host.milliseconds?.() ?? 0, steps, ticks: clock.now() };
  }
}
