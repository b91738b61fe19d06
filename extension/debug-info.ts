/** What the adapter asks of an image's symbols and line table; addresses are linear. */
import type { SymbolMeaning } from '../core/index.ts';

export interface SourceRow {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column?: number;
  readonly isStmt: boolean;
  /** The row covers [start, end). */
  readonly start: number;
  readonly end: number;
}

export interface DebugInfo {
  readonly name: string;
  readonly path: string;
  /** Lowest and highest address that the image occupies, for the list of modules. */
  readonly range?: { readonly start: number; readonly end: number };
  /** The symbol that covers an address. */
  lookup(address: number): { readonly name: string; readonly offset: number } | undefined;
  find(name: string): SymbolMeaning | undefined;
  /** Names that begin with `prefix`, `limit` at most. */
  names(prefix: string, limit: number): string[];
  locate(address: number): SourceRow | undefined;
  /** First addresses of the rows of a line, rising; empty when the line has no code. */
  addressesFor(file: string, line: number): readonly number[];
  files(): readonly string[];
}
