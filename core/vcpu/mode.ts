/**
 * The mode that code is decoded for: what of the CPU's state is folded into records. Interned
 * to small numbers, so that a code table is valid for exactly one.
 */

import { CS, DS, ES, SS } from '../isa/registers.ts';
import {
  CTX_SEGMENTS,
  CTX_STACK_MASK,
  SEG_ACCESS,
  SEG_BASE,
  SEG_READ_HIGH,
  SEG_READ_LOW,
  SEG_WRITE_HIGH,
  SEG_WRITE_LOW,
  SEGMENT_STRIDE,
} from '../memory/layout.ts';
import type { Context } from './context.ts';

const ACCESS_BIG = 0x400000;

export interface Mode {
  readonly id: number;
  readonly bits16: boolean;
  /** CS DS ES SS are flat 4 GiB and the stack is 32 bits wide: nothing needs a check. */
  readonly flat: boolean;
  readonly csBase: number;
  readonly csLimit: number;
  /** Last EIP before the page in which CS ends, or -1; the limit itself when CS ends with a page. */
  readonly codeHigh: number;
}

/** Beyond this many the interning starts over (and the code cache with it). */
const MOST_MODES = 4096;

function codeHighOf(base: number, limit: number): number {
  const beyond = ((base + limit + 1) >>> 0) & 0xfff;
  return Math.max(limit - beyond, -1);
}

function isFlat(context: Context, segment: number, writable: boolean): boolean {
  const at = CTX_SEGMENTS + segment * SEGMENT_STRIDE;
  return (
    context.word(at + SEG_BASE) === 0 &&
    context.word(at + SEG_READ_LOW) === 0 &&
    context.word(at + SEG_READ_HIGH) === 0xffffffff &&
    (!writable || (context.word(at + SEG_WRITE_LOW) === 0 && context.word(at + SEG_WRITE_HIGH) === 0xffffffff))
  );
}

export class Modes {
  private modes = new Map<string, Mode>();
  private last: Mode | undefined;

  /** The mode of a context; `overflow` is called before the numbering starts over. */
  of(context: Context, overflow: () => void): Mode {
    const code = CTX_SEGMENTS + CS * SEGMENT_STRIDE;
    const stackBig = (context.segmentAccess(SS) & ACCESS_BIG) !== 0;
    const bits16 = (context.word(code + SEG_ACCESS) & ACCESS_BIG) === 0;
    const flat =
      stackBig &&
      isFlat(context, CS, false) &&
      isFlat(context, DS, true) &&
      isFlat(context, ES, true) &&
      isFlat(context, SS, true);
    context.setWord(CTX_STACK_MASK, stackBig ? 0xffffffff : 0xffff);
    const csBase = flat ? 0 : context.word(code + SEG_BASE);
    const csLimit = flat ? 0xffffffff : context.word(code + SEG_READ_HIGH);
    const last = this.last;
    if (last && last.bits16 === bits16 && last.flat === flat && last.csBase === csBase && last.csLimit === csLimit)
      return last;
    const key = `${bits16 ? 16 : 32}${flat ? 'f' : 'c'}${csBase}:${csLimit}`;
    let mode = this.modes.get(key);
    if (mode === undefined) {
      if (this.modes.size >= MOST_MODES) {
        overflow();
        this.modes = new Map();
      }
      const codeHigh = codeHighOf(csBase, csLimit);
      mode = { id: this.modes.size + 1, bits16, flat, csBase, csLimit, codeHigh };
      this.modes.set(key, mode);
    }
    this.last = mode;
    return mode;
  }
}
