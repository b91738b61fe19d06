/** Bit tests and scans (SDM vol. 2). */
import * as w from '../../wasm/opcodes.ts';
import type { Emitter, Meaning, Value } from './emitter.ts';
import { setCarry } from './flags.ts';

type Change = (e: Emitter, value: Value, mask: Value) => Value;

/**
 * BT and its writing kin. A register bit index on a memory operand reaches beyond it: the address moves by
 * whole operands, signed (SDM vol. 2, BT).
 */
function bitTest(change: Change | undefined): Meaning {
  return (e) => {
    const size = e.form.sizes[0];
    const bits = size * 8;
    const index = e.let(e.operand(1));
    const bit = e.let(e.and(index, e.k(bits - 1)));
    const mask = e.shl(e.k(1), bit);
    if (e.isMemory(0)) {
      let offset = e.effectiveAddress();
      if (e.form.shapes[1] === 'r') {
        const whole = e.shl(e.shrS(e.signExtend(index, size), e.k(size === 4 ? 5 : 4)), e.k(size === 4 ? 2 : 1));
        offset = e.and(e.add(offset, whole), e.addressMask());
      }
      const intent = change ? 'update' : 'read';
      const place = e.probe(e.linearOperand(e.let(offset), size, intent), size, intent);
      const value = e.let(e.loadPlace(place, size));
      if (change) {
        e.storePlace(place, size, change(e, value, mask));
        e.commit(place);
      }
      setCarry(e, e.and(e.shrU(value, bit), e.k(1)));
    } else {
      const value = e.let(e.operand(0));
      if (change) e.setOperand(0, change(e, value, mask));
      setCarry(e, e.and(e.shrU(value, bit), e.k(1)));
    }
    e.next();
  };
}

/** BSF and BSR: with a zero source ZF is set and the destination stays as it was. */
function scan(forward: boolean): Meaning {
  return (e) => {
    const source = e.let(e.operand(1));
    e.setFlagWords(e.select(source, e.k(1), e.k(0)), e.k(0));
    e.if(source, () => {
      const position = forward ? e.unary(w.I32_CTZ, source) : e.sub(e.k(31), e.unary(w.I32_CLZ, source));
      e.setOperand(0, position);
    });
    e.next();
  };
}

export const bits: Record<string, Meaning> = {
  bt: bitTest(undefined),
  bts: bitTest((e, value, mask) => e.or(value, mask)),
  btr: bitTest((e, value, mask) => e.and(value, e.not(mask))),
  btc: bitTest((e, value, mask) => e.xor(value, mask)),
  bsf: scan(true),
  bsr: scan(false),
};
