/** A frame of the stack as variables and expressions need it: an interface only. */
import type { CallSites } from './call-sites.ts';
import type { Entry } from './entries.ts';
import type { LocationContext } from './location.ts';

/** Addresses are those of the running code. */
export interface FrameView {
  /** An address inside the instruction that is executing: in a caller, inside its call. */
  readonly pc: number;
  /** eax … edi, as far as they are known. */
  readonly registers: readonly (number | undefined)[];
  /** Linear address of a saved one. */
  readonly savedAt: readonly (number | undefined)[];
  /** Linear. */
  readonly frameAddress: number | undefined;
  /** Base of the data and stack segment. */
  readonly dataBase: number;
  readMemory(linear: number, length: number): Promise<Uint8Array>;
  /** The frame that called this one's function, when one did and it is known; `pc` is inside of its call. */
  readonly caller?: { readonly variables: FrameFile; readonly frame: FrameView };
}

/** What a frame asks of the file that its code is from. */
export interface FrameFile {
  /** Calls of the file's functions. */
  readonly calls: CallSites;
  /** The function around an address of the running code. */
  subprogramAt(pc: number): Entry | undefined;
  /** Where a function is called, in the running code. */
  entryOf(subprogram: Entry): number | undefined;
  /** The call that returns to an address of the running code. */
  callAt(returnAddress: number): Entry | undefined;
  /** What an expression of `entry` is evaluated with. */
  locationContext(entry: Entry, frame: FrameView | undefined, budget?: EntryBudget): LocationContext;
}

/** What one evaluation may still ask of callers; chains of them can branch. */
export interface EntryBudget {
  left: number;
}
