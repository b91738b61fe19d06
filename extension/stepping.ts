/**
 * Steps in, over and out, by source line and by instruction. Inlined calls count as calls, as in gdb: a step
 * that comes to one shows the line of the call, a step in from there goes into it without moving the guest.
 */
import { linearStack, type Registers } from '../core/index.ts';
import type { CallFrame } from './call-frames.ts';
import type { SourceRow } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';
import { RequestError } from './protocol-error.ts';
import type { RunControl, Shown } from './run-control.ts';
import { calleeCode, inlinedScope, type Line, relation, type Standing, sameLine, standing } from './standing.ts';

export type StepKind = 'in' | 'over' | 'out';
export type Granularity = 'statement' | 'line' | 'instruction';

/** Pieces of one line that are run before the step gives up and shows where it is. */
const MAX_PIECES = 10_000;

/** Code to run through, linear. */
type Piece = Pick<SourceRow, 'start' | 'end'>;

/** What a line step is about: it ends at another line than this, in these calls or around them. */
interface Course {
  readonly kind: 'in' | 'over';
  readonly start: Registers;
  /** Undefined while every line is another one. */
  line: Line | undefined;
  calls: readonly CallFrame[];
}

type Next = Piece | 'stop' | 'return' | 'prologue';

export class Stepper {
  private readonly debuggee: Debuggee;
  private readonly control: RunControl;

  constructor(debuggee: Debuggee, control: RunControl) {
    this.debuggee = debuggee;
    this.control = control;
  }

  async step(kind: StepKind, granularity: Granularity): Promise<Shown> {
    const now = await standing(this.debuggee);
    if (kind === 'out') return this.out(now);
    if (granularity === 'instruction' || now.row === undefined) return this.instruction(kind);
    if (kind === 'in' && this.debuggee.callsAhead > 0) return this.enter();
    const start = await this.debuggee.registers();
    const course: Course = { kind, start, line: now.line, calls: now.calls };
    return this.line(course, this.calleeAhead(now, course) ?? now.row);
  }

  private async instruction(kind: 'in' | 'over'): Promise<Shown> {
    if (kind === 'in') return this.control.resume({ kind: 'step' });
    // A range of one byte is left by every instruction but a REP that goes on.
    const { eip } = await this.debuggee.registers();
    return this.range(eip, eip + 1, true);
  }

  /** Into the inlined call ahead: its first instruction is where the guest stands already. */
  private enter(): Shown {
    this.debuggee.enterInlined();
    return this.here();
  }

  private here(): Shown {
    return { stop: { ...this.debuggee.target.lastStop, reason: 'step', points: [] }, breakpointIds: [] };
  }

  /** Runs to the return address of the innermost frame; out of an inlined call to the code behind it. */
  private async out(now: Standing): Promise<Shown> {
    if (inlinedScope(now) !== undefined && now.calls.length > 1) {
      const calls = now.calls.slice(1);
      const callee = calleeCode(now, calls, this.debuggee);
      const start = await this.debuggee.registers();
      if (callee !== undefined) return this.line({ kind: 'over', start, line: undefined, calls }, callee);
    }
    const [frame, caller] = await this.debuggee.frames();
    if (caller === undefined || frame.returnSlot === undefined)
      throw new RequestError('this frame has no caller to return to');
    return this.control.resume({ kind: 'until', address: caller.pc, frame: frame.returnSlot });
  }

  private async line(course: Course, first: Piece): Promise<Shown> {
    const codeBase = course.start.segments[1].base;
    let piece = first;
    for (let count = 0; count < MAX_PIECES; count++) {
      const over = course.kind === 'over';
      const shown = await this.range((piece.start - codeBase) >>> 0, piece.end - codeBase, over);
      if (shown.stop.reason !== 'step') return shown;
      const next = await this.afterPiece(course);
      if (next === 'stop') return shown;
      if (next === 'return') {
        const back = await this.returnFromCall(piece, course.start);
        if (back === undefined) return shown;
        if (back.stop.reason !== 'step') return back;
        const again = this.debuggee.locate(await this.debuggee.programCounter());
        if (again === undefined || !sameLine(again, course.line)) return back;
        piece = again;
      } else if (next === 'prologue') {
        return this.skipPrologue(shown);
      } else {
        piece = next;
      }
    }
    return this.here();
  }

  /** What a step is to do where a piece of the line ended. */
  private async afterPiece(course: Course): Promise<Next> {
    const registers = await this.debuggee.registers();
    const now = await standing(this.debuggee);
    const { pc, row } = now;
    const deeper = linearStack(registers) < linearStack(course.start);
    // Code without lines that was called from the line: nothing to show there.
    if (row === undefined) return deeper && registers.cpl === course.start.cpl ? 'return' : 'stop';
    if (this.debuggee.functionStart(pc) === pc && deeper) return 'prologue';
    // The same line again one call deeper: a recursion without a prologue.
    if (deeper && sameLine(row, course.line) && pc === row.start) return 'stop';
    const where = relation(course.calls, now.calls);
    if (where === 'inside' || (where === 'same' && this.debuggee.callsAhead > 0))
      return this.atInlined(course, now, row);
    const opensLine = (row.opensRow ?? pc === row.start) && !sameLine(row, course.line);
    if (opensLine && row.isStmt) return 'stop';
    // A row that is no statement belongs to what surrounds it. The middle of another line is run to its end: the
    // rest of the line of a call that returned, or of a loop that jumped back.
    if (!opensLine || where !== 'same') {
      course.line = row;
      course.calls = now.calls;
    }
    return row;
  }

  /** In front of or inside of inlined calls that the calls of the step made. */
  private atInlined(course: Course, now: Standing, row: SourceRow): Next {
    const isOver = course.kind === 'over';
    if (this.debuggee.callsAhead > 0 && relation(course.calls, now.calls) === 'same') {
      if (!sameLine(now.line, course.line)) return 'stop';
      if (isOver) return this.calleeAhead(now, course) ?? row;
      this.debuggee.enterInlined();
    }
    return isOver ? (calleeCode(now, course.calls, this.debuggee) ?? row) : 'stop';
  }

  private calleeAhead(now: Standing, course: Course): Piece | undefined {
    return this.debuggee.callsAhead > 0 ? calleeCode(now, course.calls, this.debuggee) : undefined;
  }

  private async skipPrologue(shown: Shown): Promise<Shown> {
    const { eip, segments } = await this.debuggee.registers();
    const pc = (segments[1].base + eip) >>> 0;
    const body = this.debuggee.bodyStart(pc);
    if (body === pc) return shown;
    return this.range(eip, eip + (body - pc), true);
  }

  /** Runs out of what was just called from `piece`, firmware too: the return address is still on top of the stack. */
  private async returnFromCall(piece: Piece, start: Registers): Promise<Shown | undefined> {
    const frame = linearStack(await this.debuggee.registers());
    const bytes = await this.debuggee.readMemory(frame, 4);
    if (bytes.length < 4) return undefined;
    const wide = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    const address = [wide, wide & 0xffff]
      .map((offset) => (start.segments[1].base + offset) >>> 0)
      .find((place) => place > piece.start && place <= piece.end);
    return address === undefined ? undefined : this.control.resume({ kind: 'until', address, frame });
  }

  private range(start: number, end: number, over: boolean): Promise<Shown> {
    return this.control.resume({ kind: 'range', start, end, over });
  }
}
