/** x87 state between a vector's FXSAVE-like image and the context's physical registers. */
import {
  CTX_FPU_OFF,
  FPU_CONTROL,
  FPU_EMPTY,
  FPU_REGISTERS,
  FPU_STATUS,
  FPU_TOP,
} from '../../../core/memory/layout.ts';
import type { Context } from '../../../core/vcpu/context.ts';
import type { FpuImage } from './vector.ts';

const TOP_SHIFT = 11;
const TOP_MASK = 7 << TOP_SHIFT;

/** Host address of ST(i), in order from the top of the stack. */
function place(context: Context, top: number, i: number): number {
  return context.base + FPU_REGISTERS + ((top + i) & 7) * 16;
}

export function loadFpu(context: Context, image: FpuImage): void {
  const top = (image.status & TOP_MASK) >>> TOP_SHIFT;
  // Bit 6 reads as 1 whatever FXRSTOR was given.
  context.setWord(FPU_CONTROL, image.control | 0x40);
  context.setWord(FPU_STATUS, image.status & ~TOP_MASK);
  context.setWord(FPU_TOP, top);
  context.setWord(FPU_EMPTY, ~image.tag & 0xff);
  context.setWord(CTX_FPU_OFF, 0);
  image.st.forEach((bytes, i) => {
    context.memory.u8.set(bytes, place(context, top, i));
  });
}

export function readFpu(context: Context): FpuImage {
  const top = context.word(FPU_TOP);
  return {
    control: context.word(FPU_CONTROL),
    status: context.word(FPU_STATUS) | (top << TOP_SHIFT),
    tag: ~context.word(FPU_EMPTY) & 0xff,
    st: Array.from({ length: 8 }, (_, i) => {
      const at = place(context, top, i);
      return context.memory.u8.slice(at, at + 10);
    }),
  };
}
