/**
 * The call stack by frame pointers: what `push ebp; mov ebp, esp` left behind, in 32- and 16-bit code.
 * It does not read call frame information, so a function compiled without a frame pointer hides its
 * caller.
 */
import type { Registers } from './target.ts';

export interface Frame {
  /** Linear address of the instruction: the next one in frame 0, the return address in the others. */
  readonly pc: number;
  /** Linear address of the slot that holds this frame's return address, when there is one. */
  readonly returnSlot?: number;
  /** EBP of this frame (offset in SS). */
  readonly framePointer: number;
  /** ESP of this frame (offset in SS). */
  readonly stackPointer: number;
}

export interface UnwindSource {
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** First address of the function around `linear`, when symbols know it. */
  functionStart(linear: number): number | undefined;
}

const MAX_FRAMES = 1024;
/** A caller's frame this far away is taken for garbage. */
const MAX_FRAME_BYTES = 16 << 20;

/** Frames from the innermost outwards, `limit` at most; always at least the one that is executing. */
export async function unwind(registers: Registers, source: UnwindSource, limit = MAX_FRAMES): Promise<Frame[]> {
  const wide = registers.codeBits === 32;
  const size = wide ? 4 : 2;
  const mask = wide ? 0xffffffff : 0xffff;
  const stackBase = registers.segments[2].base;
  const codeBase = registers.segments[1].base;
  const word = async (offset: number): Promise<number | undefined> => {
    const bytes = await source.readMemory((stackBase + ((offset & mask) >>> 0)) >>> 0, size);
    if (bytes.length < size) return undefined;
    return (wide ? bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24) : bytes[0] | (bytes[1] << 8)) >>> 0;
  };

  const frames: Frame[] = [];
  let pc = (codeBase + registers.eip) >>> 0;
  let stackPointer = (registers.general[4] & mask) >>> 0;
  let framePointer = (registers.general[5] & mask) >>> 0;
  // In a prologue or epilogue the return address is still, or again, near ESP and EBP is the caller's.
  let pushed = await pushedBeforeFrame(pc, source);
  while (frames.length < Math.min(limit, MAX_FRAMES)) {
    const slot: number = pushed !== undefined ? stackPointer + pushed * size : framePointer + size;
    const returnAddress = pushed === undefined && framePointer === 0 ? undefined : await word(slot);
    const savedFrame: number | undefined = pushed !== undefined ? framePointer : await word(framePointer);
    const returnSlot = returnAddress === undefined ? undefined : (stackBase + ((slot & mask) >>> 0)) >>> 0;
    frames.push({ pc, framePointer, stackPointer, returnSlot });
    if (returnAddress === undefined || returnAddress === 0 || savedFrame === undefined) break;
    // Frames lie ever higher on the stack; anything else is not a chain.
    if (pushed === undefined && frames.length > 1 && slot <= frames[frames.length - 2].stackPointer) break;
    if (slot - stackPointer > MAX_FRAME_BYTES || slot < stackPointer) break;
    const next = (codeBase + returnAddress) >>> 0;
    if ((await source.readMemory(next, 1)).length === 0) break;
    pc = next;
    stackPointer = ((slot + size) & mask) >>> 0;
    framePointer = savedFrame;
    pushed = undefined;
  }
  return frames;
}

const PUSH_EBP = 0x55;
const RET = 0xc3;
const RET_N = 0xc2;

/** Words between ESP and the return address where the frame is not set up (any more); undefined inside a body. */
async function pushedBeforeFrame(pc: number, source: UnwindSource): Promise<number | undefined> {
  const at = await source.readMemory(pc, 4);
  if (at.length === 0) return undefined;
  if (at[0] === RET || at[0] === RET_N) return 0;
  if (at[0] === PUSH_EBP && isFrameMove(at, 1)) return 0;
  const start = source.functionStart(pc);
  if (start === pc) return 0;
  if (isFrameMove(at, 0)) {
    const before = await source.readMemory((pc - 1) >>> 0, 1);
    if (before.length === 1 && before[0] === PUSH_EBP) return 1;
  }
  return undefined;
}

/** `mov ebp, esp` in either encoding (89 E5, 8B EC). */
function isFrameMove(bytes: Uint8Array, at: number): boolean {
  return (bytes[at] === 0x89 && bytes[at + 1] === 0xe5) || (bytes[at] === 0x8b && bytes[at + 1] === 0xec);
}
