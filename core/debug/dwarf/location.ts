/**
 * DWARF expressions: a stack machine whose result is where an object is, or what it is. Bounded in steps,
 * depth and calls; whatever is wrong with an expression, the object is then not available. DWARF 5, 2.5, 2.6.
 */
import { ByteCursor } from '../../util/bytes.ts';
import { OPTIMIZED_OUT, type Piece, type Storage, StorageError } from '../storage.ts';
import { littleEndian } from './constant.ts';
import { type OffsetSize, readOffset } from './initial-length.ts';
import { BINARY_OPERATIONS, UNARY_OPERATIONS } from './location-arithmetic.ts';

/** What an expression may look at. Addresses are those of the running code. */
export interface LocationContext {
  /** Added to addresses of the file. */
  readonly loadOffset: number;
  /** Base of the data segment: what an expression computes is an offset in it, where its object is is linear. */
  readonly dataBase: number;
  /** A register of the frame by its DWARF number; undefined when it is not known there. */
  register(number: number): number | undefined;
  /** Where that register can be read and written. */
  registerStorage(number: number): Storage;
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** What the frame's own variables count from. @throws StorageError */
  frameBase(): Promise<number>;
  /** The stack pointer before the call of this frame's function. */
  callFrameAddress(): number | undefined;
  /** Width of offsets into .debug_info. */
  readonly offsetSize: OffsetSize;
  /** An entry of the unit's .debug_addr. */
  addressAt(index: number): number;
  /** The expression of another entry, for the operations that call one. */
  called(offset: number, ofUnit: boolean): Uint8Array | undefined;
  /** What the register that an expression names held when the function was entered. @throws StorageError */
  entryValue(code: Uint8Array): Promise<number>;
  /** The same of a parameter, by its entry's offset in the unit. @throws StorageError */
  entryParameter(offset: number): Promise<number>;
  /** Pushed first where the expression is about an object that is known. */
  readonly initial?: number;
}

const MAX_STEPS = 10_000;
const MAX_STACK = 256;
const MAX_CALLS = 16;
const MAX_PIECE = 1 << 20;

const LIT0 = 0x30;
const REG0 = 0x50;
const BREG0 = 0x70;

/** @throws StorageError when the object is not available */
export async function evaluateLocation(code: Uint8Array, context: LocationContext): Promise<Storage> {
  // No expression at all: the object was optimized away (2.6.1.1.4).
  if (code.length === 0) return OPTIMIZED_OUT;
  const machine = new LocationMachine(context);
  await machine.run(code, 0);
  return machine.result();
}

/** The value on top of the stack, for expressions that are rules and not places. @throws StorageError */
export async function evaluateValue(code: Uint8Array, context: LocationContext): Promise<number> {
  const machine = new LocationMachine(context);
  await machine.run(code, 0);
  return machine.top();
}

class LocationMachine {
  private readonly context: LocationContext;
  private readonly stack: number[] = [];
  private readonly pieces: Piece[] = [];
  /** What the last operations named, when it is no address. */
  private direct: Storage | undefined;
  private steps = 0;

  constructor(context: LocationContext) {
    this.context = context;
    if (context.initial !== undefined) this.stack.push(context.initial);
  }

  top(): number {
    const top = this.stack.at(-1);
    if (top === undefined) throw new StorageError('<optimized out>');
    return top >>> 0;
  }

  result(): Storage {
    if (this.pieces.length > 0) return { kind: 'pieces', pieces: this.pieces };
    return this.direct ?? this.memory(this.top());
  }

  private memory(offset: number): Storage {
    return { kind: 'memory', address: (offset + this.context.dataBase) >>> 0 };
  }

  async run(code: Uint8Array, depth: number): Promise<void> {
    const cursor = new ByteCursor(code);
    while (cursor.more) {
      if (++this.steps > MAX_STEPS || this.stack.length > MAX_STACK) throw damaged();
      await this.step(cursor.u8(), cursor, depth);
      if (cursor.overrun) throw damaged();
    }
  }

  private push(value: number): void {
    this.stack.push(value | 0);
  }

