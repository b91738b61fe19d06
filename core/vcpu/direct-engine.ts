/**
 * Direct execution by tier 0 (and tier 1 on top of it): keeps decoded code, enters generated code, and turns
 * whatever stops it into an exit. Knows nothing of privilege, devices or page tables: translations come from
 * the AddressSpace, everything sensitive leaves as EXIT_TRAP.
 */

import { decode } from '../isa/decode.ts';
import { GP } from '../isa/exceptions.ts';
import { CS } from '../isa/registers.ts';
import {
  CTX_BUDGET,
  CTX_CODE_HIGH,
  CTX_CODE_INDEX,
  CTX_EXEC_MASK,
  CTX_EXIT,
  CTX_MODE,
  CTX_PAGE_EIP,
  CTX_RECORD,
  CTX_REPEATING,
  CTX_RESERVE,
  CTX_RUN_START,
  CTX_SCRATCH,
  CTX_SEGMENTS,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEGMENT_STRIDE,
} from '../memory/layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { ACCESS_EXECUTE, type AddressSpace, isEntry } from './address-space.ts';
import type { Context } from './context.ts';
import type { Engine } from './engine.ts';
import { EXIT_BUDGET, EXIT_FAULT, EXIT_LOOKUP, EXIT_TRAP, EXIT_WATCH, type Exit } from './exit.ts';
import { describeFault, refused, setFault, setFetchFault } from './faults.ts';
import { CodeCache, type CodeTable } from './interpreter/code-cache.ts';
import { addRareForms } from './interpreter/rare-forms.ts';
import {
  HANDLER_BREAK,
  HANDLER_COUNT,
  MIN_BUDGET,
  REC_DISPLACEMENT,
  REC_IMMEDIATE,
  REC_SCALE,
  RECORD_SIZE,
  RUN_MAX,
  SCALE_EIP16,
} from './interpreter/record.ts';
import { BlockCache } from './jit/block-cache.ts';
import { type Mode, Modes } from './mode.ts';
import { SlowData } from './slow-data.ts';

/** Steps between exits of the hot loop: V8 swaps optimised code in only when a function is entered again. */
const CHUNK = 50_000;
/** With less than this, REP at the end of a run could find no step to spend: the step loop is exact. */
const HOT_BUDGET = MIN_BUDGET + RUN_MAX + 4;
/**
 * The first steps of a machine run in the step loop: V8 compiles the hot loop as one large function, which
 * takes longer than many a guest needs to its first output.
 */
export const COLD_STEPS = 10_000;
const FETCH_LENGTH = 15;
/** The mode of no code table. */
const NO_MODE = -1;

export interface DirectEngineOptions {
  readonly tier: 0 | 1;
}

interface Tier0 {
  run(context: number, record: number): void;
  step(context: number, record: number): void;
  readonly table: WebAssembly.Table;
}

export class DirectEngine implements Engine {
  private readonly memory: LinearMemory;
  private readonly space: AddressSpace;
  private readonly data: SlowData;
  private readonly tier0: Tier0;
  private readonly modes = new Modes();
  readonly cache: CodeCache;
  /** Translated blocks; undefined with tier 0 alone. */
  readonly blocks: BlockCache | undefined;
  private context!: Context;
  private mode!: Mode;
  /** `modeChanges` of the context when its mode was last derived. */
  private modeChanges = -1;
  private readonly modeSeen = new Map<Context, { changes: number; mode: Mode }>();
  private points: ReadonlySet<number> = new Set();
  private pointPages: ReadonlySet<number> = new Set();
  /** The instruction in progress is run by itself: its accesses to devices and watched ranges are made. */
  private alone = false;
  private coldSteps = COLD_STEPS;
  private readonly fetched = new Uint8Array(32);

  constructor(memory: LinearMemory, space: AddressSpace, tier0: WebAssembly.Module, options: DirectEngineOptions) {
    this.memory = memory;
    this.space = space;
    this.data = new SlowData(space);
    this.cache = new CodeCache(memory, {
      protection: space,
      isBreak: (linear, eip) => this.isBreak(linear, eip),
      counting: options.tier === 1,
      dropped: (table, from, to) => this.blocks?.dropped(table, from, to),
      flushed: () => this.blocks?.flushed(),
      rare: () => addRareForms(tier0, env, this.tier0),
    });
    const env = {
      memory: memory.memory,
      slow: (_: number, linear: number, what: number) => this.data.access(this.context, linear >>> 0, what, this.alone),
      commit: () => this.data.commit(this.context),
      enter: (_: number, from: number) => this.enter(this.context.eip, from),
      link: (_: number, record: number) => this.link(record),
      hot: (_: number, record: number) => this.arrive(record),
    };
    this.tier0 = new WebAssembly.Instance(tier0, { env }).exports as unknown as Tier0;
    if (options.tier === 1) this.blocks = new BlockCache(memory, this.tier0.table);
  }

