/** Armed ports: an interposer that notes accesses to them. It is in the chain only while a point is armed. */
import type { BusAccess, InterposerChain } from '../bus/interposer.ts';
import type { AccessHit } from './events.ts';

export interface PortPoint {
  readonly id: number;
  readonly port: number;
  readonly length: number;
  readonly access: 'read' | 'write' | 'access';
}

export class PortPoints {
  readonly #chain: InterposerChain;
  readonly #onHit: () => void;
  readonly #observer = {
    before: (access: BusAccess) => this.#note(access),
    after: (access: BusAccess) => this.#complete(access),
  };
  #points: readonly PortPoint[] = [];
  #hits: AccessHit[] = [];

  /** @param onHit called in the middle of the access */
  constructor(chain: InterposerChain, onHit: () => void) {
    this.#chain = chain;
    this.#onHit = onHit;
  }

  set(points: readonly PortPoint[]): void {
    this.#chain.remove(this.#observer);
    this.#points = points;
    if (points.length > 0) this.#chain.add(this.#observer);
  }

  /** The hits since the last call. */
  take(): readonly AccessHit[] {
    const hits = this.#hits;
    this.#hits = [];
    return hits;
  }

  #note(access: BusAccess): boolean {
    if (access.kind === 'write') this.#match(access);
    return true;
  }

  #complete(access: BusAccess): void {
    this.#match(access);
  }

  #match({ address, width, kind, value }: BusAccess): void {
    for (const point of this.#points) {
      const touched = address < point.port + point.length && point.port < address + width;
      if (!touched || (point.access !== 'access' && point.access !== kind)) continue;
      this.#hits.push({ id: point.id, address, size: width, kind, value });
      this.#onHit();
    }
  }
}
