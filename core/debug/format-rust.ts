/**
 * Rust's structures as gdb prints them: `Point {x: 1, y: 2}`, `Pair (1, 2)`, `Option<u8>::Some(9)`, text in
 * quotes, slices with their elements. What their members hold is shown by whoever calls.
 */
import { characters, MAX_ELEMENTS, quotedText } from './format-text.ts';
import { readStorage, type StorageReader } from './storage.ts';
import { type ArrayType, type Member, plain, type StructType } from './types.ts';
import { type DataObject, findMember, loadObject, memberObject } from './value.ts';
import { activeMembers } from './variant.ts';

/** Bytes of a text that are looked at: all that can be shown is shorter. */
const MAX_BYTES = 1024;
const TUPLE_FIELD = /^__\d+$/;

/** @param show an object inside of this one */
export async function rustText(
  object: DataObject,
  type: StructType,
  reader: StorageReader,
  show: (part: DataObject) => Promise<string>,
): Promise<string> {
  if (/^&(mut )?str$/.test(type.name)) {
    const text = await textOf(object, type, reader);
    if (text !== undefined) return text;
  }
  const slice = await sliceOf(object, type, reader);
  if (slice !== undefined) return `${type.name} ${await show(slice)}`;
  const active = await activeMembers(object, type, reader);
  // Of an enumeration the variant is what has a name and fields; the space is gdb's.
  if (active.variant !== undefined)
    return active.variant.type.name + (await fieldsText(object, active.members, show, false));
  const isTuple = type.name.startsWith('(');
  const fields = await fieldsText(object, active.members, show, isTuple);
  return isTuple ? fields : [type.name, fields].filter((part) => part !== '').join(' ');
}

async function fieldsText(
  object: DataObject,
  members: readonly Member[],
  show: (part: DataObject) => Promise<string>,
  isTuple: boolean,
): Promise<string> {
  if (members.length === 0) return isTuple ? '()' : '';
  const unnamed = isTuple || members.every((member) => TUPLE_FIELD.test(member.name));
  const parts: string[] = [];
  for (const member of members) {
    if (parts.length >= MAX_ELEMENTS) {
      parts.push('...');
      break;
    }
    const text = await show(memberObject(object, member));
    parts.push(unnamed ? text : `${member.name}: ${text}`);
  }
  return unnamed ? `(${parts.join(', ')})` : `{${parts.join(', ')}}`;
}

/** What a slice refers to, as an array; undefined for other structures. @throws StorageError */
export async function sliceOf(
  object: DataObject,
  type: StructType,
  reader: StorageReader,
): Promise<DataObject | undefined> {
  if (type.syntax !== 'rust' || !/^&(mut )?\[/.test(type.name)) return undefined;
  const parts = await fatPointer(object, type, reader);
  if (parts === undefined) return undefined;
  const { element, address, length } = parts;
  const array: ArrayType = { kind: 'array', element, count: length, syntax: 'rust' };
  return { type: array, storage: { kind: 'memory', address } };
}

async function textOf(object: DataObject, type: StructType, reader: StorageReader): Promise<string | undefined> {
  const parts = await fatPointer(object, type, reader);
  if (parts === undefined) return undefined;
  const shown = Math.min(parts.length, MAX_BYTES);
  const bytes = await readStorage({ kind: 'memory', address: parts.address }, shown, reader);
  return quotedText(characters(bytes), shown < parts.length);
}

/** An address and a number of elements behind it. */
async function fatPointer(object: DataObject, type: StructType, reader: StorageReader) {
  const [data, length] = ['data_ptr', 'length'].map((name) => findMember(object, type, name));
  const pointer = data && plain(data.type);
  if (data === undefined || length === undefined || pointer?.kind !== 'pointer') return undefined;
  const [start, count] = [await loadObject(data, reader), await loadObject(length, reader)];
  return {
    element: pointer.target,
    address: Number(BigInt.asUintN(32, start.value)),
    length: Number(BigInt.asUintN(32, count.value)),
  };
}
