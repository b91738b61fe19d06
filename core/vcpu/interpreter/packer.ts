/** Turns a decoded instruction into a 16-byte record: which handler, which operand fields. */
import type { Decoded } from '../../isa/decode.ts';
import { type Encoding, formOf } from '../../isa/forms.ts';
import type { Row } from '../../isa/opcodes.ts';
import { isX87 } from '../../isa/opcodes-x87.ts';
import { DS, ES, SS } from '../../isa/registers.ts';
import { CTX_ZERO } from '../../memory/layout.ts';
import type { LinearMemory } from '../../memory/linear-memory.ts';
import { assert } from '../../util/assert.ts';
import type { Mode } from '../mode.ts';
import { handlerOf } from './handlers.ts';
import {
  REC_DISPLACEMENT,
  REC_HANDLER,
  REC_IMMEDIATE,
  REC_INDEX,
  REC_PLACE,
  REC_R1,
  REC_R2,
  REC_SCALE,
  SCALE_ADDRESS16,
  SCALE_EIP16,
  SCALE_SEGMENT_SHIFT,
} from './record.ts';

type PlaceKind = 'r' | 'm' | 'g';

/** Handler numbers of a row by encoding, filled in as encodings are met. */
const handlers = new Map<Row, Int16Array>();

function handlerFor(row: Row, operandSize: number, place: PlaceKind, flat: boolean, repeat: number): number {
  let known = handlers.get(row);
  if (known === undefined) {
    known = new Int16Array(2 * 3 * 2 * 3);
    handlers.set(row, known);
  }
  const slot = (operandSize === 4 ? 18 : 0) + (place === 'r' ? 0 : place === 'm' ? 6 : 12) + (flat ? 3 : 0) + repeat;
  if (known[slot] === 0) {
    const form = formOf(row, { operandSize, place, flat, repeat });
    const handler = handlerOf(form.key);
    assert(handler !== undefined, `no handler for ${form.key}`);
    known[slot] = handler;
  }
  return known[slot];
}

/** Byte offset of a register operand in the context. */
function registerSlot(number: number, byte: boolean): number {
  return byte && number >= 4 ? (number - 4) * 4 + 1 : number * 4;
}

function placeOf(d: Decoded, row: Row, mode: Mode): PlaceKind {
  const implicit = row.string || row.addressed;
  if (!d.memory && !implicit) return 'r';
  if (d.addressSize === 2) return 'g';
  // LEA computes an offset only: no segment counts.
  if (row.mnemonic === 'lea') return 'm';
  const plain = d.segment === DS || d.segment === SS || d.segment === ES;
  return mode.flat && plain ? 'm' : 'g';
}

function repeatOf(d: Decoded, row: Row): number {
  if (d.repeat === 0 || !row.string) return 0;
  const compares = row.mnemonic === 'cmps' || row.mnemonic === 'scas';
  return d.repeat === 0xf2 && compares ? 2 : 1;
}

/** How the instruction was met, for `formOf`. */
export function encodingFor(d: Decoded, row: Row, mode: Mode): Encoding {
  return { operandSize: d.operandSize, place: placeOf(d, row, mode), flat: mode.flat, repeat: repeatOf(d, row) };
}

/** Register number of a register operand, or -1. */
function registerNumber(d: Decoded, operand: string): number {
  switch (operand[0]) {
    case 'E':
      return d.memory ? -1 : d.rm;
    case 'G':
      return d.reg;
    case 'Z':
      return d.opcode & 7;
    case 'A':
      return 0;
    default:
      return -1;
  }
}

/** Numbers of the register operands in their order. */
export function registerNumbers(d: Decoded, row: Row): number[] {
  return row.operands.map((operand) => registerNumber(d, operand)).filter((number) => number >= 0);
}

/**
 * Writes the record of an innocuous instruction at `record`.
 * @param offset of the instruction in its page
 */
export function packRecord(
  memory: LinearMemory,
  record: number,
  offset: number,
  d: Decoded,
  row: Row,
  mode: Mode,
): void {
  const { u8, u16, i32 } = memory;
  const place = placeOf(d, row, mode);
  u16[(record + REC_HANDLER) >>> 1] = handlerFor(row, d.operandSize, place, mode.flat, repeatOf(d, row));
  u16[(record + REC_PLACE) >>> 1] = offset | ((d.length - 1) << 12);
  let r1 = CTX_ZERO;
  let r2 = CTX_ZERO;
  let index = CTX_ZERO;
  let registers = 0;
  let displacement = d.displacement;
  let immediate = 0;
  let immediates = 0;
  let scale =
    place === 'g'
      ? d.scale | (d.segment << SCALE_SEGMENT_SHIFT) | (d.addressSize === 2 ? SCALE_ADDRESS16 : 0)
      : d.scale;
  for (const operand of row.operands) {
    const number = registerNumber(d, operand);
    switch (operand[0]) {
      case 'X':
      case 'Y':
        r1 = d.rm;
        break;
      case 'J':
        displacement = offset + d.length + d.immediate;
        if (d.operandSize === 2) scale |= SCALE_EIP16;
        break;
      case 'I':
      case '1':
        if (immediates++ > 0) immediate |= d.immediate2 << 16;
        else immediate = operand === 'Is' && d.operandSize === 2 ? d.immediate & 0xffff : d.immediate;
        break;
      default:
        break;
    }
    if (number < 0) continue;
    const slot = registerSlot(number, operand.endsWith('b'));
    if (registers++ === 0) r1 = slot;
    else r2 = slot;
  }
  // What the x87 keeps of an instruction: opcode and, for its data pointer, the segment.
  if (isX87(d.opcode)) immediate = ((d.opcode & 7) << 8) | (d.mod << 6) | (d.reg << 3) | d.rm | (d.segment << 16);
  if (d.memory) {
    r2 = d.base < 0 ? CTX_ZERO : d.base * 4;
    index = d.index < 0 ? CTX_ZERO : d.index * 4;
  }
  u8[record + REC_R1] = r1;
  u8[record + REC_R2] = r2;
  u8[record + REC_INDEX] = index;
  u8[record + REC_SCALE] = scale;
  i32[(record + REC_DISPLACEMENT) >>> 2] = displacement;
  i32[(record + REC_IMMEDIATE) >>> 2] = immediate;
}

/** Writes a record that is no instruction. */
export function packSpecial(
  memory: LinearMemory,
  record: number,
  handler: number,
  offset: number,
  displacement = 0,
  immediate = 0,
): void {
  const { u16, i32 } = memory;
  u16[(record + REC_HANDLER) >>> 1] = handler;
  u16[(record + REC_PLACE) >>> 1] = offset & 0xfff;
  i32[(record + REC_R1) >>> 2] = 0;
  i32[(record + REC_DISPLACEMENT) >>> 2] = displacement;
  i32[(record + REC_IMMEDIATE) >>> 2] = immediate;
}
