/** A vCPU's register file as saved state: flags in their architectural form, not as the engine keeps them. */
import type { DeviceState, StateValue } from '../bus/device.ts';
import { bytes, int, list, record, StateShape } from '../bus/state-shape.ts';
import { CTX_FPU, FPU_DATA_SELECTOR } from '../memory/layout.ts';
import type { Context, SegmentCache } from '../vcpu/context.ts';

const FPU_BYTES = FPU_DATA_SELECTOR + 4 - CTX_FPU;
const GENERAL = 8;
const SEGMENTS = 6;

interface ContextState {
  general: number[];
  eip: number;
  eflags: number;
  segments: SegmentCache[];
  fpu: Uint8Array;
}

const word = int(0, 0xffffffff);
const SHAPE = new StateShape<ContextState>(1, {
  general: list(GENERAL, word),
  eip: word,
  eflags: word,
  segments: list(SEGMENTS, record<SegmentCache>({ selector: int(0, 0xffff), base: word, limit: word, access: word })),
  fpu: bytes(FPU_BYTES),
});

export function saveContext(context: Context): DeviceState {
  return SHAPE.save({
    general: Array.from({ length: GENERAL }, (_, i) => context.register(i)),
    eip: context.eip,
    eflags: context.eflags,
    segments: Array.from({ length: SEGMENTS }, (_, i) => context.segment(i)),
    fpu: context.memory.u8.slice(context.base + CTX_FPU, context.base + CTX_FPU + FPU_BYTES),
  });
}

/** @throws UserError when a field is missing or out of range; nothing is changed then */
export function loadContext(context: Context, state: StateValue): void {
  const loaded = SHAPE.load(state as DeviceState, 'registers');
  loaded.general.forEach((value, i) => context.setRegister(i, value));
  context.eip = loaded.eip;
  context.eflags = loaded.eflags;
  loaded.segments.forEach((segment, i) => context.setSegment(i, segment));
  context.memory.u8.set(loaded.fpu, context.base + CTX_FPU);
}
