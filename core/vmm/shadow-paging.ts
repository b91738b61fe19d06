/**
 * The virtual MMU: shadow page tables. Generated code reads the tables; this fills them from the
 * guest's own page tables, raises the guest's true page faults, and takes permissions away again when a
 * table, a watch or a code page asks for it. A shadow is a pure cache: dropping entries is never visible.
 *
 * What lacks a permission bit comes here first (`fill`) and, when direct access is not allowed at all
 * (devices, holes, ROM, code, traced tables, watched pages), goes through `load` and `store`.
 */
import type { Fault } from '../isa/exceptions.ts';
import {
  CTX_SCRATCH,
  SHADOW_EXEC_SUPERVISOR,
  SHADOW_EXEC_USER,
  SHADOW_READ_SUPERVISOR,
  SHADOW_READ_USER,
  SHADOW_WRITE_SUPERVISOR,
  SHADOW_WRITE_USER,
} from '../memory/layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { PTE_USER, PTE_WRITABLE } from '../memory/page-walk.ts';
import { FRAME_CODE, FRAME_ROM, FRAME_TABLE, type Initiator, type PhysicalMemory } from '../memory/physical-memory.ts';
import {
  ACCESS_EXECUTE,
  ACCESS_READ,
  ACCESS_WRITE,
  type Access,
  type AddressSpace,
  FILL_ALONE,
  FILL_FAULT,
  FILL_SLOW,
  isEntry,
} from '../vcpu/address-space.ts';
import type { Context } from '../vcpu/context.ts';
import { DebugAccess } from './debug-access.ts';
import { GuestTables } from './guest-tables.ts';
import type { MemoryBus } from './memory-bus.ts';
import { ShadowTables } from './shadow-tables.ts';
import { SlowAccess } from './slow-access.ts';
import { CR0_PG, CR4_PAE, type PagingControl, type Space, SpaceCache } from './space-cache.ts';
import { ROLE_DIRECTORY, TableTrace } from './table-trace.ts';
import { WATCHED_READ, type Watch, type WatchHit, WatchRanges } from './watch-ranges.ts';

export type { MemoryBus } from './memory-bus.ts';
export type { PagingControl } from './space-cache.ts';
export type { Watch, WatchHit } from './watch-ranges.ts';

const READS = SHADOW_READ_SUPERVISOR | SHADOW_READ_USER;
const WRITES = SHADOW_WRITE_SUPERVISOR | SHADOW_WRITE_USER;
const EXECS = SHADOW_EXEC_SUPERVISOR | SHADOW_EXEC_USER;
const ALL = READS | WRITES | EXECS;
const USER_BITS = SHADOW_READ_USER | SHADOW_WRITE_USER | SHADOW_EXEC_USER;
/** Frames that are not written directly. */
const WRITE_PROTECTED = FRAME_CODE | FRAME_TABLE | FRAME_ROM;
/** The bit an access needs: by Access for a supervisor, by Access + 3 for a user. */
const NEEDED = [
  SHADOW_READ_SUPERVISOR,
  SHADOW_WRITE_SUPERVISOR,
  SHADOW_EXEC_SUPERVISOR,
  SHADOW_READ_USER,
  SHADOW_WRITE_USER,
  SHADOW_EXEC_USER,
];

/** Arming more watched pages than this drops everything instead of page by page. */
const MANY_PAGES = 4096;

export class ShadowPaging implements AddressSpace {
  /** Overwritten by the next fault: whoever keeps it copies it. */
  readonly fault: Fault & { readonly linear: number };
  readonly #memory: LinearMemory;
  readonly #physical: PhysicalMemory;
  readonly #bus: MemoryBus;
  readonly #control: PagingControl;
  readonly #tables: ShadowTables;
  readonly #trace: TableTrace;
  readonly #cache: SpaceCache;
  readonly #watches = new WatchRanges();
  readonly #slow: SlowAccess;
  readonly #debug: DebugAccess;
  readonly #guest: GuestTables;
  #execBlocked: ReadonlySet<number> = new Set();

