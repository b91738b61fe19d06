/**
 * Decoded code by host page: a code table maps each page offset to the record of the instruction that
 * starts there, for one mode. A pure cache: any part may be dropped at any time. Records are never reused
 * before a flush, so that the one being executed stays readable while its page is rewritten.
 */
import { type Decoded, Decoder, toInstruction } from '../../isa/decode.ts';
import type { Instruction } from '../../isa/instruction.ts';
import type { Row } from '../../isa/opcodes.ts';
import { CODE_TABLE_HEADER, CODE_TABLE_SIZE, codeTable } from '../../memory/layout.ts';
import type { LinearMemory } from '../../memory/linear-memory.ts';
import type { Mode } from '../mode.ts';
import { type CodePage, CodePages, type PageProtection } from './code-pages.ts';
import { FIRST_RARE } from './handlers.ts';
import { packRecord, packSpecial } from './packer.ts';
import {
  HANDLER_BLOCK,
  HANDLER_BREAK,
  HANDLER_CHAIN,
  HANDLER_COUNT,
  HANDLER_STALE,
  HANDLER_TRAP,
  REC_DISPLACEMENT,
  REC_HANDLER,
  REC_IMMEDIATE,
  REC_PLACE,
  RECORD_SIZE,
  RUN_MAX,
} from './record.ts';

const PAGE = 4096;
/** Longest instruction: an overlap with a write can start this far before it. */
const LONGEST = 15;

export interface CodeTable {
  readonly address: number;
  readonly hostPage: number;
  readonly page: CodePage;
  readonly mode: Mode;
  /** Linear page this table is private to (code points, CS limit inside the page), or -1. */
  readonly linearPage: number;
  readonly index: number;
}

/** What was decoded when the record is a trap: the instruction, or the #GP that fetching it raises. */
export type Trapped = Instruction | 'general-protection';

/** Innocuous instructions that end a straight run. */
const ENDS_RUN = new Set(['jmp', 'call', 'ret']);

/** A kept run of one instruction that crosses into another page. */
interface Crossing {
  readonly record: number;
  readonly table: CodeTable;
  readonly offset: number;
}

export interface CodeCacheHooks {
  readonly protection: PageProtection;
  /** True when a code point is armed at this linear address or EIP. */
  isBreak(linear: number, eip: number): boolean;
  /** True when arrivals at runs are counted for tier 1. */
  readonly counting: boolean;
  /** Records of a table were dropped in a byte range: forget what was translated from them. */
  dropped(table: CodeTable, from: number, to: number): void;
  /** Everything was dropped. */
  flushed(): void;
  /** A record of a rare form was made, the first of all. */
  rare(): void;
}

export class CodeCache {
  private readonly memory: LinearMemory;
  private readonly hooks: CodeCacheHooks;
  private readonly decoder = new Decoder();
  private tables: CodeTable[] = [];
  private byPage = new Map<number, CodeTable[]>();
  private nextRecord: number;
  /** Table index + 1 of each record, to know a branch's page when it is linked. */
  private owner: Uint16Array;
  /** What trap records stand for, by the index in their immediate. */
  private trapped: Trapped[] = [];
  /** Runs of one page-crossing (or uncached) instruction by its second host page, to drop them on writes. */
  private crossing = new Map<number, Crossing[]>();
  private readonly pages: CodePages;

  private rareSeen = false;

  constructor(memory: LinearMemory, hooks: CodeCacheHooks) {
    this.memory = memory;
    this.hooks = hooks;
    this.pages = new CodePages(hooks.protection);
    this.nextRecord = memory.layout.records;
    this.owner = new Uint16Array(memory.layout.recordsSize / RECORD_SIZE);
  }

  /** The table for code of a host page in a mode; `linearPage` ≥ 0 asks for a private one. */
  table(hostPage: number, mode: Mode, linearPage: number): CodeTable {
    const list = this.byPage.get(hostPage);
    const found = list?.find((table) => table.mode === mode && table.linearPage === linearPage);
    if (found) {
      if (linearPage < 0) this.publish(found);
      return found;
    }
    const { layout } = this.memory;
    if (this.tables.length === layout.codeTableCount) {
      this.flush();
      return this.table(hostPage, mode, linearPage);
    }
    const index = this.tables.length;
    const address = codeTable(layout, index);
    this.memory.ensure(address + CODE_TABLE_SIZE);
    const table: CodeTable = { address, hostPage, page: this.pages.of(hostPage), mode, linearPage, index };
    this.tables.push(table);
    this.memory.setWord(address, linearPage < 0 ? mode.id : 0);
    if (list) list.push(table);
    else this.byPage.set(hostPage, [table]);
    if (linearPage < 0) this.publish(table);
    return table;
  }

  /** Makes it the one that generated code finds for the page. */
  private publish(table: CodeTable): void {
    this.memory.setWord(this.memory.layout.codeIndex + table.hostPage * 4, table.address);
  }

  /** What generated code finds for a host address: the record there in the published table, or 0. */
  lookup(host: number, mode: Mode): number {
    const { i32, layout } = this.memory;
    const table = i32[(layout.codeIndex >>> 2) + (host >>> 12)];
    if (table === 0 || i32[table >>> 2] !== mode.id) return 0;
    return i32[((table + CODE_TABLE_HEADER) >>> 2) + (host & 0xfff)];
  }

