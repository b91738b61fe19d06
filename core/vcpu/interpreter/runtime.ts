/**
 * Runtime functions of tier 0: branch accounting, lookup of code by EIP, and the handlers that are no
 * instruction. A run's steps are counted when it is left: (record - run start) / 16, plus one for a branch.
 */
import { CS } from '../../isa/registers.ts';
import {
  CODE_TABLE_HEADER,
  CTX_BUDGET,
  CTX_CODE_HIGH,
  CTX_CODE_INDEX,
  CTX_EIP,
  CTX_EXEC_MASK,
  CTX_EXIT,
  CTX_MODE,
  CTX_PAGE_EIP,
  CTX_RECORD,
  CTX_RESERVE,
  CTX_RUN_START,
  CTX_SEGMENTS,
  CTX_SHADOW,
  SEG_BASE,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEGMENT_STRIDE,
} from '../../memory/layout.ts';
import type { Code, Label } from '../../wasm/code.ts';
import * as w from '../../wasm/opcodes.ts';
import { EXIT_BREAK, EXIT_BUDGET, EXIT_LOOKUP, EXIT_TRAP } from '../exit.ts';
import {
  HANDLER_BLOCK,
  HANDLER_BREAK,
  HANDLER_CHAIN,
  HANDLER_COUNT,
  HANDLER_STALE,
  HANDLER_TRAP,
  MIN_BUDGET,
  REC_DISPLACEMENT,
  REC_IMMEDIATE,
  REC_SCALE,
  SCALE_EIP16,
} from './record.ts';

const CONTEXT = 0;
const RECORD = 1;

function load(c: Code, base: number, offset: number): void {
  c.get(base);
  c.memory(w.I32_LOAD, offset);
}

function storeWord(c: Code, offset: number, value: () => void): void {
  c.get(CONTEXT);
  value();
  c.memory(w.I32_STORE, offset);
}

/** budget -= (record - run start) / 16 + extra; leaves the new budget in `local`. */
function charge(c: Code, extra: number, local: number): void {
  load(c, CONTEXT, CTX_BUDGET);
  c.get(RECORD);
  load(c, CONTEXT, CTX_RUN_START);
  c.op(w.I32_SUB);
  c.i32(4);
  c.op(w.I32_SHR_S);
  c.op(w.I32_SUB);
  if (extra !== 0) {
    c.i32(extra);
    c.op(w.I32_SUB);
  }
  c.set(local);
  storeWord(c, CTX_BUDGET, () => c.get(local));
}

/** EIP of the direct target of the record. */
function target(c: Code): void {
  load(c, CONTEXT, CTX_PAGE_EIP);
  load(c, RECORD, REC_DISPLACEMENT);
  c.op(w.I32_ADD);
  c.i32(0xffff);
  c.i32(-1);
  c.get(RECORD);
  c.memory(w.I32_LOAD8_U, REC_SCALE);
  c.i32(SCALE_EIP16);
  c.op(w.I32_AND);
  c.op(w.SELECT);
  c.op(w.I32_AND);
}

/** Leaves with the given reason and EIP already final. */
function exitAt(c: Code, reason: number, eip: () => void): void {
  storeWord(c, CTX_EIP, eip);
  storeWord(c, CTX_EXIT, () => c.i32(reason));
  storeWord(c, CTX_RECORD, () => c.i32(0));
}

function budgetLow(c: Code, local: number): void {
  c.get(local);
  c.i32(MIN_BUDGET);
  c.op(w.I32_LT_S);
}

/**
 * enter(context, from, eip) -> record: finds decoded code at EIP. `from` is the branch that led here (for a
 * CS limit violation), or 0. Everything unusual goes to the imported slow path.
 */
