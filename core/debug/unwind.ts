/**
 * The call stack. Where call frame information covers the code it decides (unwind-rules.ts). Elsewhere frame
 * pointers do: what `push ebp; mov ebp, esp` left behind, in 32- and 16-bit code; and interrupt handlers,
 * whose assembly stubs keep no frame pointer but have the interrupted EIP, CS and EFLAGS on the stack.
 */
import type { FrameRow } from './dwarf/frame-rules.ts';
import { CALL_BYTES, endsCall, isFrameMove, opensFrame, PROLOGUE_BYTES } from './prologue.ts';
import type { Registers } from './target.ts';
import { applyFrameRow } from './unwind-rules.ts';

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
  /** Its registers: eax ecx edx ebx esp ebp esi edi, as far as they are known. */
  readonly registers: readonly (number | undefined)[];
  /** Linear address where each of them was saved; undefined while it is still in the CPU. */
  readonly savedAt: readonly (number | undefined)[];
  /** The stack pointer before the call of its function (linear), where frame information tells. */
  readonly frameAddress?: number;
}

export interface UnwindSource {
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** First address of the function around `linear`, when symbols know it. */
  functionStart(linear: number): number | undefined;
  /** Call frame information of the code at `linear`, where there is any. */
  frameRow?(linear: number): FrameRow | undefined;
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
    interrupted: false,
    registers: registers.general,
    savedAt: NOWHERE,
  };
  while (place !== undefined && frames.length < Math.min(limit, MAX_FRAMES)) {
    const { pc, interrupted } = place;
    const stackPointer = stack.stackPointer(place);
    const framePointer = stack.framePointer(place);
    // Prologues and epilogues are only met where execution really stands, not behind a call.
    const exact: boolean = frames.length === 0 || interrupted;
    const caller: Caller | undefined = await stack.callerOf(place, exact);
    const frame: Frame = {
      pc,
      stackPointer,
      framePointer,
      returnSlot: caller?.returnSlot,
      registers: place.registers,
      savedAt: place.savedAt,
      frameAddress: caller?.frameAddress,
    };
    frames.push(interrupted ? { ...frame, interrupted } : frame);
    place = caller?.place;
  }
  return frames;
}

