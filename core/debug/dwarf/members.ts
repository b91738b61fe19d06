/** Members, base classes, bit-fields and variant parts of structures. DWARF 5, 5.7. */
import { ByteCursor } from '../../util/bytes.ts';
import type { Storage } from '../storage.ts';
import { type Member, sizeOf, type Type, type VariantPart } from '../types.ts';
import * as at from './attributes.ts';
import { constantOf } from './constant.ts';
import type { Entry } from './entries.ts';

const MAX_MEMBERS = 65_536;
const OP_CONSTU = 0x10;
const OP_PLUS_UCONST = 0x23;

/** @param staticOf where a static member lies; without it they are left out */
export function readMembers(
  structure: Entry,
  typeOf: (entry: Entry) => Type,
  staticOf?: (entry: Entry) => Storage,
): Member[] {
  const members: Member[] = [];
  for (const child of structure.children()) {
    if (members.length >= MAX_MEMBERS) break;
    const member = isStatic(child) ? staticMember(child, typeOf, staticOf) : memberOf(child, typeOf);
    if (member !== undefined) members.push(member);
  }
  return members;
}

/** A declaration of a variable: until DWARF 5 with the tag of a member (5.7.7). */
function isStatic(entry: Entry): boolean {
  if (entry.tag === at.TAG_VARIABLE) return true;
  return entry.tag === at.TAG_MEMBER && (entry.has(at.AT_EXTERNAL) || entry.has(at.AT_DECLARATION));
}

function staticMember(
  entry: Entry,
  typeOf: (entry: Entry) => Type,
  staticOf: ((entry: Entry) => Storage) | undefined,
): Member | undefined {
  const name = entry.text(at.AT_NAME);
  if (name === undefined || staticOf === undefined) return undefined;
  return { name, type: typeOf(entry), bitOffset: 0, isBase: false, elsewhere: staticOf(entry) };
}

function memberOf(entry: Entry, typeOf: (entry: Entry) => Type): Member | undefined {
  const isBase = entry.tag === at.TAG_INHERITANCE;
  if (!isBase && entry.tag !== at.TAG_MEMBER) return undefined;
  const type = typeOf(entry);
  const bitSize = entry.number(at.AT_BIT_SIZE);
  const start = 8 * byteOffset(entry);
  return {
    name: entry.text(at.AT_NAME) ?? '',
    type,
    bitOffset: bitSize === undefined ? start : bitStart(entry, start, bitSize, sizeOf(type)),
    bitSize,
    isBase,
  };
}

/** A number, or in DWARF 2 a tiny expression. Virtual base classes, whose place is computed, are not looked for. */
function byteOffset(entry: Entry): number {
  const value = entry.attributes.get(at.AT_DATA_MEMBER_LOCATION);
  if (value?.kind === 'number') return value.value;
  if (value?.kind !== 'block') return 0;
  const cursor = new ByteCursor(value.bytes);
  const operation = cursor.u8();
  return operation === OP_PLUS_UCONST || operation === OP_CONSTU ? cursor.uleb() : 0;
}

/** DWARF 4 and 5 count from the start; before, from the most significant bit of a storage unit. */
function bitStart(entry: Entry, start: number, bitSize: number, typeSize: number): number {
  const fromStart = entry.number(at.AT_DATA_BIT_OFFSET);
  if (fromStart !== undefined) return start + fromStart;
  const fromTop = entry.number(at.AT_BIT_OFFSET);
  if (fromTop === undefined) return start;
  return Math.max(start + 8 * (entry.number(at.AT_BYTE_SIZE) ?? typeSize) - fromTop - bitSize, 0);
}

export function readVariants(structure: Entry, typeOf: (entry: Entry) => Type): VariantPart | undefined {
  for (const child of structure.children()) {
    if (child.tag !== at.TAG_VARIANT_PART) continue;
    const discriminant = child.reference(at.AT_DISCR);
    const variants: { value: bigint | undefined; members: Member[] }[] = [];
    for (const variant of child.children()) {
      if (variant.tag !== at.TAG_VARIANT || variants.length >= MAX_MEMBERS) continue;
      variants.push({
        value: constantOf(variant.attributes.get(at.AT_DISCR_VALUE)),
        members: readMembers(variant, typeOf),
      });
    }
    return { discriminant: discriminant && memberOf(discriminant, typeOf), variants };
  }
  return undefined;
}
