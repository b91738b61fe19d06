/** The symbol table of a file: names to addresses and back. Works without any debug information. */
import { type ElfFile, type ElfSymbol, SHF_EXECINSTR, SHN_ABS } from '../image/elf.ts';

export interface SymbolMatch {
  readonly name: string;
  /** Bytes from the symbol's address. */
  readonly offset: number;
}

interface Entry {
  readonly name: string;
  readonly address: number;
  readonly size: number;
  /** Where a symbol without a size ends at the latest: the end of its section. */
  readonly limit: number;
  readonly rank: number;
  /** A function, a label in executable code, or a plain number; else it is a variable. */
  readonly isCode: boolean;
}

export class SymbolTable {
  /** By address, the best name of an address last. */
  private readonly entries: readonly Entry[];
  private readonly byName: ReadonlyMap<string, Entry>;

  /** Of a file without symbols. */
  static readonly EMPTY = new SymbolTable([]);

  private constructor(entries: Entry[]) {
    const byName = new Map<string, Entry>();
    for (const entry of entries) {
      const known = byName.get(entry.name);
      if (known === undefined || entry.rank > known.rank) byName.set(entry.name, entry);
    }
    this.byName = byName;
    // An absolute symbol is a number, seldom a place: it can be found, but names no address.
    this.entries = entries.filter((entry) => entry.limit > 0).sort((a, b) => a.address - b.address || a.rank - b.rank);
  }

  /** @param offset added to every address: where the file runs, less where it was linked @throws UserError for a table that is cut off */
  static fromElf(elf: ElfFile, offset = 0): SymbolTable {
    const entries: Entry[] = [];
    for (const symbol of elf.symbols) {
      if (symbol.name === '' || symbol.kind === 'section' || symbol.kind === 'file') continue;
      const section = elf.sections[symbol.section];
      const absolute = symbol.section === SHN_ABS || section === undefined;
      entries.push({
        name: symbol.name,
        address: (symbol.value + (absolute ? 0 : offset)) >>> 0,
        size: symbol.size,
        limit: absolute ? 0 : section.address + section.size + offset,
        rank: rankOf(symbol),
        isCode:
          absolute || symbol.kind === 'function' || (symbol.kind !== 'object' && (section.flags & SHF_EXECINSTR) !== 0),
      });
    }
    return new SymbolTable(entries);
  }

  /** The symbol that `address` belongs to: it lies in its size, or behind a label without size in its section. */
  lookup(address: number): SymbolMatch | undefined {
    const wanted = address >>> 0;
    let low = 0;
    let high = this.entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle].address <= wanted) low = middle + 1;
      else high = middle;
    }
    const entry = this.entries[low - 1];
    if (entry === undefined) return undefined;
    const end = entry.size > 0 ? entry.address + entry.size : entry.limit;
    return wanted < end ? { name: entry.name, offset: wanted - entry.address } : undefined;
  }

  /** Address of a name; a global one wins over local ones. */
  find(name: string): number | undefined {
    return this.byName.get(name)?.address;
  }

  /** What a name stands for in an expression; `size` in bytes, 0 when the file does not say. */
  meaning(name: string): { readonly address: number; readonly size: number; readonly code: boolean } | undefined {
    const entry = this.byName.get(name);
    return entry && { address: entry.address, size: entry.size, code: entry.isCode };
  }

  /** All names that start with `prefix`, in alphabetical order: for completion. */
  namesStartingWith(prefix: string): string[] {
    return [...this.byName.keys()].filter((name) => name.startsWith(prefix)).sort();
  }
}

const KIND_RANK: { readonly [kind: string]: number } = { function: 8, object: 4 };
const BINDING_RANK: { readonly [binding: string]: number } = { global: 2, weak: 1 };

/** Which of several names of an address a person wants to see. */
function rankOf(symbol: ElfSymbol): number {
  return (KIND_RANK[symbol.kind] ?? 0) + (BINDING_RANK[symbol.binding] ?? 0);
}
