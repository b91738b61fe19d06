/** Where a session gets its machine from; each host has its own way to files, sockets and the interpreter. */
import type { DebugTarget } from '../core/index.ts';
import type { AttachConfiguration, LaunchConfiguration } from './configuration.ts';
import type { DebugInfo } from './debug-info.ts';

export interface Provided {
  readonly target: DebugTarget;
  readonly images: readonly DebugInfo[];
  /** Path of what is debugged, for relative names in the debug information. */
  readonly program: string;
  /** Folder that relative names of the debug information start from, when it was found. */
  readonly sourceBase?: string;
  /** What the user should know: notes of the loader, a stub that listens. */
  readonly notes: readonly string[];
  /** COM1 has a place of its own and is not wanted in the Debug Console. */
  readonly serialElsewhere?: boolean;
  /** Whether a file that the machine was made of is another one by now. */
  isOutdated?(): Promise<boolean>;
  /** Gives the machine back (attach) or away (launch). */
  release(): void;
  /** Ends the process that runs a joined machine. */
  terminate?(): void;
}

/** A connection to a debug-adapter server: messages out, messages in. */
export interface AdapterConnection {
  send(message: object): void;
  close(): void;
}

export interface TargetFactory {
  /** Builds a machine. @throws UserError */
  launch?(configuration: LaunchConfiguration): Promise<Provided>;
  /** Joins the machine that this process already runs. @throws UserError */
  join?(configuration: AttachConfiguration): Promise<Provided>;
  /** Connects to the process that runs the machine; it answers in this session's stead. @throws UserError */
  connect?(target: string, receive: (message: object) => void, closed: () => void): Promise<AdapterConnection>;
  readFile(pathOrUri: string): Promise<Uint8Array>;
}
