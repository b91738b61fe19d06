/**
 * Data accesses that generated code cannot make by itself: page crossings, devices, watched, traced and code
 * pages. They are made on a scratch copy, which `commit` writes out. While alignment is checked all accesses come
 * here: a whole operand each, which its parts or the pages it lies in would not tell.
 */
import { AC_FAULT } from '../isa/exceptions.ts';
import type { Intent } from '../isa/semantics/emitter.ts';
import { CTX_SCRATCH } from '../memory/layout.ts';
import { ACCESS_READ, ACCESS_WRITE, type AddressSpace, isEntry } from './address-space.ts';
import type { Context } from './context.ts';
import { refused, setFault, unalignedOperand } from './faults.ts';

const INTENT_READ = 0;
const INTENT_UPDATE = 2;
const INTENTS: Record<Intent, number> = { read: INTENT_READ, write: 1, update: INTENT_UPDATE };

/** An access in a number: size in bytes, then two bits of intent, then two of the binary logarithm of its alignment. */
export function slowAccess(size: number, intent: Intent, alignment: number): number {
  return size | (INTENTS[intent] << 8) | (Math.log2(alignment) << 10);
}

export class SlowData {
  readonly #space: AddressSpace;
  #pendingLinear = 0;
  #pendingSize = 0;

  constructor(space: AddressSpace) {
    this.#space = space;
  }

  /**
   * Host address of the guest bytes or of a scratch copy, or 0 with the exit set.
   * @param what of `slowAccess`
   */
  access(context: Context, linear: number, what: number, stepping: boolean): number {
    const space = this.#space;
    const size = what & 0xff;
    const intent = (what >> 8) & 3;
    // Before translation: processors prefer #AC to a page fault of the same operand, though SDM vol. 3, table 6-2
    // leaves that open. The segment limit was tested before.
    if (context.alignmentChecked && linear & ((1 << (what >> 10)) - 1)) {
      setFault(context, AC_FAULT, unalignedOperand(linear));
      return 0;
    }
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