  run(context: Context, budget: number, skipBreak = false, alone = false): Exit {
    this.select(context);
    this.alone = alone;
    const { exit } = context;
    const { tier0 } = this;
    let remaining = budget;
    /** How many steps remained after the last one that was an iteration with more to come. */
    let repeatedAt = -1;
    context.setWord(CTX_EXIT, EXIT_BUDGET);
    let record = budget > 0 ? this.enter(context.eip, 0) : 0;
    if (skipBreak && record !== 0 && this.cache.handler(record) === HANDLER_BREAK) record += RECORD_SIZE;
    for (;;) {
      if (record === 0) break;
      let chunk = Math.min(remaining, CHUNK);
      context.setWord(CTX_BUDGET, chunk);
      context.setWord(CTX_REPEATING, 0);
      context.setWord(CTX_RUN_START, record);
      if (chunk >= HOT_BUDGET && this.coldSteps <= 0) {
        context.setWord(CTX_RESERVE, MIN_BUDGET);
        tier0.run(context.base, record);
      } else {
        context.setWord(CTX_RESERVE, 0);
        tier0.step(context.base, record);
      }
      const stopped = context.word(CTX_RECORD);
      if (stopped !== 0) {
        chunk += (stopped - context.word(CTX_RUN_START)) / RECORD_SIZE;
        context.eip = context.word(CTX_PAGE_EIP) + this.cache.placeOf(stopped);
      }
      remaining -= chunk - context.budget;
      if (context.word(CTX_REPEATING) !== 0) repeatedAt = remaining;
      if (this.coldSteps > 0) this.coldSteps -= chunk - context.budget;
      const reason = context.word(CTX_EXIT);
      if (reason === EXIT_BUDGET) {
        if (remaining <= 0) {
          if (alone && this.space.hasWatchHits) context.setWord(CTX_EXIT, EXIT_WATCH);
          break;
        }
        // With steps left a chunk or a REP reserve ended: go on from the same place.
        record = stopped !== 0 ? stopped : this.enter(context.eip, 0);
      } else if (reason === EXIT_LOOKUP) {
        record = this.enter(context.eip, 0);
      } else {
        this.describe(stopped);
        break;
      }
    }
    exit.reason = context.word(CTX_EXIT);
    exit.steps = budget - remaining;
    exit.repeating = repeatedAt === remaining;
    return exit;
  }

  /** Derives the decode mode of a context, when something it depends on changed. */
  private select(context: Context): void {
    if (this.context === context && this.modeChanges === context.modeChanges) return;
    this.context = context;
    this.modeChanges = context.modeChanges;
    const seen = this.modeSeen.get(context);
    if (seen?.changes === context.modeChanges) {
      this.mode = seen.mode;
      return;
    }
    this.mode = this.modes.of(context, () => {
      this.cache.flush();
      // Numbers that other contexts remember are given to other modes now.
      this.modeSeen.clear();
    });
    this.modeSeen.set(context, { changes: context.modeChanges, mode: this.mode });
    const { id, codeHigh } = this.mode;
    // Without a page that may be looked up, no table has the right mode.
    context.setWord(CTX_MODE, codeHigh < 0 ? NO_MODE : id);
    context.setWord(CTX_CODE_HIGH, codeHigh);
    context.setWord(CTX_CODE_INDEX, this.memory.layout.codeIndex);
  }

  /** Completes the exit record for a trap or a fault at `record` (0: described by whoever set it). */
  private describe(record: number): void {
    const { context } = this;
    const { exit } = context;
    if (record === 0) return;
    const reason = context.word(CTX_EXIT);
    if (reason === EXIT_TRAP) {
      const trapped = this.cache.trappedAt(record);
      if (trapped === 'general-protection') {
        setFetchFault(context);
      } else {
        exit.instruction = trapped;
      }
    } else if (reason === EXIT_FAULT) {
      describeFault(context);
    }
  }