  constructor(memory: LinearMemory, physical: PhysicalMemory, bus: MemoryBus, control: PagingControl) {
    const { shadowCount, total } = memory.layout;
    this.#memory = memory;
    this.#physical = physical;
    this.#bus = bus;
    this.#control = control;
    this.#guest = new GuestTables(memory, physical);
    this.fault = this.#guest.fault;
    this.#tables = new ShadowTables(memory);
    this.#trace = new TableTrace(physical, this.#tables, total / 4096, shadowCount);
    this.#cache = new SpaceCache(memory, (space) => {
      this.#tables.dropSpace(space.index);
      this.#trace.forget(space.index);
    });
    this.#slow = new SlowAccess(memory, physical, bus);
    this.#debug = new DebugAccess(physical, bus, control);
    physical.onProtect((hostPage) => this.#tables.revokeFrame(hostPage, WRITES));
    physical.onWrite((hostPage, offset, length) => {
      if (!this.#guest.updating) this.#trace.written(hostPage, offset, length);
    });
  }

  /**
   * Counts withdrawals of permissions and entries. A host address that was looked up while it had another
   * value may no longer be written directly: look it up again.
   */
  get revocations(): number {
    return this.#tables.revocations;
  }

  /** What the control registers select that is not built yet, or undefined. Ask before going on after a change. */
  get refusal(): string | undefined {
    const { cr0, cr4 } = this.#control;
    return cr0 & CR0_PG && cr4 & CR4_PAE ? 'PAE paging (CR4.PAE with CR0.PG)' : undefined;
  }

  /** Chooses the shadow table for the control registers as they are now. Call after every change of them. */
  switchSpace(context: Context): void {
    context.shadow = this.#cache.select(this.#control).table;
  }

  /** INVLPG: forgets the page of `linear`, or the whole 4 MiB page that holds it. */
  invalidatePage(linear: number): void {
    const space = this.#cache.select(this.#control);
    if (!space.paging) return;
    const page = linear >>> 12;
    this.#guest.locate(space, linear);
    if (this.#guest.walk.large) this.#tables.dropRegion(space.index, page >>> 10);
    else this.#tables.dropPage(space.index, page);
  }

  /** Forgets every entry of every space: always allowed, needed when the device map changes. */
  flushAll(): void {
    this.#tables.dropAll();
  }

  /** The same under the name tests use; a shadow is a pure cache. */
  dropAll(): void {
    this.#tables.dropAll();
  }

  /** Forgets a share of all entries, chosen by `rng` (0 ≤ x < 1). For tests. */
  dropRandom(rng: () => number, share = 0.5): void {
    this.#tables.dropRandom(rng, share);
  }

  /** Entries present in all tables, for statistics and tests. */
  get entryCount(): number {
    return this.#tables.count();
  }

  /** Code was decoded from a frame: from now on whoever writes it is heard of (PhysicalMemory.onWrite). */
  protectCode(hostPage: number): void {
    this.#physical.setFlag(hostPage, FRAME_CODE);
  }

  /** No decoded code of the frame is left. Entries get their WRITE bits back when they are next asked for. */
  releaseCode(hostPage: number): void {
    this.#physical.clearFlag(hostPage, FRAME_CODE);
  }

  /** Linear page numbers whose entries must not carry EXEC bits, because a code point is armed in them. */
  setExecBlocked(pages: ReadonlySet<number>): void {
    this.#execBlocked = new Set(pages);
    for (const page of pages) this.#tables.revokePage(page, EXECS);
  }

  /** Replaces the debugger's data points. Hits not taken yet are kept. */
  setWatches(list: readonly Watch[]): void {
    if (this.#watches.set(list) > MANY_PAGES) this.#tables.dropAll();
    else this.#forgetPagesOf(list);
  }

  /** Replaces the guest's data breakpoints (DR0–DR3). */
  setBreakpoints(list: readonly Watch[]): void {
    this.#watches.setBreakpoints(list);
    this.#forgetPagesOf(list);
  }

  takeBreakpointsMet(): number {
    return this.#watches.takeMet();
  }

  /** Entries made before know nothing of new ranges; those of old ranges are refilled when asked for. */
  #forgetPagesOf(list: readonly Watch[]): void {
    for (const watch of list) {
      for (let page = watch.address >>> 12; page * 4096 < watch.address + watch.length; page++) {
        if (watch.space === 'linear') this.#tables.dropEverywhere(page);
        else this.#tables.dropFrame(this.#physical.hostPage(page));
      }
    }
  }

  /** True when `takeWatchHits` would answer something: a range of the debugger was touched. */
  get hasWatchHits(): boolean {
    return this.#watches.hasHits;
  }

  /** What watched accesses happened since the last call. */
  takeWatchHits(): WatchHit[] {
    return this.#watches.take();
  }

  fill(context: Context, linear: number, size: number, access: Access, user: boolean, stepping: boolean): number {
    const page = linear >>> 12;
    const needed = NEEDED[user ? access + 3 : access];
    const present = this.#memory.i32[(context.shadow >>> 2) + page];
    if (present & needed && isEntry(present)) return present;
    const space = this.#cache.at(context.shadow);
    const write = access === ACCESS_WRITE;
    if (space.paging && !this.#guest.permits(space, linear, write, user)) return FILL_FAULT;
    const physicalPage = space.paging ? this.#guest.walk.physicalPage : (linear & space.mask) >>> 12;
    let watched = 0;
    if (this.#watches.armed) {
      watched = this.#watches.page(page, physicalPage);
      const stop = access !== ACCESS_EXECUTE && !stepping;
      const physical = physicalPage * 4096 + (linear & 0xfff);
      if (stop && watched !== 0 && this.#watches.touches(linear >>> 0, physical, size, write)) return FILL_ALONE;
      if (space.paging && this.#flagsWatched(write, stepping) && stop) return FILL_ALONE;
    }
    const dirty = !space.paging || this.#guest.setFlags(write);
    const hostPage = this.#physical.hostPage(physicalPage);
    if (this.#bus.covers(physicalPage)) return stepping || access === ACCESS_EXECUTE ? FILL_SLOW : FILL_ALONE;
    if (hostPage === 0) return FILL_SLOW;
    let allowed = ALL;
    if (space.paging) {
      this.#traceWalk(space, page);
      allowed = this.#allowed(space, dirty);
    }
    // After tracing: the page may be one of the tables that were just walked.
    if (this.#physical.frameFlags[hostPage] & WRITE_PROTECTED) allowed &= ~WRITES;
    if (watched !== 0) allowed &= watched & WATCHED_READ ? EXECS : ~WRITES;
    const word = ((hostPage - page) << 12) | allowed;
    const blocked = this.#execBlocked.size !== 0 && this.#execBlocked.has(page);
    this.#tables.put(space.index, page, hostPage, blocked ? word & ~EXECS : word);
    if ((word & needed) === 0) return FILL_SLOW;
    return isEntry(word) ? word : word | SHADOW_EXEC_SUPERVISOR;
  }

  load(context: Context, linear: number, size: number, to: number): void {
    const first = Math.min(size, 4096 - (linear & 0xfff));
    const space = this.#cache.at(context.shadow);
    const low = this.#guest.locate(space, linear);
    this.#slow.load(low, first, to);
    let high = 0;
    if (first < size) {
      high = this.#guest.locate(space, linear + first);
      this.#slow.load(high, size - first, to + first);
    }
    if (this.#watches.armed) this.#record(linear, low, first, high, size, 'read', to);
  }

  store(context: Context, linear: number, size: number, from: number): void {
    const first = Math.min(size, 4096 - (linear & 0xfff));
    const space = this.#cache.at(context.shadow);
    // Both halves are located before either is written: the first may hold the second's page-table entry.
    const low = this.#guest.locate(space, linear);
    const high = first < size ? this.#guest.locate(space, linear + first) : 0;
    if (this.#watches.armed) this.#record(linear, low, first, high, size, 'write', from);
    this.#slow.store(low, first, from);
    if (first < size) this.#slow.store(high, size - first, from + first);
  }

  /** One access of the monitor itself. The value, unsigned; undefined when it faults (`fault`). */
  read(context: Context, linear: number, size: 1 | 2 | 4, user: boolean): number | undefined {
    const entry = this.#memory.i32[(context.shadow >>> 2) + (linear >>> 12)];
    let at = context.base + CTX_SCRATCH;
    if (entry & NEEDED[user ? ACCESS_READ + 3 : ACCESS_READ] && (linear & 0xfff) + size <= 4096) {
      at = ((entry & ~0xfff) + linear) >>> 0;
    } else {
      if (!this.#probe(context, linear, size, ACCESS_READ, user)) return undefined;
      this.load(context, linear, size, at);
    }
    const { view } = this.#memory;
    return size === 4 ? view.getUint32(at, true) : size === 2 ? view.getUint16(at, true) : view.getUint8(at);
  }

  /** True when all bytes may be written, A and D bits set; else `fault` says why not. */
  probeWrite(context: Context, linear: number, size: number, user: boolean): boolean {
    return this.#probe(context, linear, size, ACCESS_WRITE, user);
  }

  /** Writes all bytes or, when one of them faults, none. */
  write(context: Context, linear: number, size: 1 | 2 | 4, value: number, user: boolean): boolean {
    const entry = this.#memory.i32[(context.shadow >>> 2) + (linear >>> 12)];
    const direct = entry & NEEDED[user ? ACCESS_WRITE + 3 : ACCESS_WRITE] && (linear & 0xfff) + size <= 4096;
    if (!direct && !this.#probe(context, linear, size, ACCESS_WRITE, user)) return false;
    const at = direct ? ((entry & ~0xfff) + linear) >>> 0 : context.base + CTX_SCRATCH;
    const { view } = this.#memory;
    if (size === 4) view.setUint32(at, value, true);
    else if (size === 2) view.setUint16(at, value, true);
    else view.setUint8(at, value);
    if (!direct) this.store(context, linear, size, at);
    return true;
  }

  /** A debugger's walk: physical address or -1. Sets no bit, raises nothing. */
  translate(linear: number, cr3?: number): number {
    return this.#debug.translate(linear, cr3);
  }

  /** A debugger's read; short at the first byte that is unmapped, a device or no memory. */
  readLinear(linear: number, length: number, cr3?: number): Uint8Array {
    return this.#debug.read(linear, length, cr3);
  }

  /** A debugger's write (guest rights do not count); answers how many bytes were taken. */
  writeLinear(initiator: Initiator, linear: number, bytes: Uint8Array, cr3?: number): number {
    return this.#debug.write(initiator, linear, bytes, cr3);
  }

  /** Probes an access that may cross a page. Watched ranges do not stop the monitor; the hit is recorded later. */
  #probe(context: Context, linear: number, size: number, access: Access, user: boolean): boolean {
    const first = Math.min(size, 4096 - (linear & 0xfff));
    if (this.fill(context, linear, first, access, user, true) === FILL_FAULT) return false;
    if (first === size) return true;
    return this.fill(context, (linear + first) >>> 0, size - first, access, user, true) !== FILL_FAULT;
  }

  /** Permission bits that the last walk gives, for user and supervisor at once. */
  #allowed(space: Space, dirty: boolean): number {
    const { rights } = this.#guest.walk;
    let allowed = READS | EXECS;
    // A clean page must come back for its D bit.
    if (dirty && rights & PTE_WRITABLE) allowed = ALL;
    else if (dirty && !space.writeProtect) allowed |= SHADOW_WRITE_SUPERVISOR;
    return rights & PTE_USER ? allowed : allowed & ~USER_BITS;
  }

  /** True when setting A and D would write a watched table entry; while stepping, the hit is recorded. */
  #flagsWatched(write: boolean, stepping: boolean): boolean {
    const at = this.#guest.flagsToSet(write);
    if (at < 0 || !this.#watches.physicalPageWatched(at >>> 12)) return false;
    if (stepping) this.#watches.recordPhysical(at, 4);
    return this.#watches.touchesPhysical(at, 4);
  }

  #traceWalk(space: Space, page: number): void {
    const { directoryAt, tableAt, large } = this.#guest.walk;
    const directory = this.#physical.hostPage(directoryAt >>> 12);
    if (directory !== 0) this.#trace.use(space.index, ROLE_DIRECTORY, directory);
    const table = large ? 0 : this.#physical.hostPage(tableAt >>> 12);
    if (table !== 0) this.#trace.use(space.index, page >>> 10, table);
  }

  #record(
    linear: number,
    low: number,
    first: number,
    high: number,
    size: number,
    kind: 'read' | 'write',
    at: number,
  ): void {
    const { u8 } = this.#memory;
    let value: number | undefined;
    if (size <= 4) {
      value = 0;
      for (let i = size - 1; i >= 0; i--) value = value * 256 + u8[at + i];
    }
    this.#watches.record(linear >>> 0, low, first, kind, value);
    if (first < size) this.#watches.record((linear + first) >>> 0, high, size - first, kind, value);
  }
}
