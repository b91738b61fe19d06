/**
 * The interposer chain of a bus: traces, port watchpoints and fault injection look at an
 * access, alter it or deny it. Empty by default, and then it costs the bus one test.
 */
import type { Width } from './device.ts';

/** One access by the guest, whole: before a bus splits it for narrow devices. */
export interface BusAccess {
  readonly bus: 'port' | 'mmio';
  readonly kind: 'read' | 'write';
  readonly address: number;
  readonly width: Width;
  /** What is written, or what the read answers; unsigned. */
  value: number;
}

export interface Interposer {
  /**
   * Before the device. May alter the value of a write. `false` denies: the device never sees the access,
   * and a denied read answers `value`, all ones unless it was altered.
   */
  before?(access: BusAccess): boolean;
  /** After a read was answered by the device: may alter `value`. */
  after?(access: BusAccess): void;
}

/** Interposers in the order they were added. */
export class InterposerChain {
  #chain: readonly Interposer[] = [];
  active = false;

  add(interposer: Interposer): void {
    this.#set([...this.#chain, interposer]);
  }

  remove(interposer: Interposer): void {
    this.#set(this.#chain.filter((other) => other !== interposer));
  }

  /** Walks one access through the chain; `perform` does it on the device and answers the value read. */
  pass(access: BusAccess, perform: (access: BusAccess) => number): number {
    // An interposer may take itself out while it runs: this access keeps the chain it started with.
    const chain = this.#chain;
    for (const interposer of chain) {
      if (interposer.before?.(access) === false) return access.value;
    }
    access.value = perform(access);
    if (access.kind === 'read') {
      for (const interposer of chain) interposer.after?.(access);
    }
    return access.value;
  }

  #set(chain: readonly Interposer[]): void {
    this.#chain = chain;
    this.active = chain.length !== 0;
  }
}
