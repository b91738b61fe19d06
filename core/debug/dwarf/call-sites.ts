/**
 * Calls as the compiler tells of them: which function a call site calls, what it passes, and which functions
 * go on in others instead of returning. Addresses are those of the file. DWARF 5, 3.4; the GNU forms before it.
 */
import * as at from './attributes.ts';
import type { Entry } from './entries.ts';

/** What is asked of the rest of a file. */
export interface CodeIndex {
  /** The function around an address. */
  subprogramAt(address: number): Entry | undefined;
  /** The address of a symbol. */
  symbol(name: string): number | undefined;
  /** Whether the file has anything at a linked address. */
  isLoaded(linked: number): boolean;
}

/** What a site calls: addresses, an expression over the caller's registers, or nobody knows. */
export type CallTarget = readonly number[] | Uint8Array | undefined;

/** Functions that are looked at for one that goes on in itself. */
const MAX_TAIL_CALLS = 256;

export class CallSites {
  private readonly code: CodeIndex;
  /** By the address behind the call. */
  private readonly sites = new Map<Entry, Map<number, Entry>>();

  constructor(code: CodeIndex) {
    this.code = code;
  }

  /** The call that returns to an address. */
  at(returnAddress: number): Entry | undefined {
    const subprogram = this.code.subprogramAt(returnAddress - 1);
    return subprogram && this.sitesOf(subprogram).get(returnAddress);
  }

  private sitesOf(subprogram: Entry): Map<number, Entry> {
    let sites = this.sites.get(subprogram);
    if (sites === undefined) {
      sites = new Map();
      for (const entry of subprogram.descendants()) {
        if (entry.tag !== at.TAG_CALL_SITE && entry.tag !== at.TAG_GNU_CALL_SITE) continue;
        const behind = entry.address(at.AT_CALL_RETURN_PC) ?? entry.address(at.AT_LOW_PC);
        if (behind !== undefined) sites.set(behind, entry);
      }
      this.sites.set(subprogram, sites);
    }
    return sites;
  }

  targetOf(site: Entry): CallTarget {
    const target = site.attributes.get(at.AT_CALL_TARGET) ?? site.attributes.get(at.AT_GNU_CALL_SITE_TARGET);
    if (target !== undefined) return target.kind === 'block' ? target.bytes : undefined;
    const callee = site.reference(at.AT_CALL_ORIGIN) ?? site.reference(at.AT_ABSTRACT_ORIGIN);
    if (callee === undefined) return undefined;
    if (callee.has(at.AT_DECLARATION)) {
      const name = callee.text(at.AT_LINKAGE_NAME) ?? callee.text(at.AT_NAME);
      const address = name === undefined ? undefined : this.code.symbol(name);
      return address === undefined ? undefined : [address];
    }
    const starts = callee.unit.ranges(callee.attributes).map(({ start }) => start);
    return starts.length === 0 ? undefined : starts;
  }

  /**
   * False where a function may have been entered again by a jump since it was called: what its call site
   * passed is then not what it began with. As in gdb, a jump to nobody knows where counts as one to itself.
   */
  isEnteredOnlyByCalls(subprogram: Entry): boolean {
    const seen = new Set<Entry>();
    const open = [subprogram];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const callee of this.tailCallees(next)) {
        if (callee === undefined || callee === subprogram || seen.size > MAX_TAIL_CALLS) return false;
        if (!seen.has(callee)) open.push(callee);
        seen.add(callee);
      }
    }
    return true;
  }

  private *tailCallees(subprogram: Entry): Generator<Entry | undefined> {
    for (const site of this.sitesOf(subprogram).values()) {
      if (!site.has(at.AT_CALL_TAIL_CALL) && !site.has(at.AT_GNU_TAIL_CALL)) continue;
      const target = this.targetOf(site);
      if (target === undefined || target instanceof Uint8Array) yield undefined;
      else yield* target.map((address) => this.code.subprogramAt(address));
    }
  }
}

/** What a parameter is passed in: a register by its DWARF number, or (`isBehind`) memory that one points to. */
export interface PassedIn {
  readonly register: number;
  readonly isBehind: boolean;
}

/** The expression that gives what a site passes; undefined when it does not tell. */
export function passedValue(site: Entry, isParameter: (parameter: Entry) => boolean, isBehind: boolean) {
  for (const parameter of site.children()) {
    if (parameter.tag !== at.TAG_CALL_SITE_PARAMETER && parameter.tag !== at.TAG_GNU_CALL_SITE_PARAMETER) continue;
    if (!isParameter(parameter)) continue;
    const value = isBehind
      ? (parameter.attributes.get(at.AT_CALL_DATA_VALUE) ?? parameter.attributes.get(at.AT_GNU_CALL_SITE_DATA_VALUE))
      : (parameter.attributes.get(at.AT_CALL_VALUE) ?? parameter.attributes.get(at.AT_GNU_CALL_SITE_VALUE));
    return value?.kind === 'block' ? value.bytes : undefined;
  }
  return undefined;
}

const REG0 = 0x50;
const BREG0 = 0x70;
const REGX = 0x90;
const DEREF = 0x06;
const DEREF_SIZE = 0x94;

/** Of `DW_OP_reg…`, and of `DW_OP_breg… 0; DW_OP_deref`: nothing else is asked about (DWARF 5, 2.5.1.7). */
export function passedIn(code: Uint8Array): PassedIn | undefined {
  const [first, second, third] = code;
  if (code.length === 1 && first >= REG0 && first < REG0 + 32) return { register: first - REG0, isBehind: false };
  if (code.length === 2 && first === REGX && second < 0x80) return { register: second, isBehind: false };
  const isBase = first >= BREG0 && first < BREG0 + 32 && second === 0;
  const isWord = (code.length === 3 && third === DEREF) || (code.length === 4 && third === DEREF_SIZE && code[3] === 4);
  return isBase && isWord ? { register: first - BREG0, isBehind: true } : undefined;
}
