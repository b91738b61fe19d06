/**
 * Where an object is depends on where the code stands: .debug_loc (DWARF 2–4) and .debug_loclists
 * (DWARF 5, 7.29).
 */
import { ByteCursor } from '../../util/bytes.ts';
import type { Unit } from './unit.ts';

/** Entries of one list that are looked at. */
const MAX_ENTRIES = 100_000;

/** The expression in force at a (linked) address; undefined where the object is not anywhere. */
export function locationAt(unit: Unit, offset: number, address: number): Uint8Array | undefined {
  if (unit.version >= 5) return newList(unit, offset, address);
  return unit.isSplit ? splitList(unit, offset, address) : oldList(unit, offset, address);
}

/** Pairs relative to a base, a length of two bytes, an expression; two zeros end the list. */
function oldList(unit: Unit, offset: number, address: number): Uint8Array | undefined {
  const cursor = new ByteCursor(unit.sections.locations, offset);
  let base = unit.codeBase;
  for (let i = 0; i < MAX_ENTRIES && cursor.more; i++) {
    const start = cursor.u32();
    const end = cursor.u32();
    if (start === 0 && end === 0) return undefined;
    if (start === 0xffff_ffff) {
      base = end;
      continue;
    }
    const code = cursor.take(cursor.u16());
    if (cursor.overrun) return undefined;
    if (address >= base + start && address < base + end) return code;
  }
  return undefined;
}

/** The GNU form of DWARF 4 in a file of its own: a kind, addresses by their index, a length of two bytes. */
function splitList(unit: Unit, offset: number, address: number): Uint8Array | undefined {
  const cursor = new ByteCursor(unit.sections.locations, offset);
  let base = unit.codeBase;
  for (let i = 0; i < MAX_ENTRIES && cursor.more; i++) {
    const kind = cursor.u8();
    let [start, end] = [0, 0];
    if (kind === 1) {
      base = unit.addressAt(cursor.uleb());
      continue;
    }
    if (kind === 2) [start, end] = [unit.addressAt(cursor.uleb()), unit.addressAt(cursor.uleb())];
    else if (kind === 3) [start, end] = lengthened(unit.addressAt(cursor.uleb()), cursor.u32());
    else if (kind === 4) [start, end] = [base + cursor.u32(), base + cursor.u32()];
    else return undefined;
    const code = cursor.take(cursor.u16());
    if (cursor.overrun) return undefined;
    if (address >= start && address < end) return code;
  }
  return undefined;
}

function newList(unit: Unit, offset: number, address: number): Uint8Array | undefined {
  const cursor = new ByteCursor(unit.sections.locationLists, offset);
  let base = unit.codeBase;
  let otherwise: Uint8Array | undefined;
  for (let i = 0; i < MAX_ENTRIES && cursor.more; i++) {
    const kind = cursor.u8();
    let [start, end] = [0, 0];
    if (kind === 0) break;
    if (kind === 1) base = unit.addressAt(cursor.uleb());
    else if (kind === 2) [start, end] = [unit.addressAt(cursor.uleb()), unit.addressAt(cursor.uleb())];
    else if (kind === 3) [start, end] = lengthened(unit.addressAt(cursor.uleb()), cursor.uleb());
    else if (kind === 4) [start, end] = [base + cursor.uleb(), base + cursor.uleb()];
    else if (kind === 6) base = cursor.u32();
    else if (kind === 7) [start, end] = [cursor.u32(), cursor.u32()];
    else if (kind === 8) [start, end] = lengthened(cursor.u32(), cursor.uleb());
    else if (kind !== 5 && kind !== 9) return undefined;
    // Bases have no expression, nor have the GNU pairs of views in front of an entry.
    if (kind === 1 || kind === 6) continue;
    if (kind === 9) {
      cursor.uleb();
      cursor.uleb();
      continue;
    }
    const code = cursor.take(cursor.uleb());
    if (cursor.overrun) return undefined;
    if (kind === 5) otherwise = code;
    else if (address >= start && address < end) return code;
  }
  return otherwise;
}

function lengthened(start: number, length: number): [number, number] {
  return [start, start + length];
}
