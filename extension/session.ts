/**
 * The debug adapter: one client, one machine. Requests are answered one after the other, so that none sees
 * another half done; the guest runs beside them. What a request does stands in the file of its topic.
 */
import {
  ContinuedEvent,
  DebugSession,
  ExitedEvent,
  InitializedEvent,
  OutputEvent,
  Response,
  StoppedEvent,
  TerminatedEvent,
} from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Stop, type TargetEvent, UserError } from '../core/index.ts';
import { asObject, integer, type Json, required, text } from './arguments.ts';
import { AttachRelay } from './attach-relay.ts';
import { type Attached, attachTo, leave, type Voice } from './attached.ts';
import { CAPABILITIES } from './capabilities.ts';
import { changeEvents, memoryEvents } from './change-events.ts';
import { completions } from './completions.ts';
import { attachConfiguration, type LaunchConfiguration, launchConfiguration } from './configuration.ts';
import { dataBreakpointInfo } from './data-breakpoints.ts';
import type { Debuggee } from './debuggee.ts';
import { disassembleRequest } from './disassembly.ts';
import { evaluateRequest, setExpression } from './evaluation.ts';
import { isEnd, stoppedEvent } from './events.ts';
import { exceptionInfo, faultChain } from './exceptions.ts';
import { ImageCheck } from './image-check.ts';
import { readMemory, writeMemory } from './memory.ts';
import { Progress } from './progress.ts';
import { errorLine, RequestError } from './protocol-error.ts';
import { RequestQueue } from './request-queue.ts';
import type { Shown } from './run-control.ts';
import { sourceContents } from './sources.ts';
import { loadedSources, modules, stackTrace, threads } from './stack.ts';
import type { Granularity, StepKind } from './stepping.ts';
import type { TargetFactory } from './target-factory.ts';
import { scopes, setVariable, variables } from './variables.ts';

type Answer = object | undefined | Promise<object | undefined>;
type Handler = (args: Json) => Answer;

export class TrapgateSession extends DebugSession {
  private readonly factory: TargetFactory;
  private readonly handlers: ReadonlyMap<string, Handler>;
  private readonly queue = new RequestQueue();
  private readonly progress: Progress;
  private attached: Attached | undefined;
  private relay: AttachRelay | undefined;
  private client: Json = {};
  private readonly imageCheck = new ImageCheck();
  private ended = false;
  private terminating = false;
  /** The last restart made another machine. */
  private rebooted = false;
  private readonly voice: Voice = {
    say: (line, category) => this.say(line, category),
    hear: (event) => this.targetEvent(event),
    send: (event) => this.sendEvent(event),
    readFile: (path) => this.factory.readFile(path),
    client: () => this.client,
  };
  /** Called when the client is gone. */
  onEnd: () => void = () => {};

  constructor(factory: TargetFactory) {
    super();
    this.factory = factory;
    this.progress = new Progress((event) => this.client.supportsProgressReporting === true && this.sendEvent(event));
    this.setDebuggerLinesStartAt1(true);
    this.setDebuggerColumnsStartAt1(true);
    this.handlers = new Map(Object.entries(this.handlerTable()));
  }

  /** What was booted for this session; undefined before launch or attach. */
  get target(): Attached['debuggee']['target'] | undefined {
    return this.attached?.debuggee.target;
  }

  protected override dispatchRequest(request: DebugProtocol.Request): void {
    if (this.forwarded(request)) return;
    // Not behind what it is to cancel.
    if (request.command === 'cancel') this.cancel(asObject(request.arguments));
    this.queue.add(request.seq, (cancelled) => this.answer(request, cancelled));
  }

  /** The stream closed: a client that vanishes leaves no machine running and no point armed. */
  override shutdown(): void {
    this.queue.add(0, () => this.end(false).finally(() => this.onEnd()));
    super.shutdown();
  }

  override dispose(): void {
    this.queue.add(0, () => this.end(false));
  }

