/**
 * Seeded random programs for shadow coherence: they edit page tables (aliases, self-maps, shared tables,
 * 4 MiB pages, WP, A/D, CR3 switches, INVLPG, A20, user and supervisor; by the guest, DMA and debugger)
 * and compare every access with a plain page walk. Who makes the accesses is the rig's business.
 */
import { expect } from 'vitest';
import { seeded } from '../../seeded.ts';
import { PagingModel } from './paging-model.ts';
import { CR0_PG, CR0_WP, CR4_PSE, type Outcome, Rig } from './shadow-driver.ts';

/** 5 MiB: enough for one whole 4 MiB page beside others that end in a hole. */
export const PAGES = 1280;
/** Frames 1–3 are directories, 4–7 tables, all of them also mapped as data. */
export const DIRECTORIES = [1, 2, 3];
const TABLE_FRAMES = 7;
const DATA_FRAMES = 16;
/** Regions that programs use: low, 4 MiB, a middle one, the top (self-map). */
const REGIONS = [0, 1, 0x200, 0x3ff];

export interface Options {
  /** How often, per step, entries are dropped at random. */
  readonly dropping: number;
  /** How often flags, watches and exec blocks change. */
  readonly meddling: number;
}

export class Program {
  readonly rng: () => number;
  readonly rig: Rig;
  readonly model: PagingModel;
  readonly options: Options;
  /** Pages that were used lately: most accesses return to them. */
  readonly recent: number[] = [];
  user = false;
  agreed = 0;