  slot(table: CodeTable, offset: number): number {
    return this.memory.word(table.address + CODE_TABLE_HEADER + offset * 4);
  }

  private setSlot(table: CodeTable, offset: number, record: number): void {
    const before = this.slot(table, offset);
    if (before === 0 && record !== 0) this.pages.add(table.page);
    else if (before !== 0 && record === 0) this.pages.remove(table.page);
    this.memory.setWord(table.address + CODE_TABLE_HEADER + offset * 4, record);
  }

  /** The table a record was decoded into. */
  ownerOf(record: number): CodeTable {
    return this.tables[this.owner[(record - this.memory.layout.records) / RECORD_SIZE] - 1];
  }

  trappedAt(record: number): Trapped | undefined {
    return this.trapped[this.memory.word(record + REC_IMMEDIATE)];
  }

  handler(record: number): number {
    return this.memory.u16[(record + REC_HANDLER) >>> 1];
  }

  /** Where execution stands at a record, as an offset from its page's first byte: a chain can lead beyond the page. */
  placeOf(record: number): number {
    const { u16, i32 } = this.memory;
    if (this.handler(record) === HANDLER_CHAIN) return i32[(record + REC_DISPLACEMENT) >>> 2];
    return u16[(record + REC_PLACE) >>> 1] & 0xfff;
  }

  /** Room for a whole run and its extras is left; if not the caller flushes first. */
  get roomForRun(): boolean {
    const { layout } = this.memory;
    return this.nextRecord + (RUN_MAX + 4) * RECORD_SIZE <= layout.records + layout.recordsSize;
  }

  /** A fresh record owned by `table`. */
  allocate(table: CodeTable): number {
    const record = this.nextRecord;
    this.nextRecord += RECORD_SIZE;
    this.owner[(record - this.memory.layout.records) / RECORD_SIZE] = table.index + 1;
    return record;
  }

  /**
   * The record at `offset`, decoding a straight run from there if need be. 0: the instruction crosses the
   * page's end.
   * @param pageEip EIP of the page's first byte
   */
  record(table: CodeTable, offset: number, pageEip: number): number {
    const known = this.slot(table, offset);
    return known !== 0 ? known : this.decodeRun(table, offset, pageEip);
  }

  private decodeRun(table: CodeTable, start: number, pageEip: number): number {
    const { memory, hooks } = this;
    const { mode } = table;
    const pageBase = table.hostPage * PAGE;
    const watched = table.linearPage >= 0;
    let first = 0;
    let offset = start;
    for (let count = 0; ; count++) {
      const record = this.nextRecord;
      const known = count > 0 && offset < PAGE ? this.slot(table, offset) : 0;
      const eip = (pageEip + offset) >>> 0;
      const breaks = watched && offset < PAGE && hooks.isBreak((eip + mode.csBase) >>> 0, eip);
      if (offset >= PAGE || known !== 0 || count >= RUN_MAX || (breaks && count > 0)) {
        // A code point is reached through a lookup: its record answers with an exit.
        packSpecial(memory, this.allocate(table), HANDLER_CHAIN, offset & 0xfff, offset, breaks ? 0 : known);
        return this.counted(table, start, first, count);
      }
      const d = this.decoder.decode(memory.u8, pageBase + offset, pageBase + PAGE, mode.bits16);
      // What goes on in the next page depends on more than this one.
      if (d.incomplete && !d.tooLong) {
        if (count === 0) return 0;
        packSpecial(memory, this.allocate(table), HANDLER_CHAIN, offset, offset, 0);
        return this.counted(table, start, first, count);
      }
      const faults = d.tooLong || (!mode.flat && eip + d.length - 1 > mode.csLimit);
      if (breaks) {
        packSpecial(memory, this.allocate(table), HANDLER_BREAK, offset);
      }
      const at = this.allocate(table);
      if (count === 0) first = record;
      this.setSlot(table, offset, record);
      const row = faults ? undefined : d.row;
      if (row === undefined || row.trapClass !== 'innocuous') {
        this.packTrap(at, offset, faults ? 'general-protection' : toInstruction(d));
        return this.counted(table, start, first, count);
      }
      this.pack(at, offset, d, row, mode);
      offset += d.length;
      if (ENDS_RUN.has(row.mnemonic)) return this.counted(table, start, first, count);
    }
  }

  private pack(record: number, offset: number, d: Decoded, row: Row, mode: Mode): void {
    packRecord(this.memory, record, offset, d, row, mode);
    if (this.rareSeen || this.handler(record) < FIRST_RARE) return;
    this.rareSeen = true;
    this.hooks.rare();
  }

  private packTrap(record: number, offset: number, trapped: Trapped): void {
    packSpecial(this.memory, record, HANDLER_TRAP, offset, 0, this.trapped.length);
    this.trapped.push(trapped);
  }