  private async answer(request: DebugProtocol.Request, cancelled: boolean): Promise<void> {
    if (this.forwarded(request)) return;
    const response: DebugProtocol.Response = new Response(request);
    try {
      if (cancelled) throw new RequestError('cancelled');
      const handler = this.handlers.get(request.command);
      if (handler === undefined) throw new RequestError(`unknown request: ${request.command}`);
      const body = await handler(asObject(request.arguments));
      // Attached to another process: the session there answers, from this request on.
      if (this.forwarded(request)) return;
      if (body !== undefined) response.body = body;
      this.sendResponse(response);
      await this.afterwards(request.command);
    } catch (error) {
      response.success = false;
      response.message = errorLine(error);
      response.body = { error: { id: 1, format: response.message, showUser: error instanceof UserError } };
      this.sendResponse(response);
    }
  }

  /** A request that still waits is answered `cancelled`; a step that takes long ends where it is. */
  private cancel(args: Json): void {
    this.queue.cancel(integer(args.requestId));
    this.progress.cancel(text(args.progressId));
  }

  /** True when another process answers for this session. */
  private forwarded(request: DebugProtocol.Request): boolean {
    this.relay?.forward(request);
    return this.relay !== undefined;
  }

  /** What has to come after the response. */
  private async afterwards(command: string): Promise<void> {
    if (command === 'launch' || command === 'attach') this.sendEvent(new InitializedEvent());
    if (command === 'configurationDone') await this.begin();
    if (command === 'restart') this.continueAfterRestart();
    if (command === 'terminate') this.sendEvent(new TerminatedEvent());
  }

  private handlerTable(): Record<string, Handler> {
    const use =
      (handler: (session: Attached, args: Json) => Answer): Handler =>
      (args) =>
        handler(this.machine(), args);
    return {
      initialize: (args) => this.initialize(args),
      launch: (args) => this.launch(args),
      attach: (args) => this.attach(args),
      configurationDone: () => void this.machine(),
      disconnect: (args) => this.end(args.terminateDebuggee === true),
      terminate: () => this.terminate(),
      cancel: () => undefined,
      restart: use((session) => this.restart(session)),
      setBreakpoints: use(async ({ breakpoints }, args) => ({ breakpoints: await breakpoints.setSource(args) })),
      setFunctionBreakpoints: use(async ({ breakpoints }, args) => ({
        breakpoints: await breakpoints.setFunction(args),
      })),
      setInstructionBreakpoints: use(async ({ breakpoints }, args) => ({
        breakpoints: await breakpoints.setInstruction(args),
      })),
      dataBreakpointInfo: use(({ debuggee }, args) => dataBreakpointInfo(args, debuggee)),
      setDataBreakpoints: use(async ({ breakpoints }, args) => ({ breakpoints: await breakpoints.setData(args) })),
      setExceptionBreakpoints: use(async ({ exceptions }, args) => ({ breakpoints: await exceptions.set(args) })),
      breakpointLocations: use(({ breakpoints }, args) => ({ breakpoints: breakpoints.locations(args) })),
      exceptionInfo: use(({ debuggee }) => exceptionInfo(debuggee.target.lastStop)),
      threads: use(({ debuggee }) => threads(debuggee)),
      stackTrace: use(({ debuggee, sources }, args) => stackTrace(args, debuggee, sources)),
      scopes: use(async ({ debuggee, explorer }, args) => explorer.below(await scopes(args, debuggee), args)),
      variables: use(({ debuggee, explorer }, args) =>
        explorer.owns(args) ? explorer.variables(args) : variables(args, debuggee),
      ),
      setVariable: use(async ({ debuggee, explorer }, args) =>
        this.changed(await (explorer.owns(args) ? explorer.setVariable(args) : setVariable(args, debuggee))),
      ),
      setExpression: use(async ({ debuggee }, args) => this.changed(await setExpression(args, debuggee))),
      evaluate: use(
        async ({ debuggee, explorer, symbols }, args) =>
          (await explorer.evaluate(args)) ?? (await symbols.evaluate(args)) ?? (await evaluateRequest(args, debuggee)),
      ),
      completions: use(({ debuggee }, args) => completions(args, debuggee)),
      continue: use((session) => this.continue(session)),
      next: use((session, args) => this.step(session, 'over', args)),
      stepIn: use((session, args) => this.step(session, 'in', args)),
      stepOut: use((session, args) => this.step(session, 'out', args)),
      pause: use(({ control, debuggee }) =>
        control.running || debuggee.target.running ? (control.pause() as undefined) : undefined,
      ),
      disassemble: use(({ debuggee, sources }, args) => disassembleRequest(args, debuggee, sources)),
      readMemory: use(({ debuggee }, args) => readMemory(args, debuggee)),
      writeMemory: use(({ debuggee }, args) => this.writeMemory(args, debuggee)),
      modules: use(({ debuggee }, args) => modules(args, debuggee)),
      loadedSources: use(({ sources }) => loadedSources(sources)),
      source: (args) => sourceContents(args, this.factory),
      // Not in the protocol: symbol files that come and go.
      'trapgate/addSymbols': use(({ symbols }, args) => symbols.add(args)),
      'trapgate/removeSymbols': use(({ symbols }, args) => symbols.remove(args)),
      // Not in the protocol: what a client without a terminal types on COM1.
      'trapgate/sendSerial': use(
        ({ debuggee }, args) =>
          debuggee.target.sendSerial(new TextEncoder().encode(required(args.text, 'text'))) as Promise<undefined>,
      ),
    };
  }

