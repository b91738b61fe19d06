/**
 * Types of what a debugger shows: those of C, with what C++ and Rust need beside them. They come from debug
 * information (dwarf/types.ts) or are the debugger's own (expression-types.ts). What a pointer points to
 * and what a structure holds is made when it is asked for: types refer to themselves.
 */

import type { Storage } from './storage.ts';

/** A way to write types and values that is not C's. */
export type Syntax = 'rust';

export interface IntegerType {
  readonly kind: 'integer';
  readonly name: string;
  /** In bytes, as all sizes here. */
  readonly size: number;
  readonly signed: boolean;
  /** How a value reads: as a number unless it says otherwise. */
  readonly reads?: 'character' | 'boolean';
}

export interface FloatType {
  readonly kind: 'float';
  readonly name: string;
  readonly size: number;
}

export interface PointerType {
  readonly kind: 'pointer';
  readonly target: Type;
  /** Rust names its pointers: `&str`, `*const u8`. */
  readonly name?: string;
  /** A reference shows what it refers to. */
  readonly reference?: '&' | '&&';
}

export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
  readonly isTag: boolean;
}

export interface Member {
  /** Empty for an anonymous structure or union, whose members count as those around it. */
  readonly name: string;
  readonly type: Type;
  /** From the start of the structure, lowest bit of a byte first. */
  readonly bitOffset: number;
  /** Of a bit-field. */
  readonly bitSize?: number;
  readonly isBase: boolean;
  /** Of a static member: it lies elsewhere, once for all objects. */
  readonly elsewhere?: Storage;
}

/** Members that are there only for some values of the discriminant (Rust's enums). */
export interface VariantPart {
  readonly discriminant?: Member;
  readonly variants: readonly { readonly value: bigint | undefined; readonly members: readonly Member[] }[];
}

export interface StructType {
  readonly kind: 'struct';
  readonly keyword: 'struct' | 'union' | 'class';
  /** Empty when it has none. */
  readonly name: string;
  /** In C the name is a tag: it reads `struct NAME`. In C++ and Rust it is the type's name. */
  readonly isTag: boolean;
  /** Values and the types made of it are written in this language's way; else as in C. */
  readonly syntax?: Syntax;
  readonly size: number;
  /** Declared here and defined nowhere. */
  readonly isIncomplete: boolean;
  readonly members: readonly Member[];
  readonly variants: VariantPart | undefined;
}

export interface ArrayType {
  readonly kind: 'array';
  readonly syntax?: Syntax;
  readonly element: Type;
  /** Undefined for a flexible one. */
  readonly count: number | undefined;
}

export interface FunctionType {
  readonly kind: 'function';
  readonly syntax?: Syntax;
  readonly result: Type;
  readonly parameters: readonly Type[];
  readonly isVariadic: boolean;
  readonly isPrototyped: boolean;
}

export interface VoidType {
  readonly kind: 'void';
}

export interface NamedType {
  readonly kind: 'named';
  readonly name: string;
  readonly target: Type;
}

export interface QualifiedType {
  readonly kind: 'qualified';
  readonly qualifier: 'const' | 'volatile' | 'restrict' | '_Atomic';
  readonly target: Type;
}

/** Debug information that is damaged, or of a kind that nobody knows. */
export interface UnknownType {
  readonly kind: 'unknown';
  readonly name: string;
}

export type Type =
  | IntegerType
  | FloatType
  | PointerType
  | EnumType
  | StructType
  | ArrayType
  | FunctionType
  | VoidType
  | NamedType
  | QualifiedType
  | UnknownType;

export type PlainType = Exclude<Type, NamedType | QualifiedType>;

export const VOID: VoidType = { kind: 'void' };
export const UNKNOWN: UnknownType = { kind: 'unknown', name: '<unknown type>' };

/** Deeper nesting of names and dimensions than any compiler writes. */
export const MAX_TYPE_DEPTH = 64;

/** Without typedefs and qualifiers. */
export function plain(type: Type): PlainType {
  let inner = type;
  for (let depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
    if (inner.kind !== 'named' && inner.kind !== 'qualified') return inner;
    inner = inner.target;
  }
  return UNKNOWN;
}

/** Bytes of an object; 0 where there are none or nobody knows. */
export function sizeOf(type: Type): number {
  let factor = 1;
  let inner = plain(type);
  for (let depth = 0; inner.kind === 'array' && depth < MAX_TYPE_DEPTH; depth++) {
    factor *= inner.count ?? 0;
    inner = plain(inner.element);
  }
  switch (inner.kind) {
    case 'pointer':
      return 4 * factor;
    case 'integer':
    case 'float':
    case 'enum':
    case 'struct':
      return inner.size * factor;
    case 'function':
      return factor;
    default:
      return 0;
  }
}

/** A number of some kind: what arithmetic, conditions and registers work with. */
export function isScalar(type: Type): boolean {
  const { kind } = plain(type);
  return kind === 'integer' || kind === 'pointer' || kind === 'enum' || kind === 'float';
}

export function isSigned(type: Type): boolean {
  const inner = plain(type);
  return (inner.kind === 'integer' || inner.kind === 'enum') && inner.signed;
}