  /** Puts a counter in front of a fresh run when tier 1 wants to know how often it is reached. */
  private counted(table: CodeTable, start: number, first: number, length: number): number {
    if (!this.hooks.counting || length < 2 || table.linearPage >= 0) return first;
    const counter = this.allocate(table);
    packSpecial(this.memory, counter, HANDLER_COUNT, start, 0, first);
    this.setSlot(table, start, counter);
    return counter;
  }

  /**
   * A private run for one instruction given as bytes: it crosses into `secondPage`, or comes from memory
   * that has no host address. Kept (when `secondPage` is not 0) until either page is written.
   */
  decodeAlone(
    table: CodeTable,
    offset: number,
    bytes: Uint8Array,
    length: number,
    secondPage: number,
    breaks: boolean,
  ): number {
    const { memory } = this;
    const d = this.decoder.decode(bytes, 0, length, table.mode.bits16);
    const first = this.nextRecord;
    if (breaks) packSpecial(memory, this.allocate(table), HANDLER_BREAK, offset);
    const record = this.allocate(table);
    const row = d.tooLong || d.incomplete ? undefined : d.row;
    if (row === undefined || row.trapClass !== 'innocuous') {
      this.packTrap(record, offset, d.tooLong || d.incomplete ? 'general-protection' : toInstruction(d));
    } else {
      this.pack(record, offset, d, row, table.mode);
      packSpecial(memory, this.allocate(table), HANDLER_CHAIN, offset, offset + d.length, 0);
    }
    if (secondPage !== 0) {
      const list = this.crossing.get(secondPage);
      const entry = { record: first, table, offset };
      if (list) list.push(entry);
      else this.crossing.set(secondPage, [entry]);
      this.pages.add(table.page);
      this.pages.add(this.pages.of(secondPage));
    }
    return first;
  }

  /** The kept private run of a crossing instruction, or 0. */
  crossingRun(table: CodeTable, offset: number, secondPage: number): number {
    const found = this.crossing.get(secondPage)?.find((entry) => entry.table === table && entry.offset === offset);
    return found?.record ?? 0;
  }

  /** Bytes of a host page changed: drops what was decoded from them, or all of the page when it is data by now. */
  invalidate(hostPage: number, offset: number, length: number): void {
    if (this.pages.written(hostPage)) this.drop(hostPage, 0, PAGE);
    else this.drop(hostPage, offset, length);
    this.pages.settle(hostPage);
  }

  private drop(hostPage: number, offset: number, length: number): void {
    const tables = this.byPage.get(hostPage);
    if (tables) {
      const from = Math.max(0, offset - LONGEST + 1);
      const to = Math.min(PAGE, offset + length);
      for (const table of tables) this.dropRange(table, from, to);
      if (to === PAGE || offset + length > PAGE - LONGEST)
        this.dropCrossing((entry) => entry.table.hostPage === hostPage);
    }
    if (offset < LONGEST && this.crossing.has(hostPage)) this.dropCrossing((_, second) => second === hostPage);
  }

  private dropCrossing(matches: (entry: Crossing, secondPage: number) => boolean): void {
    for (const [second, list] of this.crossing) {
      const kept = list.filter((entry) => !matches(entry, second));
      if (kept.length === list.length) continue;
      for (const entry of list) {
        if (!matches(entry, second)) continue;
        this.makeStale(entry.record);
        this.pages.remove(entry.table.page);
        this.pages.remove(this.pages.of(second));
      }
      if (kept.length > 0) this.crossing.set(second, kept);
      else this.crossing.delete(second);
    }
  }

  /** Drops what was decoded in the tables that match. */
  dropTables(matches: (table: CodeTable) => boolean): void {
    for (const table of this.tables) if (matches(table)) this.dropRange(table, 0, PAGE);
    this.dropCrossing((entry) => matches(entry.table));
  }

  private dropRange(table: CodeTable, from: number, to: number): void {
    let any = false;
    for (let at = from; at < to; at++) {
      const record = this.slot(table, at);
      if (record === 0) continue;
      any = true;
      this.makeStale(record);
      this.setSlot(table, at, 0);
    }
    if (any) this.hooks.dropped(table, from, to);
  }

  private makeStale(record: number): void {
    const { u16 } = this.memory;
    const handler = this.handler(record);
    u16[(record + REC_HANDLER) >>> 1] = HANDLER_STALE;
    if (handler === HANDLER_BREAK) u16[(record + RECORD_SIZE + REC_HANDLER) >>> 1] = HANDLER_STALE;
    if (handler === HANDLER_COUNT || handler === HANDLER_BLOCK)
      this.makeStale(this.memory.word(record + REC_IMMEDIATE));
  }

  /** Drops everything. Records in use stay readable until new ones are written over them. */
  flush(): void {
    const { layout } = this.memory;
    for (const table of this.tables) {
      this.memory.u8.fill(0, table.address, table.address + CODE_TABLE_SIZE);
      this.memory.setWord(layout.codeIndex + table.hostPage * 4, 0);
    }
    this.tables = [];
    this.byPage = new Map();
    this.trapped = [];
    this.crossing = new Map();
    this.nextRecord = layout.records;
    this.owner.fill(0);
    this.pages.flushed();
    this.hooks.flushed();
  }
}
