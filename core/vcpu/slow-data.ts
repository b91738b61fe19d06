/**
 * Data accesses that generated code cannot make by itself: page crossings, devices, watched, traced and code
 * pages. They are made on a scratch copy, which `commit` writes out.
 */
import { CTX_SCRATCH } from '../memory/layout.ts';
import { ACCESS_READ, ACCESS_WRITE, type AddressSpace, isEntry } from './address-space.ts';
import type { Context } from './context.ts';
import { refused } from './faults.ts';

const INTENT_READ = 0;
const INTENT_UPDATE = 2;

export class SlowData {
  readonly #space: AddressSpace;
  #pendingLinear = 0;
  #pendingSize = 0;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /**
   * Host address of the guest bytes or of a scratch copy, or 0 with the exit set.
   * @param what size in bytes | intent << 8
   */
  access(context: Context, linear: number, what: number, stepping: boolean): number {
    const space = this.#space;
    const size = what & 0xff;
    const intent = what >> 8;
    const access = intent === INTENT_READ ? ACCESS_READ : ACCESS_WRITE;
    const first = Math.min(size, 4096 - (linear & 0xfff));
    const answer = space.fill(context, linear, first, access, context.user, stepping);
    if (isEntry(answer) && first === size) return (linear + (answer & ~0xfff)) >>> 0;
    if (!isEntry(answer) && refused(context, space, answer)) return 0;
    if (first < size) {
      const rest = space.fill(context, (linear + first) >>> 0, size - first, access, context.user, stepping);
      if (!isEntry(rest) && refused(context, space, rest)) return 0;
    }
    const scratch = context.base + CTX_SCRATCH;
    if (intent === INTENT_READ || intent === INTENT_UPDATE) space.load(context, linear, size, scratch);
    this.#pendingLinear = linear;
    this.#pendingSize = size;
    return scratch;
  }

  /** Writes the scratch copy of the last access out. */
  commit(context: Context): void {
    this.#space.store(context, this.#pendingLinear, this.#pendingSize, context.base + CTX_SCRATCH);
  }
}