  /**
   * The record to execute at `eip`, or 0 with the exit set. `from` is the branch that goes there (it is the
   * one that faults when the target lies beyond the CS limit), or 0.
   */
  private enter(eip: number, from: number): number {
    const { context, mode, space } = this;
    const code = CTX_SEGMENTS + CS * SEGMENT_STRIDE;
    if (eip > context.word(code + SEG_READ_HIGH) || eip < context.word(code + SEG_READ_LOW)) {
      if (from !== 0) this.takeBack(from);
      else context.setWord(CTX_RECORD, 0);
      setFault(context, GP, 'instruction pointer beyond the CS limit');
      return 0;
    }
    context.setWord(CTX_RECORD, 0);
    const linear = (context.segmentBase(CS) + eip) >>> 0;
    const known = this.memory.i32[(context.shadow >>> 2) + (linear >>> 12)];
    const entry =
      known & context.word(CTX_EXEC_MASK)
        ? known
        : space.fill(context, linear, 1, ACCESS_EXECUTE, context.user, this.alone);
    if (!isEntry(entry)) {
      if (refused(context, space, entry)) return 0;
      return this.enterUncached(eip, linear);
    }
    const host = (linear + (entry & ~0xfff)) >>> 0;
    const offset = host & 0xfff;
    if (mode.flat && this.pointPages.size === 0) {
      const known = this.cache.lookup(host, mode);
      if (known !== 0) {
        context.setWord(CTX_PAGE_EIP, eip - offset);
        context.setWord(CTX_RUN_START, known);
        return known;
      }
    }
    const linearPage = linear >>> 12;
    if (!this.cache.roomForRun) this.cache.flush();
    const table = this.cache.table(host >>> 12, mode, this.isPrivate(eip, linear) ? linearPage : -1);
    context.setWord(CTX_PAGE_EIP, eip - offset);
    const record = this.cache.record(table, offset, eip - offset) || this.enterCrossing(table, linear, offset, host);
    context.setWord(CTX_RUN_START, record);
    return record;
  }

  /** A page needs its own table when a code point is armed in it or the CS limit lies inside it. */
  private isPrivate(eip: number, linear: number): boolean {
    const { mode, pointPages } = this;
    if (pointPages.size > 0) {
      // With a CS base that is not page-aligned one linear page holds parts of two pages of EIP.
      const pageEip = eip - (linear & 0xfff);
      const pages = [linear >>> 12, pageEip >>> 12, (pageEip + 0xfff) >>> 12];
      if (pages.some((page) => pointPages.has(page))) return true;
    }
    if (mode.flat) return false;
    return eip > mode.codeHigh;
  }

  /** An instruction that goes on in the next page depends on both translations and both frames. */
  private enterCrossing(table: CodeTable, linear: number, offset: number, host: number): number {
    const { context, memory, space } = this;
    const eip = (context.word(CTX_PAGE_EIP) + offset) >>> 0;
    const breaks = table.linearPage >= 0 && this.isBreak(linear, eip);
    const here = 4096 - offset;
    this.fetched.set(memory.u8.subarray(host, host + here));
    // Bytes beyond the CS limit cannot be fetched; a run that may end there is not for aliases of the page.
    const length = Math.min(here + FETCH_LENGTH, this.mode.csLimit - eip + 1);
    if (length <= here) return this.cache.decodeAlone(table, offset, this.fetched, length, 0, breaks);
    const kept = !breaks && length === here + FETCH_LENGTH;
    const nextPage = ((linear | 0xfff) + 1) >>> 0;
    const entry = space.fill(context, nextPage, 1, ACCESS_EXECUTE, context.user, this.alone);
    if (!isEntry(entry)) {
      if (refused(context, space, entry)) return 0;
      return this.enterUncached(eip, linear);
    }
    const second = (nextPage + (entry & ~0xfff)) >>> 0;
    const known = kept ? this.cache.crossingRun(table, offset, second >>> 12) : 0;
    if (known !== 0) return known;
    this.fetched.set(memory.u8.subarray(second, second + FETCH_LENGTH), here);
    return this.cache.decodeAlone(table, offset, this.fetched, length, kept ? second >>> 12 : 0, breaks);
  }

