/**
 * Which runs are translated: counts arrivals, translates in batches, and puts a block record in front of
 * the run. Dropping any block at any time is invisible: its run is still there for tier 0.
 */
import { Decoder } from '../../isa/decode.ts';
import type { LinearMemory } from '../../memory/linear-memory.ts';
import type { CodeTable } from '../interpreter/code-cache.ts';
import { BLOCK_SLOTS, HANDLERS } from '../interpreter/handlers.ts';
import {
  HANDLER_BLOCK,
  HANDLER_CHAIN,
  HANDLER_COUNT,
  HANDLER_STALE,
  REC_DISPLACEMENT,
  REC_HANDLER,
  REC_IMMEDIATE,
  REC_PLACE,
  RECORD_SIZE,
  RUN_MAX,
} from '../interpreter/record.ts';
import { type Block, type Run, translate } from './translator.ts';

/** Arrivals at a run before it is worth translating. */
const HOT = 500;
/** An instance costs 0.3–0.7 ms whatever it holds: translate many runs at once. */
const BATCH = 16;

interface Waiting {
  readonly counter: number;
  readonly table: CodeTable;
  readonly run: Run;
}

export class BlockCache {
  private readonly memory: LinearMemory;
  private readonly functions: WebAssembly.Table;
  private readonly decoder = new Decoder();
  private waiting: Waiting[] = [];
  private live: { block: Block; record: number; table: CodeTable }[] = [];
  private nextSlot = HANDLERS;

  constructor(memory: LinearMemory, functions: WebAssembly.Table) {
    this.memory = memory;
    this.functions = functions;
  }

  /** Blocks in force. */
  get size(): number {
    return this.live.length;
  }

  /** One arrival at a counter record; answers the record to go on with. */
  arrive(counter: number, table: CodeTable): number {
    const { memory } = this;
    const run = memory.word(counter + REC_IMMEDIATE);
    const count = memory.word(counter + REC_DISPLACEMENT) + 1;
    memory.setWord(counter + REC_DISPLACEMENT, count);
    if (count === HOT) {
      this.want(counter, table);
      if (this.waiting.length >= BATCH) this.translateWaiting();
    }
    // A lone hot loop must not wait for fifteen others.
    if (count === HOT * 20) this.translateWaiting();
    return run;
  }

  /** Queues the run behind a counter for the next batch. */
  want(counter: number, table: CodeTable): void {
    const run = this.memory.word(counter + REC_IMMEDIATE);
    const offset = this.memory.u16[(run + REC_PLACE) >>> 1] & 0xfff;
    const { hostPage, mode } = table;
    this.waiting.push({ counter, table, run: { hostPage, offset, mode, length: this.lengthOf(run) } });
  }

  private lengthOf(run: number): number {
    let length = 0;
    for (let record = run; length < RUN_MAX; record += RECORD_SIZE, length++) {
      const handler = this.memory.u16[(record + REC_HANDLER) >>> 1];
      if (handler === HANDLER_CHAIN || handler === HANDLER_STALE) break;
    }
    return length;
  }

  translateWaiting(): void {
    const batch = this.waiting;
    this.waiting = [];
    if (batch.length === 0) return;
    if (this.nextSlot + batch.length > HANDLERS + BLOCK_SLOTS) this.reset();
    const { bytes, blocks } = translate(
      this.memory,
      this.decoder,
      batch.map(({ run }) => run),
    );
    const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes as BufferSource), {
      env: { memory: this.memory.memory },
    });
    blocks.forEach((block, i) => {
      if (block === undefined) return;
      const { counter, table } = batch[i];
      const slot = this.nextSlot++;
      this.functions.set(slot, instance.exports[String(i)] as () => number);
      this.memory.setWord(counter + REC_DISPLACEMENT, slot);
      this.memory.u16[(counter + REC_HANDLER) >>> 1] = HANDLER_BLOCK;
      this.live.push({ block, record: counter, table });
    });
  }

  /** Bytes [from, to) of a page changed: blocks made of them go back to being counted. */
  dropped(table: CodeTable, from: number, to: number): void {
    const touches = (run: Run, end: number) => run.offset < to && end > from;
    this.waiting = this.waiting.filter(({ table: owner, run }) => owner !== table || !touches(run, 4096));
    this.live = this.live.filter(({ block, record, table: owner }) => {
      if (owner !== table || !touches(block.run, block.end)) return true;
      this.demote(record);
      return false;
    });
  }

  private demote(record: number): void {
    if (this.memory.u16[(record + REC_HANDLER) >>> 1] !== HANDLER_BLOCK) return;
    this.memory.u16[(record + REC_HANDLER) >>> 1] = HANDLER_COUNT;
    this.memory.setWord(record + REC_DISPLACEMENT, 0);
  }

  /** Forgets every block, keeping the runs. */
  reset(): void {
    for (const { record } of this.live) this.demote(record);
    this.flushed();
  }

  /** The runs themselves are gone. */
  flushed(): void {
    this.live = [];
    this.waiting = [];
    this.nextSlot = HANDLERS;
  }
}
