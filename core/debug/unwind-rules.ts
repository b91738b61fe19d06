/** One step outwards by call frame information: the caller's registers, and where each of them was saved. */
import type { FrameRow, FrameRule } from './dwarf/frame-rules.ts';
import { evaluateValue, type LocationContext } from './dwarf/location.ts';
import { StorageError } from './storage.ts';

export interface UnwoundFrame {
  /** EIP of the caller (offset in CS); undefined where the stack ends. */
  readonly returnAddress: number | undefined;
  /** Offset in SS of the slot it was read from; undefined when it was in a register. */
  readonly returnSlot: number | undefined;
  /** The stack pointer before the call (offset in SS). */
  readonly frameAddress: number;
  readonly registers: readonly (number | undefined)[];
  /** Linear. */
  readonly savedAt: readonly (number | undefined)[];
  /** The caller was interrupted and did not call. */
  readonly isSignal: boolean;
}

export interface UnwindStack {
  readonly registers: readonly (number | undefined)[];
  readonly savedAt: readonly (number | undefined)[];
  readonly pc: number;
  /** Base of SS. */
  readonly base: number;
  readMemory(linear: number, length: number): Promise<Uint8Array>;
}

const ESP = 4;
const GENERAL = 8;

/** The caller by `row`; undefined when the rules need what is not known. */
export async function applyFrameRow(row: FrameRow, stack: UnwindStack): Promise<UnwoundFrame | undefined> {
  try {
    return await new Unwinding(row, stack).caller();
  } catch (error) {
    if (error instanceof StorageError) return undefined;
    throw error;
  }
}

interface Recovered {
  readonly value: number | undefined;
  /** Offset in SS. */
  readonly slot?: number;
  /** Taken over from the inner frame. */
  readonly same?: boolean;
}

class Unwinding {
  private readonly row: FrameRow;
  private readonly stack: UnwindStack;

  constructor(row: FrameRow, stack: UnwindStack) {
    this.row = row;
    this.stack = stack;
  }

  async caller(): Promise<UnwoundFrame | undefined> {
    const { row, stack } = this;
    const rule = row.frameAddress;
    const start = rule.kind === 'register' ? this.register(rule.register) : await this.value(rule.code);
    if (start === undefined) return undefined;
    const frameAddress = (start + (rule.kind === 'register' ? rule.offset : 0)) >>> 0;
    const registers: (number | undefined)[] = [];
    const savedAt: (number | undefined)[] = [];
    for (let number = 0; number < GENERAL; number++) {
      const found = await this.recover(number, row.rules.get(number), frameAddress);
      registers.push(found.value);
      savedAt.push(found.same ? stack.savedAt[number] : found.slot && (stack.base + found.slot) >>> 0);
    }
    const back = await this.recover(row.returnColumn, row.rules.get(row.returnColumn), frameAddress);
    return {
      returnAddress: back.value,
      returnSlot: back.slot,
      frameAddress,
      registers,
      savedAt,
      isSignal: row.isSignal,
    };
  }

  private register(number: number): number | undefined {
    return number === GENERAL ? this.stack.pc : this.stack.registers[number];
  }

  private async recover(number: number, rule: FrameRule | undefined, frameAddress: number): Promise<Recovered> {
    // Without a rule the stack pointer is what it was before the call; the others are taken to be untouched.
    if (rule === undefined)
      return number === ESP ? { value: frameAddress } : { value: this.register(number), same: true };
    switch (rule.kind) {
      case 'undefined':
        return { value: undefined };
      case 'same':
        return { value: this.register(number), same: true };
      case 'value-offset':
        return { value: (frameAddress + rule.offset) >>> 0 };
      case 'register':
        return { value: this.register(rule.register) };
      case 'offset':
        return this.saved((frameAddress + rule.offset) >>> 0);
      case 'expression': {
        const value = await this.value(rule.code, frameAddress);
        return rule.isValue ? { value } : this.saved(value);
      }
    }
  }

  private async saved(slot: number): Promise<Recovered> {
    const bytes = await this.stack.readMemory((this.stack.base + slot) >>> 0, 4);
    if (bytes.length < 4) return { value: undefined };
    return { value: (bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24)) >>> 0, slot };
  }

  private value(code: Uint8Array, initial?: number): Promise<number> {
    const { stack } = this;
    const unavailable = () => {
      throw new StorageError('<not available>');
    };
    const context: LocationContext = {
      loadOffset: 0,
      offsetSize: 4,
      dataBase: stack.base,
      initial,
      register: (number) => this.register(number),
      registerStorage: unavailable,
      readMemory: (address, length) => stack.readMemory(address, length),
      frameBase: unavailable,
      callFrameAddress: () => undefined,
      addressAt: unavailable,
      called: () => undefined,
      entryValue: unavailable,
      entryParameter: unavailable,
    };
    return evaluateValue(code, context);
  }
}
