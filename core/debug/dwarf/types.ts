/**
 * Types from debugging entries. Every entry is made into a type once; a chain that comes back to itself
 * without a pointer or a member in between is damaged and ends in an unknown type. DWARF 5, chapter 5.
 */
import { OPTIMIZED_OUT, type Storage } from '../storage.ts';
import {
  type ArrayType,
  type EnumType,
  type FunctionType,
  type Member,
  type PointerType,
  type StructType,
  type Syntax,
  sizeOf,
  type Type,
  UNKNOWN,
  type VariantPart,
  VOID,
} from '../types.ts';
import * as at from './attributes.ts';
import { constantOf } from './constant.ts';
import type { Entry } from './entries.ts';
import { readMembers, readVariants } from './members.ts';
import { canonicalName, enumeratorPrefix, isCPlusPlus, isRust, isTagLanguage, qualifiedName } from './names.ts';

// DW_ATE (DWARF 5, 7.8).
const ENCODING_BOOLEAN = 2;
const ENCODING_FLOAT = 4;
const ENCODING_SIGNED = 5;
const ENCODING_SIGNED_CHAR = 6;
const ENCODING_UNSIGNED_CHAR = 8;
const ENCODING_UTF = 0x10;

/** Enumerators that are kept of one type. */
const MAX_VALUES = 65_536;
const MAX_PARAMETERS = 256;
const MAX_CHAIN = 100;

export class Types {
  private readonly made = new Map<Entry, Type>();
  private readonly making = new Set<Entry>();
  /** The definition of a structure that this file declares; set by whoever knows all names. */
  definitionOf: (name: string) => Entry | undefined = () => undefined;
  /** Where the static member of a class lies, by its declaration there. */
  staticStorage: (declaration: Entry) => Storage = () => OPTIMIZED_OUT;

  /** The type that an entry (a variable, a member, a parameter) is of; none is void. */
  of(entry: Entry): Type {
    const holder = entry.holder(at.AT_TYPE);
    if (holder === undefined) return VOID;
    const found = holder.reference(at.AT_TYPE);
    return found === undefined ? UNKNOWN : this.make(found);
  }

  make(entry: Entry): Type {
    const known = this.made.get(entry);
    if (known !== undefined) return known;
    if (this.making.has(entry) || this.making.size > MAX_CHAIN) return UNKNOWN;
    this.making.add(entry);
    const type = this.build(entry);
    this.making.delete(entry);
    this.made.set(entry, type);
    return type;
  }

  private build(entry: Entry): Type {
    switch (entry.tag) {
      case at.TAG_BASE_TYPE:
        return baseType(entry);
      case at.TAG_POINTER_TYPE:
        return this.pointer(entry);
      case at.TAG_PTR_TO_MEMBER_TYPE:
        return { kind: 'integer', name: 'pointer to member', size: entry.number(at.AT_BYTE_SIZE) ?? 4, signed: true };
      case at.TAG_REFERENCE_TYPE:
        return this.pointer(entry, '&');
      case at.TAG_RVALUE_REFERENCE_TYPE:
        return this.pointer(entry, '&&');
      case at.TAG_TYPEDEF:
        return { kind: 'named', name: qualifiedName(entry), target: this.of(entry) };
      case at.TAG_CONST_TYPE:
        return { kind: 'qualified', qualifier: 'const', target: this.of(entry) };
      case at.TAG_VOLATILE_TYPE:
        return { kind: 'qualified', qualifier: 'volatile', target: this.of(entry) };
      case at.TAG_RESTRICT_TYPE:
        return { kind: 'qualified', qualifier: 'restrict', target: this.of(entry) };
      case at.TAG_ATOMIC_TYPE:
        return { kind: 'qualified', qualifier: '_Atomic', target: this.of(entry) };
      case at.TAG_ARRAY_TYPE:
        return this.array(entry);
      case at.TAG_STRUCTURE_TYPE:
        return this.struct(entry, 'struct');
      case at.TAG_CLASS_TYPE:
        return this.struct(entry, 'class');
      case at.TAG_UNION_TYPE:
        return this.struct(entry, 'union');
      case at.TAG_ENUMERATION_TYPE:
        return this.enumeration(entry);
      case at.TAG_SUBROUTINE_TYPE:
      case at.TAG_SUBPROGRAM:
        return this.function(entry);
      case at.TAG_SUBRANGE_TYPE:
        return this.of(entry);
      case at.TAG_UNSPECIFIED_TYPE:
        return { kind: 'unknown', name: entry.text(at.AT_NAME) ?? UNKNOWN.name };
      default:
        return UNKNOWN;
    }
  }