  private pop(): number {
    const value = this.stack.pop();
    if (value === undefined) throw damaged();
    return value;
  }

  private registerValue(number: number): number {
    const value = this.context.register(number);
    if (value === undefined) throw new StorageError('<optimized out>');
    return value;
  }

  private async step(operation: number, cursor: ByteCursor, depth: number): Promise<void> {
    if (operation >= LIT0 && operation < LIT0 + 32) return this.push(operation - LIT0);
    if (operation >= REG0 && operation < REG0 + 32) return this.isIn(operation - REG0);
    if (operation >= BREG0 && operation < BREG0 + 32)
      return this.push(this.registerValue(operation - BREG0) + cursor.sleb());
    const binary = BINARY_OPERATIONS.get(operation);
    if (binary !== undefined) {
      const right = this.pop();
      const value = binary(this.pop(), right);
      if (value === undefined) throw new StorageError('<optimized out>');
      return this.push(value);
    }
    const unary = UNARY_OPERATIONS.get(operation);
    if (unary !== undefined) return this.push(unary(this.pop()));
    return this.other(operation, cursor, depth);
  }

  private isIn(register: number): void {
    this.direct = this.context.registerStorage(register);
  }

  private async other(operation: number, cursor: ByteCursor, depth: number): Promise<void> {
    switch (operation) {
      case 0x03: // addr
        return this.push(cursor.u32() + this.context.loadOffset);
      case 0x06: // deref
        return this.dereference(4);
      case 0x94: // deref_size
        return this.dereference(cursor.u8());
      case 0x08:
        return this.push(cursor.u8());
      case 0x09:
        return this.push(cursor.i8());
      case 0x0a:
        return this.push(cursor.u16());
      case 0x0b:
        return this.push((cursor.u16() << 16) >> 16);
      case 0x0c:
      case 0x0d:
        return this.push(cursor.u32());
      case 0x0e:
      case 0x0f: // const8u, const8s: the stack is as wide as an address
        return this.push(this.wide(cursor.take(8)));
      case 0x10:
        return this.push(wrapped(cursor.uleb()));
      case 0x11:
        return this.push(wrapped(cursor.sleb()));
      case 0x12: // dup
        return this.pick(0);
      case 0x13: // drop
        this.pop();
        return;
      case 0x14: // over
        return this.pick(1);
      case 0x15:
        return this.pick(cursor.u8());
      case 0x16: // swap
        return this.rotate(2);
      case 0x17: // rot
        return this.rotate(3);
      case 0x23: // plus_uconst
        return this.push(this.pop() + wrapped(cursor.uleb()));
      case 0x28: // bra
        return this.branch(cursor, this.pop() !== 0);
      case 0x2f: // skip
        return this.branch(cursor, true);
      case 0x90: // regx
        return this.isIn(cursor.uleb());
      case 0x91: // fbreg
        return this.push((await this.context.frameBase()) + cursor.sleb());
      case 0x92: // bregx
        return this.push(this.registerValue(cursor.uleb()) + cursor.sleb());
      case 0x93: // piece
        return this.piece(cursor.uleb());
      case 0x96: // nop
        return;
      case 0x97: // push_object_address
        return this.push(this.context.initial ?? 0);
      case 0x98: // call2
        return this.call(cursor.u16(), true, depth);
      case 0x99: // call4
        return this.call(cursor.u32(), true, depth);
      case 0x9a: // call_ref
        return this.call(readOffset(cursor, this.context.offsetSize), false, depth);
      case 0x9c: {
        const address = this.context.callFrameAddress();
        if (address === undefined) throw new StorageError('<no frame information>');
        return this.push(address);
      }
      case 0x9d: // bit_piece: whole bytes are all that is needed here
        return this.bitPiece(cursor.uleb(), cursor.uleb());
      case 0x9e: // implicit_value
        this.direct = { kind: 'bytes', bytes: cursor.take(cursor.uleb()) };
        return;
      case 0x9f: // stack_value
        this.direct = { kind: 'bytes', bytes: wordBytes(this.pop()) };
        return;
      case 0xa1: // addrx, constx
      case 0xa2:
      case 0xfb: // the GNU forms of both
      case 0xfc:
        return this.push(
          this.context.addressAt(cursor.uleb()) +
            (operation === 0xa1 || operation === 0xfb ? this.context.loadOffset : 0),
        );
      default:
        return this.typed(operation, cursor);
    }
  }

