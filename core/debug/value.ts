/**
 * Objects of the program and what they hold: an object is a type and the place of its bytes; its value is a
 * number, or stays with the object where it is more than a number.
 */

import { wrap } from './expression-types.ts';
import { floatOf } from './float.ts';
import { readStorage, type Storage, type StorageReader, storagePart } from './storage.ts';
import { isScalar, type Member, type PointerType, plain, type StructType, sizeOf, type Type } from './types.ts';

export interface DataObject {
  readonly type: Type;
  readonly storage: Storage;
  /** Of a bit-field: its bits count from the first byte of the storage, lowest first. */
  readonly bits?: { readonly offset: number; readonly size: number };
}

/** Where an expression can be assigned to. */
export type Place =
  | { readonly kind: 'register'; readonly name: string }
  | { readonly kind: 'memory'; readonly address: number; readonly size: number; readonly bits?: DataObject['bits'] };

export interface Value {
  /** The number; of a floating one its whole part; 0 of what is no number. */
  readonly value: bigint;
  readonly type: Type;
  /** Of a floating type. */
  readonly float?: number;
  /** Present when `&e` or `e = x` makes sense. */
  readonly place?: Place;
  /** A function: its value is its own address. */
  readonly code?: boolean;
  /** What it was read from. */
  readonly object?: DataObject;
  /** The reference of C++ through which that was reached. */
  readonly reference?: DataObject;
}

/** An object of this length or longer is not copied to look at a member of it. */
const MAX_SCALAR = 16;

/** The value of an object; of a reference that of what it refers to. @throws StorageError */
export async function loadObject(object: DataObject, reader: StorageReader): Promise<Value> {
  const target = await referred(object, reader);
  const value = await loadTarget(target, reader);
  return target === object ? value : { ...value, reference: object };
}

async function loadTarget(target: DataObject, reader: StorageReader): Promise<Value> {
  const { type } = target;
  const inner = plain(type);
  const place = placeOf(target);
  if (!isScalar(inner) || sizeOf(inner) > MAX_SCALAR) {
    const address = target.storage.kind === 'memory' ? BigInt(target.storage.address) : 0n;
    return { value: inner.kind === 'function' ? address : 0n, type, place, object: target };
  }
  const bytes = await readObject(target, reader);
  if (inner.kind === 'float') {
    const float = floatOf(bytes);
    return { value: wholePart(float), float, type, place, object: target };
  }
  return { value: numberOf(bytes, type, target.bits), type, place, object: target };
}

/** The bytes that hold the object: of a bit-field those that its bits lie in. @throws StorageError */
export async function readObject(object: DataObject, reader: StorageReader): Promise<Uint8Array> {
  const { storage, bits, type } = object;
  if (storage.kind === 'register' && /^st\d$/.test(storage.name)) {
    // A register of the x87 holds every floating type in its own format.
    return readStorage(storage, 10, reader);
  }
  return readStorage(storage, bits === undefined ? sizeOf(type) : Math.ceil((bits.offset + bits.size) / 8), reader);
}

/** Follows references (C++) to what they refer to. */
export async function referred(object: DataObject, reader: StorageReader): Promise<DataObject> {
  let found = object;
  for (let depth = 0; depth < 4; depth++) {
    const inner = plain(found.type);
    if (inner.kind !== 'pointer' || inner.reference === undefined) break;
    const bytes = await readStorage(found.storage, 4, reader);
    found = { type: inner.target, storage: { kind: 'memory', address: Number(numberOf(bytes, inner)) } };
  }
  return found;
}

export function wholePart(float: number): bigint {
  return Number.isFinite(float) ? BigInt(Math.trunc(float)) : 0n;
}

/** A little-endian number as its type reads it. */
export function numberOf(bytes: Uint8Array, type: Type, bits?: DataObject['bits']): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  if (bits === undefined) return wrapRaw(value, type);
  value >>= BigInt(bits.offset);
  const inner = plain(type);
  const signed = (inner.kind === 'integer' || inner.kind === 'enum') && inner.signed;
  return signed ? BigInt.asIntN(bits.size, value) : BigInt.asUintN(bits.size, value);
}

/** Without the conversion to 0 or 1 of a bool: what is there is shown. */
function wrapRaw(value: bigint, type: Type): bigint {
  const inner = plain(type);
  return inner.kind === 'integer' && inner.reads === 'boolean' ? value : wrap(value, inner);
}

function placeOf(object: DataObject): Place | undefined {
  const { storage, type, bits } = object;
  if (storage.kind === 'memory') return { kind: 'memory', address: storage.address, size: sizeOf(type), bits };
  if (storage.kind === 'register' && storage.offset === 0) return { kind: 'register', name: storage.name };
  return undefined;
}

/** The object that a member of a structure is. */
export function memberObject(object: DataObject, member: Member): DataObject {
  if (member.elsewhere !== undefined) return { type: member.type, storage: member.elsewhere };
  const byte = Math.floor(member.bitOffset / 8);
  const storage = storagePart(object.storage, byte);
  if (member.bitSize === undefined) return { type: member.type, storage };
  return { type: member.type, storage, bits: { offset: member.bitOffset % 8, size: member.bitSize } };
}

export function elementObject(object: DataObject, element: Type, index: number): DataObject {
  return { type: element, storage: storagePart(object.storage, index * sizeOf(element)) };
}

/** Structures that are looked through for one member. */
const MAX_NESTED = 1000;

/**
 * The member of this name, also in anonymous members and base classes.
 * @param seen structures that do not have it: damaged ones stand in themselves
 */
export function findMember(
  object: DataObject,
  type: StructType,
  name: string,
  seen = new Set<StructType>(),
): DataObject | undefined {
  if (seen.has(type) || seen.size >= MAX_NESTED) return undefined;
  seen.add(type);
  const all = [...type.members, ...(type.variants?.variants.flatMap((variant) => variant.members) ?? [])];
  // Rust's fields without names are written as numbers.
  const stored = /^\d+$/.test(name) ? `__${name}` : name;
  const own = all.find((member) => member.name === stored && !member.isBase);
  if (own !== undefined) return memberObject(object, own);
  for (const member of all) {
    const inner = plain(member.type);
    if (inner.kind !== 'struct' || (member.name !== '' && !member.isBase)) continue;
    const found = findMember(memberObject(object, member), inner, name, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function pointerTo(target: Type): PointerType {
  return { kind: 'pointer', target };
}
