/** What a session holds from launch or attach on, how it is made of a machine, and how the machine is left. */
import type { TargetEvent } from '../core/index.ts';
import { Breakpoints } from './breakpoints.ts';
import type { LaunchConfiguration } from './configuration.ts';
import { Debuggee } from './debuggee.ts';
import { GuestOutput } from './events.ts';
import { ExceptionFilters } from './exceptions.ts';
import { Explorer } from './explorer.ts';
import { RunControl } from './run-control.ts';
import { type SourceMap, Sources } from './sources.ts';
import { Stepper } from './stepping.ts';
import { SymbolControl, type SymbolHost } from './symbol-control.ts';
import type { Provided } from './target-factory.ts';

/** Everything of a session that has a machine. */
export interface Attached {
  readonly provided: Provided;
  readonly debuggee: Debuggee;
  readonly sources: Sources;
  readonly breakpoints: Breakpoints;
  readonly exceptions: ExceptionFilters;
  readonly explorer: Explorer;
  readonly control: RunControl;
  readonly stepper: Stepper;
  readonly symbols: SymbolControl;
  readonly output: GuestOutput;
  readonly unsubscribe: () => void;
  /** Absent for a machine that was joined. */
  readonly launched?: LaunchConfiguration;
  readonly stopOnEntry: boolean;
}

/** What a session says and hears beside requests. */
export interface Voice extends SymbolHost {
  say(text: string, category?: 'stdout' | 'console'): void;
  hear(event: TargetEvent): void;
}

export function attachTo(
  provided: Provided,
  how: { readonly sourceMap: SourceMap; readonly stopOnEntry: boolean },
  voice: Voice,
  launched?: LaunchConfiguration,
): Attached {
  const debuggee = new Debuggee(provided.target, provided.images);
  const sources = new Sources(debuggee, how.sourceMap, provided.sourceBase ?? provided.program);
  const isDebugged = launched?.noDebug !== true;
  const breakpoints = new Breakpoints(debuggee, sources, isDebugged);
  const exceptions = new ExceptionFilters(debuggee, isDebugged);
  const control = new RunControl(debuggee, breakpoints, exceptions, (line) => voice.say(`${line}\n`));
  return {
    provided,
    debuggee,
    sources,
    breakpoints,
    exceptions,
    explorer: new Explorer(debuggee),
    control,
    stepper: new Stepper(debuggee, control),
    symbols: new SymbolControl(debuggee, sources, breakpoints, voice),
    output: new GuestOutput((text, category) => voice.say(text, category)),
    unsubscribe: provided.target.subscribe((event) => voice.hear(event)),
    launched,
    stopOnEntry: how.stopOnEntry,
  };
}

/** Stops the machine, takes everything off it that the session put there, and gives it back. */
export async function leave(session: Attached): Promise<void> {
  await session.control.halt();
  await session.breakpoints.removeAll();
  await session.exceptions.removeAll();
  session.unsubscribe();
  session.output.flush();
  session.provided.release();
}
