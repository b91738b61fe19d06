/** The agents of a machine as one: who is due next, and polling those who are. */
import type { Agent } from './events.ts';

export class Agents {
  readonly #agents: Agent[] = [];
  #pollAll = false;

  add(agent: Agent): void {
    this.#agents.push(agent);
  }

  /** The next `poll` reaches everybody, due or not. */
  pollSoon(): void {
    this.#pollAll = true;
  }

  poll(now: number): void {
    const all = this.#pollAll;
    this.#pollAll = false;
    for (const agent of this.#agents) if (all || agent.nextTick <= now) agent.poll();
  }

  get nextTick(): number {
    let tick = Number.POSITIVE_INFINITY;
    for (const agent of this.#agents) tick = Math.min(tick, agent.nextTick);
    return tick;
  }

  /** Deliveries that somebody waits for at `nextTick`; 0 = none. */
  get nextDeliveries(): number {
    return Math.max(0, ...this.#agents.map((agent) => agent.nextDeliveries ?? 0));
  }
}
