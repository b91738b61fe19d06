/**
 * Bytes to a decoded instruction, by the opcode table alone (SDM vol. 2, chapter 2). The one decoder: the
 * engine packs its result into records, the monitor gets it as an `Instruction`.
 */
import type { Instruction } from './instruction.ts';
import { escapeText, opcodeText } from './opcode-texts.ts';
import { parseRow, type Row } from './opcodes.ts';
import { CS, DS, ES, FS, GS, SS } from './registers.ts';

/** One decoded instruction; overwritten by the next decode. `row` is undefined for an undefined opcode. */
export interface Decoded {
  row: Row | undefined;
  /** More bytes than were given are needed. */
  incomplete: boolean;
  /** More than 15 bytes: #GP. */
  tooLong: boolean;
  opcode: number;
  length: number;
  operandSize: 2 | 4;
  addressSize: 2 | 4;
  repeat: number;
  lock: boolean;
  mod: number;
  reg: number;
  rm: number;
  memory: boolean;
  segment: number;
  base: number;
  index: number;
  scale: number;
  displacement: number;
  immediate: number;
  immediate2: number;
}

const MAX_LENGTH = 15;
const LOCKABLE = new Set(
  'add adc and btc btr bts cmpxchg cmpxchg8b dec inc neg not or sbb sub xor xadd xchg'.split(' '),
);

/** By opcode: a row, or eight rows by ModRM digit; undefined until met. */
const byOpcode: (Row | undefined | (Row | undefined)[])[] = new Array(512).fill(undefined);
/** x87 escapes, in the order of `escapeText`. */
const escapes: (Row | undefined)[] = new Array(8 * 72).fill(undefined);

function slotOf(opcode: number): number {
  return opcode >= 0xf00 ? 256 + (opcode & 0xff) : opcode;
}

function rowOf(text: string): Row | undefined {
  return text === '' ? undefined : parseRow(text);
}

function parseOpcode(slot: number): Row | undefined | (Row | undefined)[] {
  const text = opcodeText(slot);
  byOpcode[slot] = text.includes('|') ? text.split('|').map(rowOf) : rowOf(text);
  return byOpcode[slot];
}

function parseEscape(index: number): Row | undefined {
  escapes[index] = rowOf(escapeText(index));
  return escapes[index];
}

/** Base and index registers of 16-bit addressing by rm (SDM vol. 2, table 2-1): bx+si bx+di bp+si bp+di si di bp bx. */
const BASE16 = [3, 3, 5, 5, 6, 7, 5, 3];
const INDEX16 = [6, 7, 6, 7, -1, -1, -1, -1];

export function newDecoded(): Decoded {
  return {
    row: undefined,
    incomplete: false,
    tooLong: false,
    opcode: 0,
    length: 0,
    operandSize: 4,
    addressSize: 4,
    repeat: 0,
    lock: false,
    mod: 0,
    reg: 0,
    rm: 0,
    memory: false,
    segment: DS,
    base: -1,
    index: -1,
    scale: 0,
    displacement: 0,
    immediate: 0,
    immediate2: 0,
  };
}

/** Reads `bytes` from `start` up to `end`; sets `d`. Never reads past `end`: `incomplete` says it had to. */
export class Decoder {
  readonly d: Decoded = newDecoded();
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private end = 0;

  decode(bytes: Uint8Array, start: number, end: number, bits16: boolean): Decoded {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    const d = this.d;
    d.incomplete = false;
    d.tooLong = false;
    d.row = undefined;
    d.mod = d.reg = d.rm = 0;
    d.memory = false;
    d.base = d.index = -1;
    d.scale = d.displacement = d.immediate = d.immediate2 = 0;
    const override = this.prefixes(bits16);
    let opcode = this.byte();
    if (opcode === 0x0f) opcode = 0x0f00 | this.byte();
    d.opcode = opcode;
    const slot = slotOf(opcode);
    let row = byOpcode[slot] ?? parseOpcode(slot);
    let defaultSegment = DS;
    const isEscape = opcode >= 0xd8 && opcode <= 0xdf;
    if (isEscape || (row !== undefined && (Array.isArray(row) || row.hasModrm))) {
      const modrm = this.byte();
      d.mod = modrm >> 6;
      d.reg = (modrm >> 3) & 7;
      d.rm = modrm & 7;
      if (isEscape) {
        const index = (opcode - 0xd8) * 72 + (d.mod === 3 ? 8 + (modrm & 63) : d.reg);
        row = escapes[index] ?? parseEscape(index);
      }
      if (Array.isArray(row)) row = row[d.reg];
      const registersOnly = row?.operands[0] === 'Rd';
      if (d.mod !== 3 && !registersOnly) {
        d.memory = true;
        defaultSegment = d.addressSize === 4 ? this.address32() : this.address16();
      }
    }
    if (row !== undefined) {
      this.rest(row);
      if (this.isUndefined(row)) row = undefined;
    }
    d.segment = override >= 0 ? override : defaultSegment;
    d.row = row;
    d.length = this.at - start;
    d.tooLong = d.length > MAX_LENGTH;
    if (d.tooLong) d.incomplete = false;
    return d;
  }

  private byte(): number {
    if (this.at >= this.end) {
      this.d.incomplete = true;
      this.at++;
      return 0;
    }
    return this.bytes[this.at++];
  }

  private signed8(): number {
    return (this.byte() << 24) >> 24;
  }
  private u16(): number {
    return this.byte() | (this.byte() << 8);
  }
  private i32(): number {
    return this.u16() | (this.u16() << 16);
  }