  /** Code in memory without a host address (ROM holes, devices): fetched and decoded each time. */
  private enterUncached(eip: number, linear: number): number {
    const { context, mode, space } = this;
    const offset = linear & 0xfff;
    // Bytes beyond the CS limit cannot be fetched.
    const most = Math.min(FETCH_LENGTH, mode.csLimit - eip + 1);
    let length = Math.min(most, 4096 - offset);
    this.fetch(linear, length);
    if (length < most && decode(this.fetched.subarray(0, length), 0, mode.bits16) === undefined) {
      const nextPage = ((linear | 0xfff) + 1) >>> 0;
      const answer = space.fill(context, nextPage, 1, ACCESS_EXECUTE, context.user, this.alone);
      if (!isEntry(answer) && refused(context, space, answer)) return 0;
      length = most;
      this.fetch(linear, length);
    }
    if (!this.cache.roomForRun) this.cache.flush();
    const table = this.cache.table(0, mode, linear >>> 12);
    context.setWord(CTX_PAGE_EIP, eip - offset);
    const record = this.cache.decodeAlone(table, offset, this.fetched, length, 0, this.isBreak(linear, eip));
    context.setWord(CTX_RUN_START, record);
    return record;
  }

  private isBreak(linear: number, eip: number): boolean {
    return this.points.has(linear) || this.points.has(eip);
  }

  private fetch(linear: number, length: number): void {
    const scratch = this.context.base + CTX_SCRATCH;
    this.space.load(this.context, linear, length, scratch);
    this.fetched.set(this.memory.u8.subarray(scratch, scratch + length));
  }

  /** Links a taken branch to its target in the same page; the branch has been counted. */
  private link(record: number): number {
    const { context, memory, cache, mode } = this;
    const pageEip = context.word(CTX_PAGE_EIP);
    const offset = memory.i32[(record + REC_DISPLACEMENT) >>> 2];
    const wanted = (pageEip + offset) >>> 0;
    const short = (memory.u8[record + REC_SCALE] & SCALE_EIP16) !== 0;
    const eip = short ? wanted & 0xffff : wanted;
    context.eip = eip;
    // At some alias of the page the same branch wraps to another one: any of them above 64 KiB, and within 64 KiB
    // those over the multiple of 4 KiB in EIP that an unaligned base puts inside the page.
    const edge = mode.csBase & 0xfff;
    const wraps = short && (mode.csLimit > 0xffff || offset < edge !== cache.placeOf(record) < edge);
    if (wraps || (!mode.flat && eip > mode.csLimit) || !cache.roomForRun) return this.enter(eip, record);
    const table = cache.ownerOf(record);
    if (table.hostPage === 0) return this.enter(eip, record);
    const target = cache.record(table, offset, pageEip);
    if (target === 0) return this.enter(eip, record);
    memory.setWord(record + REC_IMMEDIATE, target);
    context.setWord(CTX_RUN_START, target);
    return target;
  }

  /** A counted run was reached: its own records go on, or the block that was made of them. */
  private arrive(counter: number): number {
    const run = this.blocks?.arrive(counter, this.cache.ownerOf(counter)) ?? this.memory.word(counter + REC_IMMEDIATE);
    this.context.setWord(CTX_RUN_START, run);
    return run;
  }

  /** Translates the runs at these EIPs at once, however often they were reached: for tests of tier 1. */
  translateNow(eips: readonly number[], context: Context): void {
    this.select(context);
    for (const eip of eips) {
      const record = this.enter(eip, 0);
      if (record !== 0 && this.cache.handler(record) === HANDLER_COUNT)
        this.blocks?.want(record, this.cache.ownerOf(record));
    }
    this.blocks?.translateWaiting();
  }

  /** Undoes the counting of a branch that faults instead. */
  private takeBack(branch: number): void {
    const { context } = this;
    const steps = (branch - context.word(CTX_RUN_START)) / RECORD_SIZE + 1;
    context.setWord(CTX_BUDGET, context.budget + steps);
    context.setWord(CTX_RECORD, branch);
  }

  invalidate(hostPage: number, offset: number, length: number): void {
    this.cache.invalidate(hostPage, offset, length);
  }

  flush(): void {
    this.cache.flush();
  }

  setCodePoints(points: ReadonlySet<number>): void {
    if (points.size === this.points.size && [...points].every((point) => this.points.has(point))) return;
    const before = this.pointPages;
    this.points = new Set(points);
    this.pointPages = new Set([...points].map((point) => point >>> 12));
    // With a CS base an EIP point may lie in any linear page: such tables are made again with the points in them.
    this.cache.dropTables(
      ({ mode, linearPage }) => mode.csBase !== 0 || before.has(linearPage) || this.pointPages.has(linearPage),
    );
    this.space.setExecBlocked(this.pointPages);
  }
}
