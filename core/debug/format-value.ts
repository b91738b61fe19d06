/**
 * Objects as text on one line, in C's syntax and spaced as gdb prints them: `{x = 1, y = 2}`, `"text"`,
 * `0x8049000 <main>`. Bounded in depth, elements and length, whatever types and memory say.
 */
import { nanText } from './float.ts';
import { rustText } from './format-rust.ts';
import { addressText, isCharacter, numberText, type SymbolAt } from './format-scalar.ts';
import { MAX_ELEMENTS, REPEATS, stringText } from './format-text.ts';
import { readStorage, StorageError, type StorageReader } from './storage.ts';
import { type ArrayType, isScalar, plain, type StructType, sizeOf, VOID } from './types.ts';
import { type DataObject, elementObject, loadObject, memberObject, readObject, type Value } from './value.ts';
import { activeMembers } from './variant.ts';

export interface FormatContext {
  readonly reader: StorageReader;
  readonly symbolAt: SymbolAt;
}

/** gdb's own limit: `print max-depth`. */
const MAX_DEPTH = 20;
/** A line longer than this is cut: nobody reads it, and its object has children. */
const MAX_TEXT = 4000;
const SEEN = '<same as static member of an already seen type>';

/** What stands for an object; what cannot be read says why in its place. */
export async function formatObject(object: DataObject, context: FormatContext): Promise<string> {
  return new Formatter(context).object(object, 0);
}

export async function formatValue(value: Value, context: FormatContext): Promise<string> {
  const formatter = new Formatter(context);
  if (value.reference !== undefined) return formatter.object(value.reference, 0);
  if (!isScalar(value.type) && value.object !== undefined) return formatter.object(value.object, 0);
  return formatter.scalar(value);
}

class Formatter {
  private readonly context: FormatContext;
  private length = 0;
  private readonly statics = new Set<number>();

  constructor(context: FormatContext) {
    this.context = context;
  }

  async object(object: DataObject, depth: number): Promise<string> {
    if (this.length > MAX_TEXT) return '...';
    const text = await this.guarded(object, depth);
    this.length += Math.min(text.length, MAX_TEXT);
    return text;
  }

  private async guarded(object: DataObject, depth: number): Promise<string> {
    try {
      return await this.text(object, depth);
    } catch (error) {
      if (error instanceof StorageError) return error.message;
      throw error;
    }
  }

  private async text(object: DataObject, depth: number): Promise<string> {
    const { storage } = object;
    if (storage.kind === 'absent') return storage.why;
    const inner = plain(object.type);
    // Nothing of it is there: once said is enough.
    if (depth === 0 && storage.kind === 'memory' && sizeOf(inner) > 0)
      await readStorage(storage, 1, this.context.reader);
    switch (inner.kind) {
      case 'struct':
        if (depth >= MAX_DEPTH) return '{...}';
        if (inner.syntax !== 'rust') return this.struct(object, inner, depth);
        return rustText(object, inner, this.context.reader, (part) => this.object(part, depth + 1));
      case 'array':
        return depth >= MAX_DEPTH ? '{...}' : this.array(object, inner, depth);
      case 'pointer':
        if (inner.reference !== undefined) return this.reference(object, depth);
        return this.scalar(await loadObject(object, this.context.reader));
      case 'function':
      case 'void':
      case 'unknown':
        return inner.kind === 'unknown' ? inner.name : inner.kind === 'void' ? 'void' : '{...}';
      default:
        return this.scalar(await loadObject(object, this.context.reader));
    }
  }

  async scalar(value: Value): Promise<string> {
    const inner = plain(value.type);
    if (inner.kind === 'void') return 'void';
    if (Number.isNaN(value.float) && value.object !== undefined)
      return nanText(await readObject(value.object, this.context.reader));
    const text = numberText(value.value, value.float, value.type, this.context.symbolAt);
    if (inner.kind !== 'pointer' || !isCharacter(inner.target) || value.value === 0n) return text;
    const string = await this.stringAt(Number(BigInt.asUintN(32, value.value)));
    return string === undefined ? text : `${text} ${string}`;
  }

  /** What a reference refers to, with its address. */
  private async reference(object: DataObject, depth: number): Promise<string> {
    const { object: target, value } = await loadObject(object, this.context.reader);
    if (target?.storage.kind !== 'memory') return String(value);
    const address = `@0x${target.storage.address.toString(16)}`;
    if (depth === 0) await readStorage(target.storage, Math.min(sizeOf(target.type), 1), this.context.reader);
    // Inside of something else the address is enough: what it refers to has a place of its own.
    return depth > 0 ? address : `${address}: ${await this.object(target, depth + 1)}`;
  }

