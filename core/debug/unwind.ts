/**
 * The call stack by frame pointers: what `push ebp; mov ebp, esp` left behind, in 32- and 16-bit code, and
 * through interrupt handlers, whose assembly stubs keep no frame pointer but have the interrupted EIP, CS
 * and EFLAGS on the stack. It does not read call frame information, so an ordinary function that was
 * compiled without a frame pointer hides its caller.
 */
import { opensFrame, PROLOGUE_BYTES } from './prologue.ts';
import type { Registers } from './target.ts';

export interface Frame {
  /** Linear address of the instruction: the next one in frame 0, the return address in the others. */
  readonly pc: number;
  /** The stack is above this linear address once this frame has returned: the slot of its return address. */
  readonly returnSlot?: number;
  /** An interrupt came here: `pc` is where it goes on and not behind a call. */
  readonly interrupted?: boolean;
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
  const stack = new Stack(registers, source);
  const frames: Frame[] = [];
  let place: Place | undefined = {
    pc: (registers.segments[CS].base + registers.eip) >>> 0,
    stackPointer: stack.offset(registers.general[ESP]),
    framePointer: stack.offset(registers.general[EBP]),
    interrupted: false,
  };
  while (place !== undefined && frames.length < Math.min(limit, MAX_FRAMES)) {
    const { pc, stackPointer, framePointer, interrupted } = place;
    // Prologues and epilogues are only met where execution really stands, not behind a call.
    const exact: boolean = frames.length === 0 || interrupted;
    const caller: Caller | undefined = await stack.callerOf(place, exact);
    const frame = { pc, stackPointer, framePointer, returnSlot: caller?.returnSlot };
    frames.push(interrupted ? { ...frame, interrupted } : frame);
    place = caller?.place;
  }
  return frames;
}

const CS = 1;
const SS = 2;
const ESP = 4;
const EBP = 5;
/** Words between a handler's stack pointer and the interrupted EIP: saved registers, vector, error code. */
const MAX_SAVED_WORDS = 32;
/** EFLAGS bits that always read 0, and bit 1, which always reads 1 (SDM vol. 1, 3.4.3). */
const EFLAGS_ZERO = 0xffc08028;
const EFLAGS_ONE = 2;

interface Place {
  readonly pc: number;
  readonly stackPointer: number;
  readonly framePointer: number;
  readonly interrupted: boolean;
}
interface Caller {
  readonly returnSlot: number;
  /** Undefined where the walk ends. */
  readonly place: Place | undefined;
}

class Stack {
  private readonly registers: Registers;
  private readonly source: UnwindSource;
  private readonly size: 2 | 4;
  private readonly mask: number;

  constructor(registers: Registers, source: UnwindSource) {
    this.registers = registers;
    this.source = source;
    this.size = registers.codeBits === 32 ? 4 : 2;
    this.mask = registers.codeBits === 32 ? 0xffffffff : 0xffff;
  }

  offset(value: number): number {
    return (value & this.mask) >>> 0;
  }

  private linear(offset: number): number {
    return (this.registers.segments[SS].base + this.offset(offset)) >>> 0;
  }

  private async word(offset: number): Promise<number | undefined> {
    const bytes = await this.source.readMemory(this.linear(offset), this.size);
    return bytes.length < this.size ? undefined : wordAt(bytes, 0, this.size);
  }

  /** Who called, or was interrupted; undefined where nothing is known of it. */
  async callerOf(place: Place, exact: boolean): Promise<Caller | undefined> {
    const pushed = exact ? await pushedBeforeFrame(place.pc, this.source) : undefined;
    if (pushed !== undefined) return this.returned(place, place.stackPointer + pushed * this.size, place.framePointer);
    if (await this.keepsNoFrame(place.pc)) {
      const interrupted = await this.interruptedBy(place);
      if (interrupted !== undefined) return interrupted;
    }
    if (place.framePointer === 0) return undefined;
    const saved = await this.word(place.framePointer);
    return saved === undefined ? undefined : this.returned(place, place.framePointer + this.size, saved);
  }

  /** The frame that is entered by returning through `slot`. */
  private async returned(place: Place, slot: number, framePointer: number): Promise<Caller | undefined> {
    // Frames lie ever higher on the stack; anything else is not a chain.
    if (slot < place.stackPointer || slot - place.stackPointer > MAX_FRAME_BYTES) return undefined;
    const address = await this.word(slot);
    if (address === undefined) return undefined;
    const returnSlot = this.linear(slot);
    const pc = (this.registers.segments[CS].base + address) >>> 0;
    if (address === 0 || (await this.source.readMemory(pc, 1)).length === 0) return { returnSlot, place: undefined };
    return { returnSlot, place: { pc, stackPointer: this.offset(slot + this.size), framePointer, interrupted: false } };
  }

  private async keepsNoFrame(pc: number): Promise<boolean> {
    const start = this.source.functionStart(pc);
    if (start === undefined || this.size !== 4) return false;
    return !opensFrame(await this.source.readMemory(start, PROLOGUE_BYTES));
  }

  /** Looks for EIP, CS, EFLAGS (and from ring 3 ESP, SS) above a handler's saved registers (SDM vol. 3, 6.12.1). */
  private async interruptedBy(place: Place): Promise<Caller | undefined> {
    const words = await this.source.readMemory(this.linear(place.stackPointer), (MAX_SAVED_WORDS + 5) * 4);
    const at = (index: number) => wordAt(words, index * 4, 4);
    for (let i = 0; (i + 3) * 4 <= words.length; i++) {
      const cs = at(i + 1);
      const flags = at(i + 2);
      const outward = (cs & 3) > (this.registers.segments[CS].selector & 3);
      if ((flags & EFLAGS_ZERO) !== 0 || (flags & EFLAGS_ONE) === 0 || cs > 0xffff) continue;
      if (cs !== this.registers.segments[CS].selector && !outward) continue;
      if (this.source.functionStart(at(i)) === undefined || (await this.source.readMemory(at(i), 1)).length === 0)
        continue;
      if (outward && (i + 5) * 4 > words.length) continue;
      const slot = place.stackPointer + 4 * i;
      // From an outer ring the stack is another one, and IRET leaves its pointer exactly where it was.
      const stackPointer = outward ? at(i + 3) : slot + 12;
      const returnSlot = outward ? (stackPointer - 1) >>> 0 : this.linear(slot);
      return { returnSlot, place: { pc: at(i), stackPointer, framePointer: place.framePointer, interrupted: true } };
    }
    return undefined;
  }
}

function wordAt(bytes: Uint8Array, at: number, size: 2 | 4): number {
  const low = bytes[at] | (bytes[at + 1] << 8);
  return size === 2 ? low : (low | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;
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