  private machine(): Attached {
    if (this.attached === undefined) throw new RequestError('there is no machine: launch or attach first');
    return this.attached;
  }

  private initialize(args: Json): object {
    this.client = args;
    return CAPABILITIES;
  }

  private async launch(args: Json): Promise<undefined> {
    if (this.attached !== undefined) throw new RequestError('this session already has a machine');
    return this.boot(launchConfiguration(args));
  }

  private async boot(configuration: LaunchConfiguration): Promise<undefined> {
    if (this.factory.launch === undefined)
      throw new UserError('no-launch', 'this machine is already running', 'use an attach configuration');
    const provided = await this.progress.during('Loading the image', this.factory.launch(configuration));
    this.takeUp(attachTo(provided, configuration, this.voice, configuration));
  }

  private async attach(args: Json): Promise<undefined> {
    if (this.attached !== undefined) throw new RequestError('this session already has a machine');
    const configuration = attachConfiguration(args);
    if (this.factory.join !== undefined) {
      this.takeUp(attachTo(await this.factory.join(configuration), configuration, this.voice));
      return;
    }
    this.relay = await AttachRelay.open(this.factory.connect, configuration.target, this.client, {
      response: (message) => this.sendResponse(message),
      event: (message) => this.sendEvent(message),
      closed: () => this.sendEvent(new TerminatedEvent()),
    });
  }

  private takeUp(session: Attached): void {
    this.attached = session;
    for (const note of session.provided.notes) this.say(`${note}\n`);
  }

  private say(line: string, category: 'stdout' | 'console' = 'console'): void {
    this.sendEvent(new OutputEvent(line, category));
  }

  private targetEvent(event: TargetEvent): void {
    const session = this.attached;
    if (event.kind === 'output') {
      if (event.channel !== 'serial' || session?.provided.serialElsewhere !== true)
        session?.output.put(event.channel, event.bytes);
    } else if (event.kind === 'message') this.say(`${event.text}\n`);
    else if (event.kind === 'resumed' && session !== undefined && !session.control.running) {
      session.debuggee.moved();
      this.sendEvent(new ContinuedEvent(1, true));
    }
    // A machine that ran before this client came stops without our having resumed it.
    else if (event.kind === 'stopped' && session !== undefined && !session.control.running)
      this.foreignStop(session, event.stop);
  }

  private foreignStop(session: Attached, stop: Stop): void {
    this.queue.add(0, async () => {
      session.debuggee.moved();
      const result = await session.control.judge(stop);
      if (result === undefined) this.continue(session);
      else await this.shown(session, result);
    });
  }

  /** configurationDone: a launched machine starts, a joined one shows where it is. */
  private async begin(): Promise<void> {
    const session = this.machine();
    if (session.control.running || session.debuggee.target.running) return;
    const stopped = { stop: session.debuggee.target.lastStop, breakpointIds: [] };
    if (!session.stopOnEntry) this.continue(session);
    else
      await this.shown(
        session,
        session.launched !== undefined ? { ...stopped, stop: { ...stopped.stop, reason: 'entry' } } : stopped,
      );
  }

  private continue(session: Attached): object {
    this.run(session, () => session.control.resume({ kind: 'continue' }));
    return { allThreadsContinued: true };
  }