  private async struct(object: DataObject, type: StructType, depth: number): Promise<string> {
    if (type.isIncomplete) return '<incomplete type>';
    const parts: string[] = [];
    const active = await activeMembers(object, type, this.context.reader);
    for (const member of active.members) {
      if (this.length > MAX_TEXT || parts.length >= MAX_ELEMENTS) {
        parts.push('...');
        break;
      }
      const isStatic = member.elsewhere !== undefined;
      const part = memberObject(object, member);
      const text = isStatic && this.isSeen(part) ? SEEN : await this.object(part, depth + 1);
      const own = isStatic ? `static ${member.name}` : member.name;
      const label = member.isBase ? `<${typeLabel(member.type)}> = ` : member.name === '' ? '' : `${own} = `;
      parts.push(label + text);
    }
    const body = parts.length === 0 ? '{}' : `{${parts.join(', ')}}`;
    return active.variant === undefined ? body : `${active.variant.name} ${body}`;
  }

  /** A class may have objects of itself as static members: those are shown once. */
  private isSeen({ type, storage }: DataObject): boolean {
    if (storage.kind !== 'memory' || plain(type).kind !== 'struct') return false;
    const isSeen = this.statics.has(storage.address);
    this.statics.add(storage.address);
    return isSeen;
  }

  private async array(object: DataObject, type: ArrayType, depth: number): Promise<string> {
    // Of an array without a bound all that is known is where it begins.
    if (type.count === undefined && object.storage.kind === 'memory')
      return addressText(BigInt(object.storage.address), VOID, this.context.symbolAt);
    const count = type.count ?? 0;
    if (isCharacter(type.element)) {
      const text = await this.characters(object, count);
      if (text !== undefined) return text;
    }
    const shown: string[] = [];
    let index = 0;
    let printed = 0;
    // Every element of a run counts as one: a page of zeros is short.
    while (index < count && printed < MAX_ELEMENTS && this.length <= MAX_TEXT) {
      const text = await this.object(elementObject(object, type.element, index), depth + 1);
      const run = await this.run(object, type, index, Math.min(count, index + MAX_RUN));
      if (run >= REPEATS) shown.push(`${text} <repeats ${run} times>`);
      else for (let i = 0; i < run; i++) shown.push(text);
      printed += Math.min(run, REPEATS);
      index += run;
    }
    const list = shown.join(', ') + (index < count ? '...' : '');
    return type.syntax === 'rust' ? `[${list}]` : `{${list}}`;
  }

  /** How many elements from `index` on have the same bytes. */
  private async run(object: DataObject, type: ArrayType, index: number, end: number): Promise<number> {
    const size = sizeOf(type.element);
    if (size === 0) return end - index;
    const all = { ...elementObject(object, type.element, index), type: { ...type, count: end - index } };
    let bytes: Uint8Array;
    try {
      bytes = await readObject(all, this.context.reader);
    } catch (error) {
      if (error instanceof StorageError) return 1;
      throw error;
    }
    let run = 1;
    while (index + run < end && sameBytes(bytes, 0, run * size, size)) run++;
    return run;
  }

  /** Undefined when parts are missing: then the others are shown one by one. */
  private async characters(object: DataObject, count: number): Promise<string | undefined> {
    const length = Math.min(count, MAX_ELEMENTS * 20);
    const type: ArrayType = { kind: 'array', element: CHARACTER, count: length };
    try {
      return stringText(await readObject({ ...object, type }, this.context.reader), count > length);
    } catch (error) {
      if (error instanceof StorageError && object.storage.kind === 'pieces') return undefined;
      throw error;
    }
  }

  /** The text at an address, up to its NUL; undefined when nothing can be read there. */
  private async stringAt(address: number): Promise<string | undefined> {
    const bytes = await this.context.reader.readMemory(address, MAX_ELEMENTS + 1);
    if (bytes.length === 0) return `<error: Cannot access memory at address 0x${address.toString(16)}>`;
    const end = bytes.indexOf(0);
    const isCut = end < 0;
    return stringText(bytes.subarray(0, isCut ? Math.min(bytes.length, MAX_ELEMENTS) : end + 1), isCut);
  }
}

const CHARACTER = { kind: 'integer', name: 'char', size: 1, signed: true } as const;
/** Elements that are compared with the first of them. */
const MAX_RUN = 4096;

function sameBytes(bytes: Uint8Array, a: number, b: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

function typeLabel(type: DataObject['type']): string {
  const inner = plain(type);
  return inner.kind === 'struct' ? inner.name : '';
}