  private pointer(entry: Entry, reference?: '&' | '&&'): PointerType {
    const name = isRust(entry) ? entry.text(at.AT_NAME) : undefined;
    return new LazyPointer(() => this.of(entry), reference, name);
  }

  /** Dimensions stand in source order, each a subrange (or an enumeration) below the array. */
  private array(entry: Entry): Type {
    const counts: (number | undefined)[] = [];
    for (const child of entry.children()) if (child.tag === at.TAG_SUBRANGE_TYPE) counts.push(countOf(child));
    let type: Type = this.of(entry);
    for (const count of (counts.length === 0 ? [undefined] : counts.slice(0, 16)).reverse()) {
      const array: ArrayType = { kind: 'array', element: type, count, syntax: syntaxOf(entry) };
      type = array;
    }
    return type;
  }

  private struct(entry: Entry, keyword: StructType['keyword']): Type {
    const signed = entry.reference(at.AT_SIGNATURE);
    if (signed !== undefined && signed !== entry) return this.make(signed);
    const name = qualifiedName(entry);
    if (entry.has(at.AT_DECLARATION)) {
      const definition = this.definitionOf(name);
      if (definition !== undefined && definition !== entry && !definition.has(at.AT_DECLARATION))
        return this.make(definition);
    }
    return new EntryStruct(entry, keyword, name, this);
  }

  private enumeration(entry: Entry): EnumType {
    const size = entry.number(at.AT_BYTE_SIZE) ?? sizeOf(this.of(entry));
    const prefix = enumeratorPrefix(entry);
    const values: { name: string; value: bigint }[] = [];
    for (const child of entry.children()) {
      if (child.tag !== at.TAG_ENUMERATOR || values.length >= MAX_VALUES) continue;
      values.push({
        name: prefix + (child.text(at.AT_NAME) ?? ''),
        value: constantOf(child.attributes.get(at.AT_CONST_VALUE)) ?? 0n,
      });
    }
    const base = this.of(entry);
    const signed = base.kind === 'integer' ? base.signed : values.some(({ value }) => value < 0n);
    const bits = Math.min(Math.max(size, 1), 8) * 8;
    const wrap = (value: bigint) => (signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value));
    return {
      kind: 'enum',
      name: qualifiedName(entry),
      isTag: isTagLanguage(entry),
      size,
      signed,
      values: values.map(({ name, value }) => ({ name, value: wrap(value) })),
    };
  }

  private function(entry: Entry): FunctionType {
    const parameters: Entry[] = [];
    let isVariadic = false;
    for (const child of entry.children()) {
      if (child.tag === at.TAG_FORMAL_PARAMETER && parameters.length < MAX_PARAMETERS) parameters.push(child);
      else if (child.tag === at.TAG_UNSPECIFIED_PARAMETERS) isVariadic = true;
    }
    return new EntryFunction(entry, parameters, isVariadic, this);
  }
}