export function emitEnter(c: Code, slowEnter: number): void {
  const EIP = 2;
  const linear = c.local(w.I32);
  const entry = c.local(w.I32);
  const host = c.local(w.I32);
  const table = c.local(w.I32);
  const cs = CTX_SEGMENTS + CS * SEGMENT_STRIDE;
  const slow = c.block();
  c.get(EIP);
  load(c, CONTEXT, CTX_CODE_HIGH);
  c.op(w.I32_GT_U);
  c.brIf(slow);
  c.get(EIP);
  load(c, CONTEXT, cs + SEG_READ_LOW);
  c.op(w.I32_LT_U);
  c.brIf(slow);
  c.get(EIP);
  load(c, CONTEXT, cs + SEG_BASE);
  c.op(w.I32_ADD);
  c.tee(linear);
  c.i32(10);
  c.op(w.I32_SHR_U);
  c.i32(0x3ffffc);
  c.op(w.I32_AND);
  load(c, CONTEXT, CTX_SHADOW);
  c.op(w.I32_ADD);
  c.memory(w.I32_LOAD);
  c.tee(entry);
  load(c, CONTEXT, CTX_EXEC_MASK);
  c.op(w.I32_AND);
  c.op(w.I32_EQZ);
  c.brIf(slow);
  c.get(linear);
  c.get(entry);
  c.i32(~0xfff);
  c.op(w.I32_AND);
  c.op(w.I32_ADD);
  c.tee(host);
  c.i32(12);
  c.op(w.I32_SHR_U);
  c.i32(2);
  c.op(w.I32_SHL);
  load(c, CONTEXT, CTX_CODE_INDEX);
  c.op(w.I32_ADD);
  c.memory(w.I32_LOAD);
  c.tee(table);
  c.op(w.I32_EQZ);
  c.brIf(slow);
  load(c, table, 0);
  load(c, CONTEXT, CTX_MODE);
  c.op(w.I32_NE);
  c.brIf(slow);
  c.get(table);
  c.get(host);
  c.i32(0xfff);
  c.op(w.I32_AND);
  c.i32(2);
  c.op(w.I32_SHL);
  c.op(w.I32_ADD);
  c.memory(w.I32_LOAD, CODE_TABLE_HEADER);
  c.tee(table);
  c.op(w.I32_EQZ);
  c.brIf(slow);
  storeWord(c, CTX_PAGE_EIP, () => {
    c.get(EIP);
    c.get(host);
    c.i32(0xfff);
    c.op(w.I32_AND);
    c.op(w.I32_SUB);
  });
  storeWord(c, CTX_RUN_START, () => c.get(table));
  c.get(table);
  c.return();
  c.end();
  storeWord(c, CTX_EIP, () => c.get(EIP));
  c.get(CONTEXT);
  c.get(RECORD);
  c.call(slowEnter);
}

/** jump(context, record, eip): an indirect branch has retired. */
export function emitJump(c: Code, enter: number): void {
  const left = c.local(w.I32);
  charge(c, 1, left);
  budgetLow(c, left);
  c.if();
  exitAt(c, EXIT_BUDGET, () => c.get(2));
  c.i32(0);
  c.return();
  c.end();
  c.get(CONTEXT);
  c.get(RECORD);
  c.get(2);
  c.call(enter);
}

/**
 * Leaves at the branch's target when the budget is low. A target beyond the CS limit is left to the lookup,
 * which makes the branch itself fault (SDM vol. 2, JMP): where it faults must not depend on the budget.
 */
function leaveAtTarget(c: Code, left: number, leave: () => void): void {
  budgetLow(c, left);
  c.if();
  target(c);
  load(c, CONTEXT, CTX_SEGMENTS + CS * SEGMENT_STRIDE + SEG_READ_HIGH);
  c.op(w.I32_LE_U);
  c.if();
  exitAt(c, EXIT_BUDGET, () => target(c));
  leave();
  c.end();
  c.end();
}

/**
 * The end of a taken direct branch or a chain: through the link if there is one, else by the link import
 * (target in the same page) or by lookup. Leaves the next record, or 0, on the stack.
 */
function follow(c: Code, extra: number, link: number | undefined, enter: number, left: number): void {
  charge(c, extra, left);
  leaveAtTarget(c, left, () => {
    c.i32(0);
    c.return();
  });
  if (link !== undefined) {
    load(c, RECORD, REC_DISPLACEMENT);
    c.i32(4096);
    c.op(w.I32_LT_U);
    c.if();
    c.get(CONTEXT);
    c.get(RECORD);
    c.call(link);
    c.return();
    c.end();
  }
  c.get(CONTEXT);
  if (extra === 0) c.i32(0);
  else c.get(RECORD);
  target(c);
  c.call(enter);
}

