/** Functions by address and by name, from the debug information. Addresses are those of the loaded code. */
import type { FunctionInfo } from './info.ts';
import { withoutTemplateArguments } from './name-parts.ts';

export interface FunctionRange {
  readonly name: string;
  readonly entry: number;
  /** The piece of the function that was asked for; most have only one. */
  readonly start: number;
  /** First address after it. */
  readonly end: number;
  readonly isAssembly: boolean;
  /** Of its entry in .debug_info, which is that of a file with split debug information where `split` counts one. */
  readonly infoOffset: number;
  readonly split?: number;
}

export class FunctionTable {
  private readonly pieces = new RangeIndex();
  private readonly inlined = new RangeIndex();
  private readonly byName = new Map<string, FunctionRange[]>();
  private readonly inlinedByName = new Map<string, FunctionRange[]>();

  /** @param accept false for addresses where no code can be @param offset added to every address */
  constructor(functions: readonly FunctionInfo[], accept: (address: number) => boolean, offset = 0) {
    for (const one of functions) {
      const entry = (one.entry + offset) >>> 0;
      if (!accept(entry)) continue;
      const names = one.inlined ? this.inlinedByName : this.byName;
      for (const range of one.ranges) {
        const start = (range.start + offset) >>> 0;
        const end = start + (range.end - range.start);
        const { name, split, offset: infoOffset } = one;
        const piece = { name, entry, start, end, isAssembly: one.unit.isAssembly, infoOffset, split };
        (one.inlined ? this.inlined : this.pieces).add(piece);
        if (entry < start || entry >= end) continue;
        addNamed(names, one.name, piece);
        // A template's instances are found by its own name too.
        const bare = withoutTemplateArguments(one.name);
        if (bare !== one.name) addNamed(names, bare, piece);
      }
    }
    this.pieces.sort();
    this.inlined.sort();
  }

  /** The function whose code lies at `address`; for inlined code the one it was inlined into. */
  at(address: number): FunctionRange | undefined {
    return this.pieces.at(address);
  }

  /** The innermost inlined function at `address`. */
  inlinedAt(address: number): FunctionRange | undefined {
    return this.inlined.at(address);
  }

  /** Every function of this name: several when they are static. */
  named(name: string): readonly FunctionRange[] {
    return this.byName.get(name) ?? [];
  }

  /** The places where the function of this name was inlined. */
  inlinedNamed(name: string): readonly FunctionRange[] {
    return this.inlinedByName.get(name) ?? [];
  }

  get names(): string[] {
    return [...this.byName.keys()];
  }
}

function addNamed(names: Map<string, FunctionRange[]>, name: string, piece: FunctionRange): void {
  const named = names.get(name);
  if (named === undefined) names.set(name, [piece]);
  else named.push(piece);
}

/** Ranges by address; they may nest but not cross, as scopes do. */
class RangeIndex {
  private readonly ranges: FunctionRange[] = [];
  /** Largest end of a range and all before it: where a search backwards may stop. */
  private reach = new Float64Array(0);

  add(range: FunctionRange): void {
    this.ranges.push(range);
  }

  sort(): void {
    this.ranges.sort((a, b) => a.start - b.start || b.end - a.end);
    this.reach = new Float64Array(this.ranges.length);
    this.ranges.forEach((range, i) => {
      this.reach[i] = Math.max(range.end, i > 0 ? this.reach[i - 1] : 0);
    });
  }

  /** The innermost range around `address`. */
  at(address: number): FunctionRange | undefined {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle].start <= address) low = middle + 1;
      else high = middle;
    }
    for (let i = low - 1; i >= 0 && this.reach[i] > address; i--)
      if (address < this.ranges[i].end) return this.ranges[i];
    return undefined;
  }
}
