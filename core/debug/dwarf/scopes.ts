/**
 * What is visible at an address: the function, the functions inlined into it there, the blocks inside each,
 * and their variables. Addresses are those of the file. DWARF 5, 3.3 to 3.5 and 4.1.
 */
import * as at from './attributes.ts';
import type { Entry } from './entries.ts';
import { functionName } from './names.ts';
import type { Range } from './ranges.ts';

/** A function, or a copy of one that was inlined, and the blocks of it that are open at an address. */
export interface FunctionScope {
  /** DW_TAG_subprogram or DW_TAG_inlined_subroutine. */
  readonly entry: Entry;
  readonly name: string;
  readonly isInlined: boolean;
  /** Innermost first; the function itself is the last. */
  readonly blocks: readonly Entry[];
  /** Of an inlined copy: the address is where its code, or a piece of it, begins. */
  readonly isAtStart: boolean;
  /** Where an inlined copy was called. */
  readonly call?: { readonly file: number; readonly line: number; readonly column: number | undefined };
}

const MAX_DEPTH = 256;

/** The functions at `address`, innermost first; the last is the one that really exists. */
export function functionScopes(subprogram: Entry, address: number): FunctionScope[] {
  const chain: Entry[] = [subprogram];
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    const inner = innerScope(chain[chain.length - 1], address);
    if (inner === undefined) break;
    chain.push(inner);
  }
  const scopes: FunctionScope[] = [];
  let blocks: Entry[] = [];
  for (const entry of chain.reverse()) {
    blocks.push(entry);
    if (entry.tag === at.TAG_LEXICAL_BLOCK) continue;
    scopes.push(functionScope(entry, blocks, address));
    blocks = [];
  }
  return scopes;
}

function functionScope(entry: Entry, blocks: readonly Entry[], address: number): FunctionScope {
  const isInlined = entry.tag === at.TAG_INLINED_SUBROUTINE;
  const isAtStart = isInlined && rangeAround(entry, address - 1) === undefined;
  const scope = { entry, name: functionName(entry), isInlined, isAtStart, blocks };
  const line = entry.number(at.AT_CALL_LINE);
  if (!isInlined || line === undefined) return scope;
  const file = entry.number(at.AT_CALL_FILE) ?? 0;
  return { ...scope, call: { file, line, column: entry.number(at.AT_CALL_COLUMN) } };
}

function innerScope(scope: Entry, address: number): Entry | undefined {
  for (const child of scope.children()) {
    if (child.tag !== at.TAG_LEXICAL_BLOCK && child.tag !== at.TAG_INLINED_SUBROUTINE) continue;
    if (rangeAround(child, address) !== undefined) return child;
  }
  return undefined;
}

/** The piece of a scope's code that an address lies in. */
export function rangeAround(scope: Entry, address: number): Range | undefined {
  return scope.unit.ranges(scope.attributes).find(({ start, end }) => address >= start && address < end);
}

/** Whether the names of one function are seen in the other, whose entry is inside of it. */
export function encloses(outer: FunctionScope, inner: FunctionScope): boolean {
  let scope = inner.entry.parent;
  for (let depth = 0; scope !== undefined && depth < MAX_DEPTH; depth++) {
    if (scope === outer.entry) return !inner.isInlined;
    scope = scope.parent;
  }
  return false;
}

export function parametersOf(scope: FunctionScope): Entry[] {
  return named(scope.entry, at.TAG_FORMAL_PARAMETER);
}

/** Variables of one block. */
export function variablesOf(block: Entry): Entry[] {
  return named(block, at.TAG_VARIABLE);
}

/** The entries of a tag below a scope; those that its abstract origin has beyond them were optimized away. */
function named(scope: Entry, tag: number): Entry[] {
  const own = [...scope.children()];
  const origin = scope.reference(at.AT_ABSTRACT_ORIGIN);
  if (origin !== undefined) {
    const concrete = new Set(own.map((entry) => entry.reference(at.AT_ABSTRACT_ORIGIN)));
    for (const entry of origin.children()) if (!concrete.has(entry)) own.push(entry);
  }
  return own.filter((entry) => entry.tag === tag && entry.inheritedText(at.AT_NAME) !== undefined);
}