  /** Consumes prefixes; answers the segment override or -1. The last one of a group counts. */
  private prefixes(bits16: boolean): number {
    const d = this.d;
    let segment = -1;
    let operand = false;
    let address = false;
    d.repeat = 0;
    d.lock = false;
    const limit = Math.min(this.end, this.at + MAX_LENGTH);
    for (; this.at < limit; this.at++) {
      const byte = this.bytes[this.at];
      if (byte === 0x66) operand = true;
      else if (byte === 0x67) address = true;
      else if (byte === 0xf2 || byte === 0xf3) d.repeat = byte;
      else if (byte === 0xf0) d.lock = true;
      else if (byte === 0x2e) segment = CS;
      else if (byte === 0x36) segment = SS;
      else if (byte === 0x3e) segment = DS;
      else if (byte === 0x26) segment = ES;
      else if (byte === 0x64) segment = FS;
      else if (byte === 0x65) segment = GS;
      else break;
    }
    d.operandSize = bits16 !== operand ? 2 : 4;
    d.addressSize = bits16 !== address ? 2 : 4;
    return segment;
  }

  /** Answers the default segment. */
  private address32(): number {
    const d = this.d;
    let base = d.rm;
    if (base === 4) {
      const sib = this.byte();
      d.scale = sib >> 6;
      const index = (sib >> 3) & 7;
      d.index = index === 4 ? -1 : index;
      if (d.index < 0) d.scale = 0;
      base = sib & 7;
    }
    if (base === 5 && d.mod === 0) {
      d.displacement = this.i32();
      return DS;
    }
    d.base = base;
    if (d.mod === 1) d.displacement = this.signed8();
    else if (d.mod === 2) d.displacement = this.i32();
    return base === 4 || base === 5 ? SS : DS;
  }

  private address16(): number {
    const d = this.d;
    if (d.mod === 0 && d.rm === 6) {
      d.displacement = this.u16();
      return DS;
    }
    d.base = BASE16[d.rm];
    d.index = INDEX16[d.rm];
    if (d.mod === 1) d.displacement = this.signed8();
    else if (d.mod === 2) d.displacement = (this.u16() << 16) >> 16;
    return d.base === 5 ? SS : DS;
  }

  /** Immediates, relative targets, absolute offsets and far pointers. */
  private rest(row: Row): void {
    const d = this.d;
    let immediates = 0;
    for (const operand of row.operands) {
      let value: number;
      switch (operand) {
        case 'Ib':
          value = this.byte();
          break;
        case 'Is':
        case 'Jb':
          value = this.signed8();
          break;
        case 'Iw':
          value = this.u16();
          break;
        case 'Iz':
          value = d.operandSize === 4 ? this.i32() : this.u16();
          break;
        case 'Jz':
          value = d.operandSize === 4 ? this.i32() : (this.u16() << 16) >> 16;
          break;
        case '1':
          value = 1;
          break;
        case 'Pv':
          d.immediate = d.operandSize === 4 ? this.i32() >>> 0 : this.u16();
          d.immediate2 = this.u16();
          continue;
        case 'Ob':
        case 'Ov':
          d.displacement = d.addressSize === 4 ? this.i32() : this.u16();
          d.memory = true;
          continue;
        default:
          continue;
      }
      if (immediates++ === 0) d.immediate = value;
      else d.immediate2 = value;
    }
  }

  /** #UD by the form of the operands or a LOCK that is not allowed. */
  private isUndefined(row: Row): boolean {
    const d = this.d;
    if (row.operands.some((operand) => operand.startsWith('M')) && !d.memory) return true;
    if (row.mnemonic === 'mov_to_seg' && (d.reg === CS || d.reg > GS)) return true;
    if (row.mnemonic === 'mov_from_seg' && d.reg > GS) return true;
    if (d.lock) {
      const target = row.mnemonic === 'xchg' ? d.memory : d.memory && row.operands[0].startsWith('E');
      const destination = target || row.mnemonic === 'cmpxchg8b';
      return !destination || !LOCKABLE.has(row.mnemonic);
    }
    return false;
  }
}

const PUSH_POP_SEGMENT: Record<string, number> = { Ses: ES, Scs: CS, Sss: SS, Sds: DS, Sfs: FS, Sgs: GS };

/** A lasting copy for the monitor. */
export function toInstruction(d: Decoded): Instruction {
  const row = d.row;
  const implicit = row === undefined ? undefined : PUSH_POP_SEGMENT[row.operands[0] ?? ''];
  const lock = d.lock && row === undefined;
  return {
    mnemonic: row === undefined || lock ? 'undefined' : row.mnemonic,
    trapClass: row === undefined ? 'undefined' : row.trapClass,
    opcode: d.opcode,
    length: d.length,
    operandSize: d.operandSize,
    addressSize: d.addressSize,
    repeat: d.repeat,
    lock: d.lock,
    mod: d.mod,
    reg: implicit ?? d.reg,
    rm: d.rm,
    memory: d.memory,
    segment: d.segment,
    base: d.base,
    index: d.index,
    scale: d.scale,
    displacement: d.displacement,
    immediate: d.immediate,
    immediate2: d.immediate2,
  };
}

const shared = new Decoder();

/** Decodes one instruction at `offset`; undefined when `bytes` ends before it does. */
export function decode(bytes: Uint8Array, offset: number, bits16: boolean): Instruction | undefined {
  const d = shared.decode(bytes, offset, bytes.length, bits16);
  return d.incomplete ? undefined : toInstruction(d);
}
