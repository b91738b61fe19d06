/**
 * The shadow tables as a store of entries: put, drop, take permissions away, with the reverse map kept
 * in step. It knows spaces by index only and nothing of guest tables. Any entry may be dropped at any
 * time (a shadow is a pure cache).
 */
import { SHADOW_TABLE_SIZE } from '../memory/layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { ReverseMap } from './reverse-map.ts';

/** Linear pages in a region: what one directory entry maps. */
export const REGION_PAGES = 1024;
export const REGIONS = 1024;

export class ShadowTables {
  /** Counts withdrawals of permissions from entries that generated code may have looked up before. */
  revocations = 0;
  readonly #memory: LinearMemory;
  readonly #map: ReverseMap;
  /** By space << 10 | region: entries present, so that empty regions are not searched. */
  readonly #present: Uint16Array;
  readonly #spaces: number;
  /** What is added to an entry's id for the index of its word: in space 0, and in the others. */
  readonly #firstSpace: number;
  readonly #otherSpaces: number;

  constructor(memory: LinearMemory) {
    const { shadow, moreShadow, shadowCount, total } = memory.layout;
    this.#memory = memory;
    this.#spaces = shadowCount;
    this.#firstSpace = shadow / 4;
    this.#otherSpaces = (moreShadow - SHADOW_TABLE_SIZE) / 4;
    this.#map = new ReverseMap(total / 4096, shadowCount);
    this.#present = new Uint16Array(shadowCount * REGIONS);
  }

  /** Stores an entry that maps `frame` (host page) at `page` of a space. */
  put(space: number, page: number, frame: number, word: number): void {
    const id = (space << 20) | page;
    const at = this.#wordOf(id);
    if (this.#map.has(id)) {
      if (((this.#memory.u32[at] >>> 12) + page - frame) << 12 === 0) {
        this.#memory.i32[at] = word;
        return;
      }
      this.#drop(id);
    }
    this.#map.link(id, frame);
    this.#present[id >>> 10]++;
    this.#memory.i32[at] = word;
  }

  dropPage(space: number, page: number): void {
    const id = (space << 20) | page;
    if (this.#map.has(id)) this.#drop(id);
  }

  /** Drops one linear page in every space. */
  dropEverywhere(page: number): void {
    for (let space = 0; space < this.#spaces; space++) this.dropPage(space, page);
  }

  /** Drops what one directory entry maps. */
  dropRegion(space: number, region: number): void {
    const index = (space << 10) | region;
    const end = (index + 1) << 10;
    for (let id = index << 10; id < end && this.#present[index] !== 0; id++) if (this.#map.has(id)) this.#drop(id);
  }

  dropSpace(space: number): void {
    for (let region = 0; region < REGIONS; region++) this.dropRegion(space, region);
  }

  dropAll(): void {
    for (let space = 0; space < this.#spaces; space++) this.dropSpace(space);
  }

  /** Drops every entry for which `rng` (0 ≤ x < 1) answers less than `share`. For tests. */
  dropRandom(rng: () => number, share: number): void {
    for (let index = 0; index < this.#spaces * REGIONS; index++) {
      if (this.#present[index] === 0) continue;
      for (let id = index << 10; id < (index + 1) << 10; id++) {
        if (this.#map.has(id) && rng() < share) this.#drop(id);
      }
    }
  }

  /** Drops every entry that maps a frame. */
  dropFrame(frame: number): void {
    for (let id = this.#map.first(frame); id >= 0; id = this.#map.first(frame)) this.#drop(id);
  }

  /** Takes permission bits from every entry that maps a frame. */
  revokeFrame(frame: number, bits: number): void {
    for (let id = this.#map.first(frame); id >= 0; id = this.#map.next(id)) this.#memory.i32[this.#wordOf(id)] &= ~bits;
    this.revocations++;
  }

  /** Takes permission bits from one linear page in every space. */
  revokePage(page: number, bits: number): void {
    for (let space = 0; space < this.#spaces; space++) this.#memory.i32[this.#wordOf((space << 20) | page)] &= ~bits;
    this.revocations++;
  }

  /** Takes permission bits from everything. */
  revokeAll(bits: number): void {
    const words = this.#memory.i32;
    for (let index = 0; index < this.#spaces * REGIONS; index++) {
      if (this.#present[index] === 0) continue;
      const start = this.#wordOf(index << 10);
      for (let at = start; at < start + REGION_PAGES; at++) words[at] &= ~bits;
    }
    this.revocations++;
  }

  /** Entries present, for statistics and tests. */
  count(): number {
    return this.#present.reduce((sum, entries) => sum + entries, 0);
  }

  #drop(id: number): void {
    this.#map.unlink(id);
    this.#present[id >>> 10]--;
    this.#memory.i32[this.#wordOf(id)] = 0;
    this.revocations++;
  }

  /** Index of an entry's word. */
  #wordOf(id: number): number {
    return (id < 1 << 20 ? this.#firstSpace : this.#otherSpaces) + id;
  }
}