function baseType(entry: Entry): Type {
  const given = entry.text(at.AT_NAME) ?? '';
  const name = isCPlusPlus(entry) ? canonicalName(given) : given;
  const size = entry.number(at.AT_BYTE_SIZE) ?? 0;
  const encoding = entry.number(at.AT_ENCODING) ?? 0;
  if (encoding === ENCODING_FLOAT && size <= 16) return { kind: 'float', name, size };
  const signed = encoding === ENCODING_SIGNED || encoding === ENCODING_SIGNED_CHAR;
  const integer = { kind: 'integer', name, size: Math.min(size, 16), signed } as const;
  if (encoding === ENCODING_BOOLEAN) return { ...integer, reads: 'boolean' };
  const isText = encoding === ENCODING_SIGNED_CHAR || encoding === ENCODING_UNSIGNED_CHAR || encoding === ENCODING_UTF;
  return isText ? { ...integer, reads: 'character' } : integer;
}

/** Elements of one dimension; undefined when it has no bound. */
function countOf(subrange: Entry): number | undefined {
  const count = subrange.number(at.AT_COUNT);
  if (count !== undefined) return count >= 0 && count <= 0xffff_ffff ? count : 0;
  const bound = subrange.number(at.AT_UPPER_BOUND);
  if (bound === undefined) return undefined;
  // All ones is -1: no elements.
  return bound < 0 || bound >= 0xffff_ffff ? 0 : bound + 1;
}

function syntaxOf(entry: Entry): Syntax | undefined {
  return isRust(entry) ? 'rust' : undefined;
}

class LazyPointer implements PointerType {
  readonly kind = 'pointer';
  readonly reference: '&' | '&&' | undefined;
  readonly name: string | undefined;
  private readonly find: () => Type;
  private found: Type | undefined;

  constructor(find: () => Type, reference: '&' | '&&' | undefined, name: string | undefined) {
    this.find = find;
    this.name = name;
    this.reference = reference;
  }

  get target(): Type {
    this.found ??= this.find();
    return this.found;
  }
}

class EntryFunction implements FunctionType {
  readonly kind = 'function';
  readonly isVariadic: boolean;
  readonly isPrototyped: boolean;
  readonly syntax: Syntax | undefined;
  private readonly entry: Entry;
  private readonly list: readonly Entry[];
  private readonly types: Types;

  constructor(entry: Entry, list: readonly Entry[], isVariadic: boolean, types: Types) {
    this.entry = entry;
    this.list = list;
    this.isVariadic = isVariadic;
    this.syntax = syntaxOf(entry);
    this.isPrototyped = entry.has(at.AT_PROTOTYPED) || !isTagLanguage(entry);
    this.types = types;
  }

  get result(): Type {
    return this.types.of(this.entry);
  }

  get parameters(): Type[] {
    return this.list.map((parameter) => this.types.of(parameter));
  }
}

class EntryStruct implements StructType {
  readonly kind = 'struct';
  readonly keyword: StructType['keyword'];
  readonly name: string;
  readonly isTag: boolean;
  readonly syntax: Syntax | undefined;
  readonly size: number;
  readonly isIncomplete: boolean;
  private readonly entry: Entry;
  private readonly types: Types;
  private memberList: readonly Member[] | undefined;
  private variantPart: VariantPart | undefined;

  constructor(entry: Entry, keyword: StructType['keyword'], name: string, types: Types) {
    this.entry = entry;
    this.keyword = keyword;
    this.name = name;
    this.isTag = isTagLanguage(entry);
    this.syntax = syntaxOf(entry);
    this.size = entry.number(at.AT_BYTE_SIZE) ?? 0;
    this.isIncomplete = entry.has(at.AT_DECLARATION);
    this.types = types;
  }

  get members(): readonly Member[] {
    this.memberList ??= readMembers(
      this.entry,
      (entry) => this.types.of(entry),
      (entry) => this.types.staticStorage(entry),
    );
    return this.memberList;
  }

  get variants(): VariantPart | undefined {
    this.variantPart ??= readVariants(this.entry, (entry) => this.types.of(entry));
    return this.variantPart;
  }
}
