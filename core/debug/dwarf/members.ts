/** Members, base classes, bit-fields and variant parts of structures. DWARF 5, 5.7. */
import { ByteCursor } from '../../util/bytes.ts';
import { type Member, sizeOf, type Type, type VariantPart } from '../types.ts';
import * as at from './attributes.ts';
import { constantOf } from './constant.ts';
import type { Entry } from './entries.ts';

const MAX_MEMBERS = 65_536;
const OP_CONSTU = 0x10;
const OP_PLUS_UCONST = 0x23;

export function readMembers(structure: Entry, typeOf: (entry: Entry) => Type): Member[] {
  const members: Member[] = [];
  for (const child of structure.children()) {
    if (members.length >= MAX_MEMBERS) break;
    const member = memberOf(child, typeOf);
    if (member !== undefined) members.push(member);
  }
  return members;
}

function memberOf(entry: Entry, typeOf: (entry: Entry) => Type): Member | undefined {
  const isBase = entry.tag === at.TAG_INHERITANCE;
  if (!isBase && entry.tag !== at.TAG_MEMBER) return undefined;
  // A static member is a variable elsewhere.
  if (entry.has(at.AT_EXTERNAL) || entry.has(at.AT_DECLARATION)) return undefined;
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
