/**
 * Symbol files that come and go while a session lives: programs that a guest loads later, a build that was made
 * again. By requests of our own, and in the Debug Console as gdb has it:
 *   add-symbol-file FILE [-o OFFSET]   remove-symbol-file FILE
 */
import { BreakpointEvent, type Event, InvalidatedEvent, LoadedSourceEvent, ModuleEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluate } from '../core/index.ts';
import { integer, type Json, required, text } from './arguments.ts';
import type { Breakpoints } from './breakpoints.ts';
import type { DebugInfo } from './debug-info.ts';
import type { Debuggee } from './debuggee.ts';
import { RequestError } from './protocol-error.ts';
import type { Sources } from './sources.ts';
import type { FileReader } from './split-files.ts';
import { moduleOf } from './stack.ts';
import { readNamed, readSymbols } from './symbol-files.ts';

const ADD = /^\s*add-symbol-file\s+(.*?)(?:\s+-o\s+(\S.*?))?\s*$/;
const REMOVE = /^\s*remove-symbol-file\s+(.*?)\s*$/;

/** What a session gives. */
export interface SymbolHost extends FileReader {
  send(event: Event): void;
  /** What the client said of itself. */
  client(): Json;
}

export class SymbolControl {
  private readonly debuggee: Debuggee;
  private readonly sources: Sources;
  private readonly breakpoints: Breakpoints;
  private readonly host: SymbolHost;

  constructor(debuggee: Debuggee, sources: Sources, breakpoints: Breakpoints, host: SymbolHost) {
    this.debuggee = debuggee;
    this.sources = sources;
    this.breakpoints = breakpoints;
    this.host = host;
  }

  /** `trapgate/addSymbols`: `file`, and `offset` where it does not run as linked. */
  async add(args: Json): Promise<{ module: DebugProtocol.Module; problems: readonly string[] }> {
    const path = required(args.file, 'file');
    const bytes = await readNamed(this.host, path, 'symbol file');
    const image = await readSymbols(bytes, path, integer(args.offset), this.host);
    const before = new Set(this.sources.files());
    this.debuggee.addImage(image);
    const module = moduleOf(image, this.debuggee);
    this.host.send(new ModuleEvent('new', module));
    this.tellSources(image, 'new', (file) => !before.has(file));
    await this.changed();
    return { module, problems: image.problems };
  }

  /** `trapgate/removeSymbols`: `file`, as it was given or its last part. */
  async remove(args: Json): Promise<{ module: DebugProtocol.Module }> {
    const name = required(args.file, 'file');
    const image = this.debuggee.images.findLast((one) => one.path === name || one.name === name);
    if (image === undefined) throw new RequestError(`there are no symbols of ${name}`);
    const module = moduleOf(image, this.debuggee);
    this.debuggee.removeImage(image);
    this.host.send(new ModuleEvent('removed', module));
    const left = new Set(this.sources.files());
    this.tellSources(image, 'removed', (file) => !left.has(file));
    await this.changed();
    return { module };
  }

  /** A line of the Debug Console; undefined when it is about something else. */
  async evaluate(args: Json): Promise<DebugProtocol.EvaluateResponse['body'] | undefined> {
    if (args.context !== 'repl') return undefined;
    const line = text(args.expression);
    const [, added, offset] = ADD.exec(line) ?? [];
    if (added !== undefined) {
      const { problems } = await this.add({ file: added, offset: offset && (await this.number(offset)) });
      return { result: [`symbols of ${added} added`, ...problems].join('\n'), variablesReference: 0 };
    }
    const [, removed] = REMOVE.exec(line) ?? [];
    if (removed === undefined) return undefined;
    const { module } = await this.remove({ file: removed });
    return { result: `symbols of ${module.name} removed`, variablesReference: 0 };
  }

  private async number(expression: string): Promise<number> {
    return Number((await evaluate(expression, await this.debuggee.evaluateContext())).value);
  }

  private tellSources(image: DebugInfo, reason: 'new' | 'removed', wanted: (file: string) => boolean): void {
    for (const file of image.files())
      if (wanted(file)) this.host.send(new LoadedSourceEvent(reason, this.sources.present(file)));
  }

  /** Lines and functions may be elsewhere now, and frames have other names. */
  private async changed(): Promise<void> {
    for (const breakpoint of await this.breakpoints.rebind())
      this.host.send(new BreakpointEvent('changed', breakpoint));
    if (this.host.client().supportsInvalidatedEvent === true) this.host.send(new InvalidatedEvent(['all']));
  }
}
