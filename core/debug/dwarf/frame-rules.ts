/**
 * Call frame instructions: a small program that builds, address by address, the table of where a caller's
 * registers are. It is run up to one address. DWARF 5, 6.4.2 and 6.4.3.
 */
import { ByteCursor } from '../../util/bytes.ts';

/** Shared by the entries of many functions. */
export interface CommonEntry {
  readonly codeFactor: number;
  readonly dataFactor: number;
  readonly returnColumn: number;
  readonly instructions: Uint8Array;
  /** How .eh_frame writes addresses. */
  readonly encoding: number;
  readonly hasAugmentation: boolean;
  /** The frame is one that an interrupt or a signal interrupted: its address is no return address. */
  readonly isSignal: boolean;
}

export type FrameRule =
  | { readonly kind: 'undefined' }
  | { readonly kind: 'same' }
  /** Saved at the frame's address plus `offset`. */
  | { readonly kind: 'offset'; readonly offset: number }
  /** Is the frame's address plus `offset`. */
  | { readonly kind: 'value-offset'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number }
  /** Saved where the expression says, or (with `isValue`) what it says. */
  | { readonly kind: 'expression'; readonly code: Uint8Array; readonly isValue: boolean };

export type FrameAddressRule =
  | { readonly kind: 'register'; readonly register: number; readonly offset: number }
  | { readonly kind: 'expression'; readonly code: Uint8Array };

export interface FrameRow {
  readonly frameAddress: FrameAddressRule;
  readonly rules: ReadonlyMap<number, FrameRule>;
  readonly returnColumn: number;
  readonly isSignal: boolean;
}

const MAX_SAVED = 64;
const SAME: FrameRule = { kind: 'same' };
const UNDEFINED: FrameRule = { kind: 'undefined' };

/** The row in force at `address`; undefined when the program is damaged. */
export function runFrameProgram(
  common: CommonEntry,
  instructions: Uint8Array,
  start: number,
  address: number,
): FrameRow | undefined {
  const program = new FrameProgram(common, start, address);
  if (!program.run(common.instructions)) return undefined;
  program.rememberInitial();
  if (!program.run(instructions)) return undefined;
  return program.row();
}

class FrameProgram {
  private readonly common: CommonEntry;
  private readonly wanted: number;
  private location: number;
  private frameAddress: FrameAddressRule | undefined;
  private rules = new Map<number, FrameRule>();
  private initial: ReadonlyMap<number, FrameRule> = new Map();
  private readonly saved: { rules: Map<number, FrameRule>; frameAddress: FrameAddressRule | undefined }[] = [];

  constructor(common: CommonEntry, start: number, wanted: number) {
    this.common = common;
    this.location = start;
    this.wanted = wanted;
  }

  rememberInitial(): void {
    this.initial = new Map(this.rules);
  }

  row(): FrameRow | undefined {
    if (this.frameAddress === undefined) return undefined;
    const { returnColumn, isSignal } = this.common;
    return { frameAddress: this.frameAddress, rules: this.rules, returnColumn, isSignal };
  }

  /** Every instruction takes a byte: the number of steps is bounded by the entry's size. */
  run(code: Uint8Array): boolean {
    const cursor = new ByteCursor(code);
    while (cursor.more && this.location <= this.wanted) {
      const operation = cursor.u8();
      const operand = operation & 0x3f;
      const high = operation >> 6;
      if (high === 1) this.advance(operand);
      else if (high === 2) this.offset(operand, cursor.uleb() * this.common.dataFactor);
      else if (high === 3) this.restore(operand);
      else if (!this.extended(operation, cursor)) return false;
    }
    return !cursor.overrun;
  }

  private advance(units: number): void {
    this.location += units * this.common.codeFactor;
  }

  private offset(register: number, offset: number): void {
    this.rules.set(register, { kind: 'offset', offset });
  }

  private restore(register: number): void {
    const rule = this.initial.get(register);
    if (rule === undefined) this.rules.delete(register);
    else this.rules.set(register, rule);
  }

  private extended(operation: number, cursor: ByteCursor): boolean {
    const { dataFactor } = this.common;
    switch (operation) {
      case 0x00: // nop
        return true;
      case 0x01: // set_loc
        this.location = cursor.u32();
        return true;
      case 0x02:
        this.advance(cursor.u8());
        return true;
      case 0x03:
        this.advance(cursor.u16());
        return true;
      case 0x04:
        this.advance(cursor.u32());
        return true;
      case 0x05: // offset_extended
        this.offset(cursor.uleb(), cursor.uleb() * dataFactor);
        return true;
      case 0x06:
        this.restore(cursor.uleb());
        return true;
      case 0x07:
        this.rules.set(cursor.uleb(), UNDEFINED);
        return true;
      case 0x08:
        this.rules.set(cursor.uleb(), SAME);
        return true;
      case 0x09:
        this.rules.set(cursor.uleb(), { kind: 'register', register: cursor.uleb() });
        return true;
      case 0x0a: // remember_state
        if (this.saved.length >= MAX_SAVED) return false;
        this.saved.push({ rules: new Map(this.rules), frameAddress: this.frameAddress });
        return true;
      case 0x0b: {
        const state = this.saved.pop();
        if (state === undefined) return false;
        this.rules = state.rules;
        this.frameAddress = state.frameAddress;
        return true;
      }
      case 0x0f:
        this.frameAddress = { kind: 'expression', code: cursor.take(cursor.uleb()) };
        return true;
      case 0x10:
      case 0x16:
        this.rules.set(cursor.uleb(), {
          kind: 'expression',
          code: cursor.take(cursor.uleb()),
          isValue: operation === 0x16,
        });
        return true;
      case 0x11: // offset_extended_sf
        this.offset(cursor.uleb(), cursor.sleb() * dataFactor);
        return true;
      case 0x14: // val_offset
        this.rules.set(cursor.uleb(), { kind: 'value-offset', offset: cursor.uleb() * dataFactor });
        return true;
      case 0x15:
        this.rules.set(cursor.uleb(), { kind: 'value-offset', offset: cursor.sleb() * dataFactor });
        return true;
      case 0x2d: // GNU_window_save: of other processors
        return true;
      case 0x2e: // GNU_args_size
        cursor.uleb();
        return true;
      case 0x2f: // GNU_negative_offset_extended
        this.offset(cursor.uleb(), -cursor.uleb() * dataFactor);
        return true;
      default:
        return this.defineFrameAddress(operation, cursor);
    }
  }

  private defineFrameAddress(operation: number, cursor: ByteCursor): boolean {
    const { dataFactor } = this.common;
    if (operation === 0x0c) this.frameAddress = { kind: 'register', register: cursor.uleb(), offset: cursor.uleb() };
    else if (operation === 0x12)
      this.frameAddress = { kind: 'register', register: cursor.uleb(), offset: cursor.sleb() * dataFactor };
    else if (this.frameAddress?.kind !== 'register') return false;
    else if (operation === 0x0d) this.frameAddress = { ...this.frameAddress, register: cursor.uleb() };
    else if (operation === 0x0e) this.frameAddress = { ...this.frameAddress, offset: cursor.uleb() };
    else if (operation === 0x13) this.frameAddress = { ...this.frameAddress, offset: cursor.sleb() * dataFactor };
    else return false;
    return true;
  }
}