  /**
   * Values at entry, and values with a type of their own (GNU and DWARF 5): a 32-bit integer goes through
   * unchanged, which is what compilers use them for here.
   */
  private async typed(operation: number, cursor: ByteCursor): Promise<void> {
    switch (operation) {
      case 0xa3: // entry_value
      case 0xf3:
        return this.push(await this.context.entryValue(cursor.take(cursor.uleb())));
      case 0xfa: // GNU_parameter_ref
        return this.push(await this.context.entryParameter(cursor.u32()));
      case 0xa4: // const_type
      case 0xf4: {
        cursor.uleb();
        const bytes = cursor.take(cursor.u8());
        if (bytes.length > 4) throw new StorageError('<optimized out>');
        return this.push(Number(littleEndian(bytes)));
      }
      case 0xa5: // regval_type
      case 0xf5: {
        const value = this.registerValue(cursor.uleb());
        cursor.uleb();
        return this.push(value);
      }
      case 0xa6: // deref_type
      case 0xf6: {
        const size = cursor.u8();
        cursor.uleb();
        return this.dereference(size);
      }
      case 0xa8: // convert, reinterpret
      case 0xa9:
      case 0xf7:
      case 0xf9:
        cursor.uleb();
        return;
      default:
        throw new StorageError('<optimized out>');
    }
  }

  private wide(bytes: Uint8Array): number {
    return Number(BigInt.asIntN(32, littleEndian(bytes)));
  }

  private pick(index: number): void {
    const value = this.stack.at(-1 - index);
    if (value === undefined) throw damaged();
    this.push(value);
  }

  /** The top goes below the `count` - 1 entries under it. */
  private rotate(count: number): void {
    if (this.stack.length < count) throw damaged();
    const top = this.pop();
    this.stack.splice(this.stack.length - (count - 1), 0, top);
  }

  private branch(cursor: ByteCursor, taken: boolean): void {
    const distance = (cursor.u16() << 16) >> 16;
    if (taken) cursor.seek(cursor.offset + distance);
  }

  private async dereference(size: number): Promise<void> {
    if (size < 1 || size > 4) throw new StorageError('<optimized out>');
    const address = (this.pop() + this.context.dataBase) >>> 0;
    const bytes = await this.context.readMemory(address, size);
    if (bytes.length < size) throw new StorageError(`<cannot read memory at 0x${address.toString(16)}>`);
    this.push(Number(littleEndian(bytes)));
  }

  private async call(offset: number, ofUnit: boolean, depth: number): Promise<void> {
    const code = this.context.called(offset, ofUnit);
    if (code === undefined || depth >= MAX_CALLS) throw damaged();
    await this.run(code, depth + 1);
  }

  private piece(size: number): void {
    if (size > MAX_PIECE || this.pieces.length > MAX_STACK) throw damaged();
    // Nothing before it: this part of the object is not there.
    const isThere = this.direct !== undefined || this.stack.length > 0;
    const storage = isThere ? (this.direct ?? this.memory(this.pop())) : OPTIMIZED_OUT;
    this.direct = undefined;
    this.pieces.push({ size, storage });
  }

  private bitPiece(bits: number, offset: number): void {
    if (bits % 8 !== 0 || offset % 8 !== 0) throw new StorageError('<optimized out>');
    this.piece(bits / 8);
  }
}

function damaged(): StorageError {
  return new StorageError('<damaged location>');
}

function wrapped(value: number): number {
  return Number.isSafeInteger(value) ? Number(BigInt.asIntN(32, BigInt(value))) : value | 0;
}

function wordBytes(value: number): Uint8Array {
  // As wide as the widest scalar: a shorter object takes the low bytes, a longer one the sign.
  const bytes = new Uint8Array(8).fill(value < 0 ? 0xff : 0);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