/** taken(context, record) for branches outside the hot loop. */
export function emitTaken(c: Code, link: number, enter: number): void {
  const left = c.local(w.I32);
  linked(c, left, 1, (next) => {
    next();
    c.return();
  });
  follow(c, 1, link, enter, left);
}

/** When the record is linked and the budget allows, sets the run start and hands the target to `go`. */
function linked(c: Code, left: number, extra: number, go: (next: () => void) => void): void {
  const next = c.local(w.I32);
  load(c, RECORD, REC_IMMEDIATE);
  c.tee(next);
  c.if();
  charge(c, extra, left);
  budgetLow(c, left);
  c.op(w.I32_EQZ);
  c.if();
  storeWord(c, CTX_RUN_START, () => c.get(next));
  go(() => c.get(next));
  c.end();
  exitAt(c, EXIT_BUDGET, () => target(c));
  c.i32(0);
  c.return();
  c.end();
}

/** The same in the hot loop: linked branches stay inside. */
export function emitTakenInline(c: Code, loop: Label, link: number, enter: number): void {
  const next = c.local(w.I32);
  const left = c.local(w.I32);
  charge(c, 1, left);
  leaveAtTarget(c, left, () => c.return());
  load(c, RECORD, REC_IMMEDIATE);
  c.tee(next);
  c.if();
  storeWord(c, CTX_RUN_START, () => c.get(next));
  c.get(next);
  c.set(RECORD);
  c.br(loop);
  c.end();
  load(c, RECORD, REC_DISPLACEMENT);
  c.i32(4096);
  c.op(w.I32_LT_U);
  c.if(w.I32);
  c.get(CONTEXT);
  c.get(RECORD);
  c.call(link);
  c.else();
  c.get(CONTEXT);
  c.get(RECORD);
  target(c);
  c.call(enter);
  c.end();
  c.tee(RECORD);
  c.brIf(loop);
  c.return();
}

/** Leaves when no step is left before the record of the step loop. */
export function emitStepTest(c: Code): void {
  load(c, CONTEXT, CTX_BUDGET);
  c.get(RECORD);
  load(c, CONTEXT, CTX_RUN_START);
  c.op(w.I32_SUB);
  c.i32(4);
  c.op(w.I32_SHR_S);
  c.op(w.I32_LE_S);
  c.if();
  storeWord(c, CTX_EXIT, () => c.i32(EXIT_BUDGET));
  storeWord(c, CTX_RECORD, () => c.get(RECORD));
  c.return();
  c.end();
}

const EXITS: Record<number, number> = {
  [HANDLER_STALE]: EXIT_LOOKUP,
  [HANDLER_TRAP]: EXIT_TRAP,
  [HANDLER_BREAK]: EXIT_BREAK,
};

/** Handlers that are no instruction. */
export function emitSpecial(c: Code, handler: number, use: { enter: number; hot: number; block: number }): void {
  switch (handler) {
    case HANDLER_CHAIN: {
      const left = c.local(w.I32);
      linked(c, left, 0, (next) => {
        next();
        c.return();
      });
      follow(c, 0, undefined, use.enter, left);
      break;
    }
    case HANDLER_COUNT:
      // Arrivals are counted in TypeScript only while a run is warming up.
      c.get(CONTEXT);
      c.get(RECORD);
      c.call(use.hot);
      break;
    case HANDLER_BLOCK:
      storeWord(c, CTX_RUN_START, () => load(c, RECORD, REC_IMMEDIATE));
      // Without a reserve steps are counted one by one: tier 0 executes the run itself.
      load(c, CONTEXT, CTX_RESERVE);
      c.op(w.I32_EQZ);
      c.if();
      load(c, RECORD, REC_IMMEDIATE);
      c.return();
      c.end();
      c.get(CONTEXT);
      load(c, RECORD, REC_DISPLACEMENT);
      c.callIndirect(use.block);
      break;
    default:
      storeWord(c, CTX_EXIT, () => c.i32(EXITS[handler]));
      storeWord(c, CTX_RECORD, () => c.get(RECORD));
      c.i32(0);
  }
}