const NOWHERE: readonly (number | undefined)[] = new Array(8).fill(undefined);
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
  readonly interrupted: boolean;
  readonly registers: readonly (number | undefined)[];
  readonly savedAt: readonly (number | undefined)[];
}
interface Caller {
  readonly returnSlot: number;
  /** Undefined where the walk ends. */
  readonly place: Place | undefined;
  readonly frameAddress?: number;
}
/** The registers of a place that changed on the way to its caller, by number: value, and where it was saved. */
type Changes = readonly (readonly [register: number, value: number, savedAt?: number])[];

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

  stackPointer(place: Place): number {
    return this.offset(place.registers[ESP] ?? 0);
  }

  framePointer(place: Place): number {
    return this.offset(place.registers[EBP] ?? 0);
  }

  /** Who called, or was interrupted; undefined where nothing is known of it. */
  async callerOf(place: Place, exact: boolean): Promise<Caller | undefined> {
    const row = this.source.frameRow?.(exact ? place.pc : (place.pc - 1) >>> 0);
    const told = row === undefined ? undefined : await this.byFrameRow(row, place);
    if (told !== undefined) return told;
    const stackPointer = this.stackPointer(place);
    const framePointer = this.framePointer(place);
    const pushed = exact ? await pushedBeforeFrame(place.pc, this.source) : undefined;
    if (pushed !== undefined) return this.returned(place, stackPointer + pushed * this.size, []);
    if (await this.keepsNoFrame(place.pc)) {
      const interrupted = await this.interruptedBy(place);
      if (interrupted !== undefined) return interrupted;
    }
    if (framePointer === 0) return undefined;
    const saved = await this.word(framePointer);
    if (saved === undefined) return undefined;
    return this.returned(place, framePointer + this.size, [[EBP, saved, this.linear(framePointer)]]);
  }

  private async byFrameRow(row: FrameRow, place: Place): Promise<Caller | undefined> {
    const { registers, savedAt, pc } = place;
    const base = this.registers.segments[SS].base;
    const codeBase = this.registers.segments[CS].base;
    const readMemory = (address: number, length: number) => this.source.readMemory(address, length);
    const frame = await applyFrameRow(row, { registers, savedAt, pc: (pc - codeBase) >>> 0, base, readMemory });
    if (frame === undefined) return undefined;
    const frameAddress = (base + frame.frameAddress) >>> 0;
    const returnSlot = (base + (frame.returnSlot ?? frame.frameAddress - 1)) >>> 0;
    const caller = ((frame.returnAddress ?? 0) + codeBase) >>> 0;
    // A caller that popped nothing is this frame again: a frame pointer that points at itself.
    const distance = frame.frameAddress - (registers[ESP] ?? 0);
    const ends =
      frame.returnAddress === undefined || frame.returnAddress === 0 || distance <= 0 || distance > MAX_FRAME_BYTES;
    if (ends || (await this.source.readMemory(caller, 1)).length === 0)
      return { returnSlot, place: undefined, frameAddress };
    return {
      returnSlot,
      frameAddress,
      place: { pc: caller, interrupted: frame.isSignal, registers: frame.registers, savedAt: frame.savedAt },
    };
  }

  /** The frame that is entered by returning through `slot`. */
  private async returned(place: Place, slot: number, changes: Changes): Promise<Caller | undefined> {
    const stackPointer = this.stackPointer(place);
    // Frames lie ever higher on the stack; anything else is not a chain.
    if (slot < stackPointer || slot - stackPointer > MAX_FRAME_BYTES) return undefined;
    const address = await this.word(slot);
    if (address === undefined) return undefined;
    const returnSlot = this.linear(slot);
    const pc = (this.registers.segments[CS].base + address) >>> 0;
    const frameAddress = this.linear(slot + this.size);
    if (address === 0 || !(await this.isCaller(pc))) return { returnSlot, place: undefined, frameAddress };
    const after: Changes = [...changes, [ESP, this.offset(slot + this.size)]];
    return { returnSlot, place: changed(place, pc, false, after), frameAddress };
  }

  /** Symbols vouch for code; of other memory only what lies behind a call can be returned to. */
  private async isCaller(pc: number): Promise<boolean> {
    if ((await this.source.readMemory(pc, 1)).length === 0) return false;
    if (this.source.functionStart(pc) !== undefined) return true;
    return endsCall(await this.source.readMemory((pc - CALL_BYTES) >>> 0, CALL_BYTES), this.size);
  }

  private async keepsNoFrame(pc: number): Promise<boolean> {
    const start = this.source.functionStart(pc);
    if (start === undefined || this.size !== 4) return false;
    return !opensFrame(await this.source.readMemory(start, PROLOGUE_BYTES));
  }

  /** Looks for EIP, CS, EFLAGS (and from ring 3 ESP, SS) above a handler's saved registers (SDM vol. 3, 6.12.1). */
  private async interruptedBy(place: Place): Promise<Caller | undefined> {
    const top = this.stackPointer(place);
    const words = await this.source.readMemory(this.linear(top), (MAX_SAVED_WORDS + 5) * 4);
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
      const slot = top + 4 * i;
      // From an outer ring the stack is another one, and IRET leaves its pointer exactly where it was.
      const stackPointer = outward ? at(i + 3) : slot + 12;
      const returnSlot = outward ? (stackPointer - 1) >>> 0 : this.linear(slot);
      const saved = this.savedByPushad(top, i, at);
      return { returnSlot, place: changed(place, at(i), true, [...saved, [ESP, stackPointer]]) };
    }
    return undefined;
  }

  /**
   * PUSHAD leaves edi esi ebp esp ebx edx ecx eax, lowest first, and the ESP among them tells where it began:
   * a block of eight words that knows its own address is one.
   */
  private savedByPushad(top: number, count: number, at: (index: number) => number): Changes {
    for (let i = 0; i + 8 <= count; i++) {
      if (at(i + 3) !== this.offset(top + 4 * (i + 8))) continue;
      const saved = (register: number, index: number) =>
        [register, at(i + index), this.linear(top + 4 * (i + index))] as const;
      return [saved(7, 0), saved(6, 1), saved(EBP, 2), saved(3, 4), saved(2, 5), saved(1, 6), saved(0, 7)];
    }
    return [];
  }
}

/** The registers of the place, other than those that changed, are taken to be untouched. */
function changed(place: Place, pc: number, interrupted: boolean, changes: Changes): Place {
  const registers = [...place.registers];
  const savedAt = [...place.savedAt];
  for (const [number, value, at] of changes) {
    registers[number] = value;
    savedAt[number] = at;
  }
  return { pc, interrupted, registers, savedAt };
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
