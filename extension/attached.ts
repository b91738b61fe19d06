/** What a session holds from launch or attach on. */
import type { Breakpoints } from './breakpoints.ts';
import type { Debuggee } from './debuggee.ts';
import type { GuestOutput } from './events.ts';
import type { ExceptionFilters } from './exceptions.ts';
import type { Explorer } from './explorer.ts';
import type { RunControl } from './run-control.ts';
import type { Sources } from './sources.ts';
import type { Stepper } from './stepping.ts';
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
  readonly output: GuestOutput;
  readonly unsubscribe: () => void;
  readonly launched: boolean;
  readonly stopOnEntry: boolean;
}
