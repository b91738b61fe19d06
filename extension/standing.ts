/**
 * Where the guest stands among inlined functions, for steps: the calls of the innermost frame of the stack as
 * the user sees them, and the code that belongs to a call. It looks only; stepping.ts decides.
 */
import type { FunctionScope } from '../core/index.ts';
import type { CallFrame } from './call-frames.ts';
import type { SourceRow } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';

/** A line of the source as a step compares them. */
export type Line = Pick<SourceRow, 'file' | 'line'>;

export interface Standing {
  /** Linear address of the next instruction. */
  readonly pc: number;
  /** Line table row there; undefined where no line is known. */
  readonly row: SourceRow | undefined;
  /** The line that the user sees: that of a call while the guest stands before an inlined one. */
  readonly line: Line | undefined;
  /** Calls of one frame of the stack, innermost first; those still ahead are not among them. */
  readonly calls: readonly CallFrame[];
  /** The same with those ahead. */
  readonly all: readonly CallFrame[];
}

export async function standing(debuggee: Debuggee): Promise<Standing> {
  const pc = await debuggee.programCounter();
  const every = await debuggee.allCallFrames();
  const all = every.filter(({ frame }) => frame === every[0].frame);
  const calls = all.slice(debuggee.callsAhead);
  const row = debuggee.locate(pc);
  return { pc, row, line: calls[0]?.call ?? row, calls, all };
}

/** How the calls at `now` relate to those at `from`; `elsewhere` in another frame of the stack. */
export function relation(
  from: readonly CallFrame[],
  now: readonly CallFrame[],
): 'same' | 'inside' | 'left' | 'elsewhere' {
  const [outer, here] = [from.at(-1), now.at(-1)];
  if (outer?.own?.scope.entry !== here?.own?.scope.entry) return 'elsewhere';
  if (outer?.frame.frameAddress !== here?.frame.frameAddress) return 'elsewhere';
  if (!isTail(from, now)) return 'left';
  return from.length === now.length ? 'same' : 'inside';
}

/** Whether all calls of `part` are around those of `whole`. */
function isTail(part: readonly CallFrame[], whole: readonly CallFrame[]): boolean {
  const first = whole.length - part.length;
  return first >= 0 && part.every(({ own }, i) => own?.scope.entry === whole[first + i].own?.scope.entry);
}

/** The contiguous code around `pc` of the inlined call just inside of `around`; undefined when there is none. */
export function calleeCode(now: Standing, around: readonly CallFrame[], debuggee: Debuggee) {
  const own = now.all[now.all.length - around.length - 1]?.own;
  if (own === undefined) return undefined;
  const linked = debuggee.linked(now.pc);
  const range = own.variables.codeOf(own.scope, linked);
  const moved = now.pc - linked;
  return range && { start: range.start + moved, end: range.end + moved };
}

/** The inlined function, if any, that the innermost call is. */
export function inlinedScope({ calls }: Standing): FunctionScope | undefined {
  const scope = calls[0]?.own?.scope;
  return scope?.isInlined === true ? scope : undefined;
}

export function sameLine(a: Line | undefined, b: Line | undefined): boolean {
  return a !== undefined && b !== undefined && a.file === b.file && a.line === b.line;
}
