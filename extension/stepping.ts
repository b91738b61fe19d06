/** Steps in, over and out, by source line and by instruction. */
import type { Registers, Resume } from '../core/index.ts';
import type { SourceRow } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';
import { RequestError } from './protocol-error.ts';
import type { RunControl, Shown } from './run-control.ts';

export type StepKind = 'in' | 'over' | 'out';
export type Granularity = 'statement' | 'line' | 'instruction';

/** Pieces of one line that are run before the step gives up and shows where it is. */
const MAX_PIECES = 10_000;

export class Stepper {
  private readonly debuggee: Debuggee;
  private readonly control: RunControl;

  constructor(debuggee: Debuggee, control: RunControl) {
    this.debuggee = debuggee;
    this.control = control;
  }

  async step(kind: StepKind, granularity: Granularity): Promise<Shown> {
    if (kind === 'out') return this.out();
    const row = granularity === 'instruction' ? undefined : this.debuggee.locate(await this.debuggee.programCounter());
    return row === undefined ? this.instruction(kind) : this.line(kind, row);
  }

  private async instruction(kind: StepKind): Promise<Shown> {
    if (kind === 'in') return this.control.resume({ kind: 'step' });
    // A range of one byte is left by every instruction but a REP that goes on.
    const { eip } = await this.debuggee.registers();
    return this.range(eip, eip + 1, true);
  }

  /** Runs to the return address of the innermost frame. */
  private async out(): Promise<Shown> {
    const [frame, caller] = await this.debuggee.frames();
    if (caller === undefined || frame.returnSlot === undefined)
      throw new RequestError('this frame has no caller to return to');
    return this.control.resume(await this.until(caller.pc, frame.returnSlot));
  }

  private async line(kind: StepKind, first: SourceRow): Promise<Shown> {
    const start = await this.debuggee.registers();
    let row = first;
    for (let piece = 0; piece < MAX_PIECES; piece++) {
      const codeBase = start.segments[1].base;
      const shown = await this.range((row.start - codeBase) >>> 0, row.end - codeBase, kind === 'over');
      if (shown.stop.reason !== 'step') return shown;
      const next = await this.afterPiece(first, start);
      if (next === 'stop') return shown;
      if (next === 'return') {
        const back = await this.returnFromCall();
        if (back === undefined) return shown;
        if (back.stop.reason !== 'step') return back;
        const again = this.debuggee.locate(await this.debuggee.programCounter());
        if (again === undefined || !sameLine(again, first)) return back;
        row = again;
      } else if (next === 'prologue') {
        return this.skipPrologue(shown);
      } else {
        row = next;
      }
    }
    return { stop: { ...this.debuggee.target.lastStop, reason: 'step' }, breakpointIds: [] };
  }

  /** What a step is to do where a piece of the line ended. */
  private async afterPiece(first: SourceRow, start: Registers): Promise<SourceRow | 'stop' | 'return' | 'prologue'> {
    const now = await this.debuggee.registers();
    const pc = (now.segments[1].base + now.eip) >>> 0;
    const row = this.debuggee.locate(pc);
    const deeper = stackTop(now) < stackTop(start);
    // Code without lines that was called from the line: nothing to show there.
    if (row === undefined) return deeper && now.cpl === start.cpl ? 'return' : 'stop';
    const entered = this.debuggee.functionStart(pc) === pc && deeper;
    if (entered) return 'prologue';
    return sameLine(row, first) && pc !== row.start ? row : sameLine(row, first) && !deeper ? row : 'stop';
  }

  private async skipPrologue(shown: Shown): Promise<Shown> {
    const { eip, segments } = await this.debuggee.registers();
    const pc = (segments[1].base + eip) >>> 0;
    const body = this.debuggee.bodyStart(pc);
    if (body === pc) return shown;
    return this.range(eip, eip + (body - pc), true);
  }

  /** Runs out of a function that was just entered: its return address is still on top of the stack. */
  private async returnFromCall(): Promise<Shown | undefined> {
    const [frame, caller] = await this.debuggee.frames();
    if (caller === undefined || frame.returnSlot === undefined) return undefined;
    if (this.debuggee.locate(caller.pc) === undefined) return undefined;
    return this.control.resume(await this.until(caller.pc, frame.returnSlot));
  }

  private async until(pc: number, returnSlot: number): Promise<Resume> {
    const { segments } = await this.debuggee.registers();
    return { kind: 'until', address: (pc - segments[1].base) >>> 0, frame: returnSlot };
  }

  private range(start: number, end: number, over: boolean): Promise<Shown> {
    return this.control.resume({ kind: 'range', start, end, over });
  }
}

function sameLine(a: SourceRow, b: SourceRow): boolean {
  return a.file === b.file && a.line === b.line;
}

function stackTop(registers: Registers): number {
  return (registers.segments[2].base + registers.general[4]) >>> 0;
}