  constructor(seed: number, options: Options, rig = new Rig(PAGES)) {
    this.rng = seeded(seed);
    this.options = options;
    this.rig = rig;
    this.model = new PagingModel(PAGES * 4096, { ...this.rig.control });
    this.repair();
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.rng() * list.length)];
  }

  below(limit: number): number {
    return Math.floor(this.rng() * limit);
  }

  set(physical: number, value: number): void {
    this.rig.poke(physical, value);
    this.model.setWord(physical, value);
  }

  bits(): number {
    const common = this.rng() < 0.7 ? 7 : this.below(8);
    return common | (this.rng() < 0.1 ? 0x60 : 0);
  }

  directoryEntry(): number {
    const roll = this.rng();
    if (roll < 0.25) return ((this.below(3) << 22) | 0x80 | (this.rng() < 0.1 ? 0x2000 : 0) | this.bits()) >>> 0;
    // A page table, or (shared, self-mapped) any directory.
    if (roll > 0.97) return 0;
    return (((roll < 0.85 ? 4 + this.below(4) : this.pick(DIRECTORIES)) << 12) | this.bits()) >>> 0;
  }

  tableEntry(): number {
    const frame = this.rng() < 0.03 ? 0x40000 + this.below(8) : this.below(DATA_FRAMES);
    return ((frame << 12) | this.bits()) >>> 0;
  }

  linear(): number {
    const offset = this.rng() < 0.1 ? 0xffd + this.below(3) : this.below(1024) * 4;
    if (this.recent.length === 4 && this.rng() < 0.85) return this.pick(this.recent) + offset;
    const page = ((this.pick(REGIONS) << 22) + (this.below(DATA_FRAMES) << 12)) >>> 0;
    this.recent[this.recent.length < 4 ? this.recent.length : this.below(4)] = page;
    return page + offset;
  }

  /** Writes through data mappings wear the tables out; a guest's kernel would rebuild them too. */
  repair(): string {
    for (const frame of DIRECTORIES) {
      for (const region of REGIONS) this.set(frame * 4096 + region * 4, this.directoryEntry());
    }
    for (let frame = 4; frame <= TABLE_FRAMES; frame++) {
      for (let index = 0; index < DATA_FRAMES; index++) this.set(frame * 4096 + index * 4, this.tableEntry());
    }
    return 'repair';
  }

  /** One random action; answers what it was, for the failure message. */
  step(): string {
    const { rig, rng } = this;
    if (rng() < this.options.dropping) rng() < 0.1 ? rig.space.dropAll() : rig.space.dropRandom(rng, rng());
    if (rng() < this.options.meddling) this.meddle();
    const roll = rng();
    if (roll < 0.03) {
      this.user = !this.user;
      return 'ring';
    }
    if (roll < 0.05) return this.control();
    if (roll < 0.07) {
      rig.space.invalidatePage(this.linear());
      return 'invlpg';
    }
    if (roll < 0.11) {
      const physical = (1 + this.below(TABLE_FRAMES)) * 4096 + (this.pick(REGIONS) & 0x3ff) * 4;
      const value = physical < 0x4000 ? this.directoryEntry() : this.tableEntry();
      this.set(physical, value);
      return `dma ${physical.toString(16)} ${value.toString(16)}`;
    }
    if (roll < 0.13) return this.debuggerWrite();
    if (roll < 0.145) return this.repair();
    if (roll < 0.155) return this.burst();
    return this.someAccess();
  }

  control(): string {
    const cr0 = this.rng() < 0.9 ? CR0_PG | (this.rng() < 0.5 ? CR0_WP : 0) : 0;
    const change = {
      cr0,
      cr3: this.pick(DIRECTORIES) << 12,
      cr4: this.rng() < 0.6 ? CR4_PSE : 0,
      a20: this.rng() < 0.9,
    };
    Object.assign(this.model.control, change);
    this.rig.set(change);
    return `control ${JSON.stringify(change)}`;
  }

  /** Writes through a linear address without rights; whatever it reached, the model is told. */
  debuggerWrite(): string {
    const linear = this.linear() & ~3;
    const physical = this.rig.space.translate(linear);
    const value = this.below(DATA_FRAMES) * 4096 + this.bits();
    const bytes = Uint8Array.from({ length: 4 }, (_, i) => value >>> (8 * i));
    const taken = this.rig.space.writeLinear('debugger', linear, bytes);
    if (taken === 4) this.model.setWord(physical, value);
    return `debugger ${linear.toString(16)} = ${value.toString(16)}`;
  }

  /** Many writes through one page, as a fork or a freed table does: ends the trace when that page is a table. */
  burst(): string {
    const limit = this.rng() < 0.5 ? 4 : TABLE_FRAMES + 1;
    let page = this.linear() & ~0xfff;
    for (let tries = 0; tries < 12 && !this.mapsFrameBelow(limit, page); tries++) page = this.linear() & ~0xfff;
    for (let round = 0; round < 3; round++) {
      for (let left = this.below(20); left > 0; left--) {
        const index = this.rng() < 0.4 ? this.pick(REGIONS) : this.below(DATA_FRAMES);
        this.access((page >>> 0) + index * 4, 4, this.rng() < 0.7 ? this.tableEntry() : this.directoryEntry());
      }
      for (let left = 0; left < 6; left++) this.access(this.linear(), 4, undefined);
    }
    return `burst ${page.toString(16)}`;
  }

  mapsFrameBelow(limit: number, linear: number): boolean {
    const frame = this.rig.space.translate(linear) / 4096;
    return frame >= 1 && frame < limit;
  }

  someAccess(): string {
    const size = this.pick([1, 2, 4]);
    // Values that look like table entries, because tables are mapped as data.
    const value = this.rng() < 0.6 ? undefined : this.rng() < 0.5 ? this.tableEntry() : this.directoryEntry();
    return this.access(this.linear(), size, value);
  }

  access(linear: number, size: number, value: number | undefined): string {
    const written = value === undefined ? undefined : size === 4 ? value : value & (size === 2 ? 0xffff : 0xff);
    const wanted = this.model.access(linear, size, this.user, written);
    const name = `${value === undefined ? 'read' : 'write'} ${linear.toString(16)} size ${size} user ${this.user}`;
    const got =
      written === undefined
        ? this.rig.read(linear, size, this.user, true)
        : this.rig.write(linear, size, written, this.user, true);
    if (!sameOutcome(got, wanted)) expect(got, name).toEqual(wanted);
    if (wanted.kind === 'value') this.agreed++;
    return name;
  }

  meddle(): void {
    const { rig } = this;
    const roll = this.rng();
    if (roll < 0.3) rig.space.protectCode(rig.physical.hostPage(this.below(DATA_FRAMES)));
    else if (roll < 0.5) rig.space.releaseCode(rig.physical.hostPage(this.below(DATA_FRAMES)));
    else if (roll < 0.7) rig.space.setExecBlocked(new Set([this.linear() >>> 12, this.linear() >>> 12]));
    else {
      const space = this.rng() < 0.5 ? 'linear' : 'physical';
      const address = space === 'linear' ? this.linear() : this.linear() & 0xffff;
      const access = this.pick(['read', 'write', 'access'] as const);
      rig.space.setWatches(this.rng() < 0.3 ? [] : [{ id: 1, space, address, length: 1 + this.below(6000), access }]);
      rig.space.takeWatchHits();
    }
  }

  run(steps: number): void {
    const trail: string[] = [];
    for (let i = 0; i < steps; i++) {
      try {
        trail.push(this.step());
        if (i % 256 === 255 || i === steps - 1) this.compareTables(i);
      } catch (error) {
        throw new Error(`step ${i}, after ${trail.slice(-6).join(' | ')}`, { cause: error });
      }
    }
  }

  /** All of the memory that tables and data lie in, A and D bits included. */
  compareTables(step: number): void {
    const length = DATA_FRAMES * 4096;
    const got = this.rig.physical.read(0, length);
    const wanted = new Uint8Array(this.model.ram.buffer, 0, length);
    for (let at = 0; at < length; at++) if (got[at] !== wanted[at]) expect(`${at} at step ${step}`).toBe('equal');
  }
}

function sameOutcome(a: Outcome, b: Outcome): boolean {
  if (a.kind === 'value' && b.kind === 'value') return a.value === b.value;
  return a.kind === 'fault' && b.kind === 'fault' && a.errorCode === b.errorCode && a.linear === b.linear;
}
