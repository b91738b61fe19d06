/** Feeds a recorded log back: every input at the position at which it came in. */
import { UserError } from '../util/errors.ts';
import type { Agent } from './events.ts';
import type { InputLog } from './input-log.ts';
import type { Machine } from './machine.ts';

export class Replay implements Agent {
  readonly #machine: Machine;
  readonly #log: InputLog;
  #next = 0;

  constructor(machine: Machine, log: InputLog) {
    if (log.version !== 1) throw new UserError('log-version', 'this is no input log of this version');
    this.#machine = machine;
    this.#log = log;
  }

  get nextTick(): number {
    return this.#log.records[this.#next]?.tick ?? Number.POSITIVE_INFINITY;
  }

  get nextDeliveries(): number {
    return this.#log.records[this.#next]?.deliveries ?? 0;
  }

  /** @throws UserError when the run has left the recorded one */
  poll(): void {
    for (let record = this.#log.records[this.#next]; record !== undefined; record = this.#log.records[++this.#next]) {
      const { step, tick, deliveries } = this.#machine.position;
      if (record.tick > tick) return;
      if (record.tick < tick || record.step !== step || record.deliveries < deliveries) {
        throw new UserError(
          'replay',
          `the run differs from the log at step ${record.step}`,
          'is it the same image and configuration?',
        );
      }
      if (record.deliveries > deliveries) return;
      this.#machine.input(record);
    }
  }
}
