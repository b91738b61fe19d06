/** Which members of a structure are there: those of all its values, and those of the variant that is active. */
import { StorageError, type StorageReader } from './storage.ts';
import { type Member, plain, type StructType, sizeOf } from './types.ts';
import { type DataObject, memberObject, numberOf, readObject } from './value.ts';

export interface ActiveMembers {
  readonly members: readonly Member[];
  readonly variant: ActiveVariant | undefined;
}

export interface ActiveVariant {
  readonly name: string;
  readonly type: StructType;
}

/** @throws StorageError when the discriminant cannot be read */
export async function activeMembers(
  object: DataObject,
  type: StructType,
  reader: StorageReader,
): Promise<ActiveMembers> {
  const { variants: part, members } = type;
  if (part === undefined) return { members, variant: undefined };
  let value: bigint | undefined;
  if (part.discriminant !== undefined) {
    const discriminant = memberObject(object, part.discriminant);
    value = numberOf(await readObject(discriminant, reader), discriminant.type, discriminant.bits);
    value = BigInt.asUintN(8 * Math.max(sizeOf(discriminant.type), 1), value);
  }
  const active =
    part.variants.find((variant) => variant.value !== undefined && variant.value === value) ??
    part.variants.find((variant) => variant.value === undefined);
  if (active === undefined) throw new StorageError('<no active variant>');
  return flattened([...members], active.members);
}

/** A variant of Rust is one member, a structure of the variant's name: its members are what is wanted. */
function flattened(common: readonly Member[], own: readonly Member[]): ActiveMembers {
  const only = own.length === 1 ? own[0] : undefined;
  const inner = only && plain(only.type);
  if (only === undefined || inner?.kind !== 'struct') return { members: [...common, ...own], variant: undefined };
  const moved = inner.members.map((member) => ({ ...member, bitOffset: member.bitOffset + only.bitOffset }));
  return { members: [...common, ...moved], variant: { name: only.name, type: inner } };
}
