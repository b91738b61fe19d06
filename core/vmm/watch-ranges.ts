/**
 * Armed data points: byte ranges in linear or physical space, the debugger's and the guest's own (DR0–DR3). Says
 * whether an access may touch one and keeps the hits of accesses that did, apart for the two owners. It stops
 * nobody; shadow paging keeps watched pages off the fast path and asks here.
 */
export interface Watch {
  readonly id: number;
  readonly space: 'linear' | 'physical';
  readonly address: number;
  /** Bytes; 0 watches nothing. */
  readonly length: number;
  readonly access: 'read' | 'write' | 'access';
}

export interface WatchHit {
  readonly id: number;
  /** Of the access, in the space of the watch. */
  readonly address: number;
  readonly size: number;
  readonly kind: 'read' | 'write';
  /** Of accesses of up to four bytes, little-endian unsigned. */
  readonly value?: number;
}

/** Bits of a watched page. */
export const WATCHED_READ = 1;
export const WATCHED_WRITE = 2;
const KINDS = { read: WATCHED_READ, write: WATCHED_WRITE, access: WATCHED_READ | WATCHED_WRITE };
const PAGES = 1 << 20;
/** Hits kept between two `take`s: a step that touches more has touched enough. */
const MAX_HITS = 64;

export class WatchRanges {
  /** False while nothing is armed: the only question that an unarmed machine pays for. */
  armed = false;
  /** The debugger's. */
  #watches: readonly Watch[] = [];
  /** The guest's: `id` is n of DRn. */
  #breakpoints: readonly Watch[] = [];
  /** Both. */
  #all: readonly Watch[] = [];
  /** WATCHED_* by page; made when the first watch is armed. */
  #linear = new Uint8Array(0);
  #physical = new Uint8Array(0);
  #hits: WatchHit[] = [];
  /** Bn bits of the guest's ranges that were touched. */
  #met = 0;

  /** Replaces the debugger's ranges; answers how many pages are watched now, counted once a range. */
  set(list: readonly Watch[]): number {
    for (const watch of this.#all) this.#mark(watch, 0);
    this.#watches = list.filter((watch) => watch.length > 0);
    this.#gather();
    let pages = 0;
    for (const watch of this.#all) pages += this.#mark(watch, KINDS[watch.access]);
    return pages;
  }

  /**
   * Replaces the guest's ranges: linear, and none crosses a page. Only their pages are marked again, because a guest
   * may do this all the time while the debugger watches gigabytes.
   */
  setBreakpoints(list: readonly Watch[]): void {
    const before = this.#breakpoints;
    this.#breakpoints = list;
    this.#gather();
    for (const { address } of [...before, ...list]) {
      const page = address >>> 12;
      this.#linear[page] = this.#all.reduce((bits, watch) => bits | linearMark(watch, page), 0);
    }
  }

  #gather(): void {
    this.#all = [...this.#watches, ...this.#breakpoints];
    this.armed = this.#all.length > 0;
    if (!this.armed || this.#linear.length > 0) return;
    this.#linear = new Uint8Array(PAGES);
    this.#physical = new Uint8Array(PAGES);
  }

  /** Adds bits to the pages of a range, or clears them all with 0. */
  #mark({ space, address, length }: Watch, bits: number): number {
    const pages = space === 'linear' ? this.#linear : this.#physical;
    const first = address >>> 12;
    const last = Math.min(Math.floor((address + length - 1) / 4096), PAGES - 1);
    for (let page = first; page <= last; page++) pages[page] = bits === 0 ? 0 : pages[page] | bits;
    return last - first + 1;
  }

  /** WATCHED_* of a page. Only when armed. */
  page(linearPage: number, physicalPage: number): number {
    return this.#linear[linearPage] | this.#physical[physicalPage];
  }

  /**
   * True when an access of this kind may touch a watched byte. A write may be a read-modify-write, so
   * it counts for read watches too; the hits recorded afterwards tell.
   */
  touches(linear: number, physical: number, size: number, write: boolean): boolean {
    for (const watch of this.#all) {
      if (!write && watch.access === 'write') continue;
      if (overlaps(watch, watch.space === 'linear' ? linear : physical, size)) return true;
    }
    return false;
  }

  /** Keeps a hit for each range that the access touched. `value` is undefined when it has more than four bytes. */
  record(linear: number, physical: number, size: number, kind: 'read' | 'write', value: number | undefined): void {
    for (const watch of this.#watches) {
      if (watch.access !== kind && watch.access !== 'access') continue;
      const address = watch.space === 'linear' ? linear : physical;
      if (overlaps(watch, address, size)) this.#keep({ id: watch.id, address, size, kind, value });
    }
    for (const point of this.#breakpoints)
      if ((kind === 'write' || point.access === 'access') && overlaps(point, linear, size)) this.#met |= 1 << point.id;
  }

  #keep(hit: WatchHit): void {
    if (this.#hits.length < MAX_HITS) this.#hits.push(hit);
  }

  physicalPageWatched(physicalPage: number): boolean {
    return this.#physical[physicalPage] !== 0;
  }

  /** True when a write that has a physical address only (A and D bits) touches a watched byte. */
  touchesPhysical(physical: number, size: number): boolean {
    return this.#watches.some((watch) => physicalWrite(watch, physical, size));
  }

  recordPhysical(physical: number, size: number): void {
    for (const watch of this.#watches) {
      if (physicalWrite(watch, physical, size)) this.#keep({ id: watch.id, address: physical, size, kind: 'write' });
    }
  }

  /** True when a range of the debugger was touched. */
  get hasHits(): boolean {
    return this.#hits.length > 0;
  }

  /** Bn bits of the guest's ranges touched since the last call. */
  takeMet(): number {
    const met = this.#met;
    this.#met = 0;
    return met;
  }

  /** The hits since the last call, first one first. */
  take(): WatchHit[] {
    const hits = this.#hits;
    if (hits.length > 0) this.#hits = [];
    return hits;
  }
}

function overlaps(watch: Watch, address: number, size: number): boolean {
  return address < watch.address + watch.length && watch.address < address + size;
}

/** WATCHED_* that a range gives a linear page. */
function linearMark(watch: Watch, page: number): number {
  return watch.space === 'linear' && overlaps(watch, page * 4096, 4096) ? KINDS[watch.access] : 0;
}

function physicalWrite(watch: Watch, physical: number, size: number): boolean {
  return watch.space === 'physical' && watch.access !== 'read' && overlaps(watch, physical, size);
}
