/** What an object is made of, for trees that open a node at a time: members, elements, what is pointed to. */
import { sliceOf } from './format-rust.ts';
import type { StorageReader } from './storage.ts';
import { isScalar, plain, type Type } from './types.ts';
import { type DataObject, elementObject, loadObject, memberObject, referred } from './value.ts';
import { activeMembers } from './variant.ts';

export interface Child {
  readonly name: string;
  readonly object: DataObject;
  /** What to put behind an expression of the parent to get this: `.x`, `[3]`, `->x`; `*` stands in front. */
  readonly path: string;
}

export interface ChildCount {
  readonly named: number;
  readonly indexed: number;
}

/** How many children there can be; both 0 for what cannot be opened. */
export function childCount(type: Type): ChildCount {
  const inner = plain(type);
  switch (inner.kind) {
    case 'struct':
      return { named: Math.max(inner.members.length, inner.variants === undefined ? 0 : 1), indexed: 0 };
    case 'array':
      return { named: 0, indexed: inner.count ?? 0 };
    case 'pointer': {
      const target = plain(inner.target);
      if (inner.reference !== undefined) return isReference(target) ? { named: 0, indexed: 0 } : childCount(target);
      // Behind a pointer to a structure are its members; behind another the one thing it points to.
      if (target.kind === 'struct') return childCount(target);
      return { named: isScalar(target) || target.kind === 'array' ? 1 : 0, indexed: 0 };
    }
    default:
      return { named: 0, indexed: 0 };
  }
}

/** Children `start` to `start + count`. @throws StorageError when a pointer or a discriminant cannot be read */
export async function childrenOf(
  object: DataObject,
  reader: StorageReader,
  start: number,
  count: number,
): Promise<Child[]> {
  const inner = plain(object.type);
  if (inner.kind === 'array') {
    const end = Math.min(inner.count ?? 0, start + count);
    const list: Child[] = [];
    for (let i = start; i < end; i++)
      list.push({ name: `[${i}]`, object: elementObject(object, inner.element, i), path: `[${i}]` });
    return list;
  }
  if (inner.kind === 'struct') {
    const slice = await sliceOf(object, inner, reader);
    if (slice !== undefined) return childrenOf(slice, reader, start, count);
    const { members } = await activeMembers(object, inner, reader);
    const found: Child[] = [];
    for (const member of members) {
      const child = memberObject(object, member);
      const name = inner.syntax === 'rust' ? member.name.replace(/^__(?=\d+$)/, '') : member.name;
      if (name !== '' && !member.isBase) found.push({ name, object: child, path: `.${name}` });
      else found.push({ name: member.isBase ? baseName(member.type) : '<anonymous>', object: child, path: '' });
    }
    return found.slice(start, start + count);
  }
  if (inner.kind !== 'pointer') return [];
  if (inner.reference !== undefined) {
    const target = await referred(object, reader);
    return isReference(target.type) ? [] : childrenOf(target, reader, start, count);
  }
  const { value } = await loadObject(object, reader);
  if (value === 0n) return [];
  const target: DataObject = {
    type: inner.target,
    storage: { kind: 'memory', address: Number(BigInt.asUintN(32, value)) },
  };
  if (plain(inner.target).kind !== 'struct') return start > 0 ? [] : [{ name: '*', object: target, path: '*' }];
  const members = await childrenOf(target, reader, start, count);
  return members.map((child) => ({ ...child, path: child.path.replace(/^\./, '->') }));
}

/** There is none behind another: debug information that says so is damaged, and may go on forever. */
function isReference(type: Type): boolean {
  const inner = plain(type);
  return inner.kind === 'pointer' && inner.reference !== undefined;
}

function baseName(type: Type): string {
  const inner = plain(type);
  return inner.kind === 'struct' ? inner.name : '<base>';
}
