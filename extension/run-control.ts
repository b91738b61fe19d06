/**
 * One run of the guest from a resume to a stop that the user should see. Stops that turn out not to count
 * (a condition that does not hold, a hit count not reached, a log point) are gone on from.
 */
import type { Resume, Stop } from '../core/index.ts';
import type { BreakpointKind, Breakpoints } from './breakpoints.ts';
import type { Debuggee } from './debuggee.ts';
import type { ExceptionFilters } from './exceptions.ts';

/** A stop and what it means to the client. */
export interface Shown {
  readonly stop: Stop;
  readonly breakpointIds: readonly number[];
  readonly breakpointKind?: BreakpointKind;
}

/** Continues as long as nothing tells the user's run apart from what has to be done for it. */
export class RunControl {
  private readonly debuggee: Debuggee;
  private readonly breakpoints: Breakpoints;
  private readonly exceptions: ExceptionFilters;
  private readonly log: (line: string) => void;
  private halting = false;
  private pausing = false;
  private current: Promise<unknown> | undefined;
  private active = false;

  constructor(debuggee: Debuggee, breakpoints: Breakpoints, exceptions: ExceptionFilters, log: (line: string) => void) {
    this.debuggee = debuggee;
    this.breakpoints = breakpoints;
    this.exceptions = exceptions;
    this.log = log;
  }

  get running(): boolean {
    return this.active;
  }

  /** Starts `plan` and calls `shown` at its end, unless `halt` ended it. */
  start(plan: () => Promise<Shown>, shown: (result: Shown) => Promise<void>, failed: (error: unknown) => void): void {
    this.halting = false;
    this.pausing = false;
    this.active = true;
    const run = (async () => {
      try {
        const result = await plan();
        this.active = false;
        if (!this.halting) await shown(result);
      } catch (error) {
        this.active = false;
        failed(error);
      }
    })();
    this.current = run;
  }

  /** The user's pause: the run ends with a stop that is shown. */
  pause(): void {
    this.pausing = true;
    this.debuggee.target.interrupt();
  }

  /** Ends a run silently, for restart and disconnect; also one that somebody else began: a gdb, or who left before. */
  async halt(): Promise<void> {
    const { target } = this.debuggee;
    if (this.active) {
      this.halting = true;
      target.interrupt();
      await this.current;
    } else if (target.running) {
      // Its stop is ours, and nobody's to show.
      this.active = true;
      await new Promise<void>((resolve) => {
        const unsubscribe = target.subscribe((event) => {
          if (event.kind !== 'stopped') return;
          unsubscribe();
          resolve();
        });
        target.interrupt();
      });
      this.active = false;
    }
  }

  /** Resumes once or, where stops do not count, as often as it takes. */
  async resume(how: Resume): Promise<Shown> {
    for (let next = how; ; ) {
      this.debuggee.moved();
      const stop = await this.debuggee.target.resume(next);
      this.debuggee.moved();
      const result = await this.judge(stop);
      if (this.halting) return { stop, breakpointIds: [] };
      if (result !== undefined) {
        if (next === how || stop.reason !== 'step' || !(await this.isInside(how))) return result;
        next = how;
      } else {
        // The interrupt may have come between two runs, when nobody was there to take it.
        if (this.pausing) return { stop: { ...stop, reason: 'interrupted', points: [] }, breakpointIds: [] };
        next = await this.goingOn(how);
      }
    }
  }

  private async isInside(how: Resume): Promise<boolean> {
    if (how.kind !== 'range') return false;
    const { eip } = await this.debuggee.registers();
    return eip >= how.start && eip < how.end;
  }

  /** How to go on after a stop that did not count: from inside a call, back to the range it was made in first. */
  private async goingOn(how: Resume): Promise<Resume> {
    if (how.kind !== 'range' || how.over !== true || (await this.isInside(how))) return how;
    const { segments } = await this.debuggee.registers();
    const frames = await this.debuggee.frames();
    for (let i = 1; i < frames.length; i++) {
      const offset = (frames[i].pc - segments[1].base) >>> 0;
      const frame = frames[i - 1].returnSlot;
      if (frame !== undefined && offset >= how.start && offset <= how.end)
        return { kind: 'until', address: frames[i].pc, frame };
    }
    return how;
  }

  /** What a stop means; undefined when the guest is to go on. */
  async judge(stop: Stop): Promise<Shown | undefined> {
    const shown = await this.meaning(stop);
    // A breakpoint in an inlined function is in it; any other stop at its start is still before the call.
    if (shown !== undefined && shown.breakpointIds.length === 0) await this.debuggee.standBeforeInlined();
    return shown;
  }

  private async meaning(stop: Stop): Promise<Shown | undefined> {
    const log: string[] = [];
    if (stop.reason === 'vector' && !(await this.exceptions.wants(stop, log))) return undefined;
    const verdict = await this.breakpoints.judge(stop);
    for (const line of [...log, ...verdict.log]) this.log(line);
    if (!verdict.stop) return undefined;
    return { stop, breakpointIds: verdict.ids, breakpointKind: verdict.kind };
  }
}