  private async step(session: Attached, kind: StepKind, args: Json): Promise<undefined> {
    const granularity: Granularity = args.granularity === 'instruction' ? 'instruction' : 'line';
    // Mistakes that can be known before the guest moves are answers to the request.
    if (kind === 'out' && (await session.debuggee.callFrames()).length < 2)
      throw new RequestError('this frame has no caller to return to');
    const { control, debuggee } = session;
    const stepping = {
      cancel: () => control.pause(),
      note: async () => `${(await debuggee.registers()).steps} steps since power-on`,
    };
    this.run(session, () => this.progress.during(`Step ${kind}`, session.stepper.step(kind, granularity), stepping));
  }

  private run(session: Attached, plan: () => Promise<Shown>): void {
    if (session.control.running || session.debuggee.target.running)
      throw new RequestError('the machine is already running');
    session.control.start(
      plan,
      (result) => this.shown(session, result),
      (error) => {
        this.say(`${errorLine(error)}\n`);
        this.sendEvent(new StoppedEvent('pause', 1));
      },
    );
  }

  private async shown(session: Attached, result: Shown): Promise<void> {
    const { stop } = result;
    session.output.flush();
    const isShutdown = stop.reason === 'triple-fault';
    if (isEnd(stop) || (isShutdown && !session.exceptions.stopsAtTripleFault)) {
      if (isShutdown) this.say(`The machine shut down by a triple fault.\n${faultChain(stop).join('\n')}\n`);
      if (stop.reason === 'exit') this.sendEvent(new ExitedEvent(stop.status ?? 0));
      this.sendEvent(new TerminatedEvent());
      return;
    }
    for (const line of await this.imageCheck.atStop(session.debuggee)) this.say(`${line}\n`);
    this.sendEvent(stoppedEvent(result));
  }

  /** In place; but what was built anew since the launch is booted anew, and the client configures it again. */
  private async restart(session: Attached): Promise<undefined> {
    await session.control.halt();
    const { launched, provided } = session;
    this.rebooted = launched !== undefined && (await provided.isOutdated?.()) === true;
    if (launched !== undefined && this.rebooted) {
      await leave(session);
      this.attached = undefined;
      this.say('A file has changed since it was loaded: the machine is made anew.\n');
      return this.boot(launched).catch((error: unknown) => {
        this.sendEvent(new TerminatedEvent());
        throw error;
      });
    }
    await session.debuggee.target.reset();
    session.debuggee.moved();
    session.output.flush();
  }

  private continueAfterRestart(): void {
    const session = this.machine();
    if (this.rebooted) {
      this.sendEvent(new ContinuedEvent(1, true));
      this.sendEvent(new InitializedEvent());
      return;
    }
    if (session.stopOnEntry) {
      void this.shown(session, { stop: { ...session.debuggee.target.lastStop, reason: 'entry' }, breakpointIds: [] });
      return;
    }
    this.sendEvent(new ContinuedEvent(1, true));
    this.continue(session);
  }

  /** After a write other views of the same state are out of date. */
  private changed<T extends object>(body: T): T {
    for (const event of changeEvents(body, this.client)) this.sendEvent(event);
    return body;
  }

  private async writeMemory(args: Json, debuggee: Debuggee): Promise<object | undefined> {
    const body = await writeMemory(args, debuggee);
    for (const event of memoryEvents(args, body?.bytesWritten ?? 0, this.client)) this.sendEvent(event);
    return body;
  }

  private async terminate(): Promise<undefined> {
    this.terminating = true;
    await this.attached?.control.halt();
  }

  /** Gives the machine back. A joined one goes on unless the client wants it stopped. */
  private async end(terminate: boolean): Promise<undefined> {
    this.relay?.close();
    if (this.ended) return;
    const session = this.attached;
    if (session === undefined) return;
    this.ended = true;
    await leave(session);
    const { target } = session.debuggee;
    if (terminate || this.terminating) return session.provided.terminate?.() as undefined;
    if (session.launched !== undefined || target.running || isEnd(target.lastStop)) return;
    // Nobody is left to resume it: a joined machine runs on, as it did before the client came.
    target.resume({ kind: 'continue' }).catch(() => {});
  }
}
