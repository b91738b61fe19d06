/** What the client is told without asking: output of the guest, and stops. */
import { StoppedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { EXCEPTION_NAMES, hex0x, type Stop } from '../core/index.ts';
import { faultChain } from './exceptions.ts';
import type { Shown } from './run-control.ts';

type Category = 'stdout' | 'console';
type Emit = (text: string, category: Category) => void;

/** A line longer than this is passed on in pieces. */
const MAX_LINE = 8192;
/** A prompt without a line end is shown after this long. */
const FLUSH_MILLISECONDS = 50;

/** Bytes of COM1 and the debug port as lines of the Debug Console. */
export class GuestOutput {
  private readonly emit: Emit;
  private readonly channels: Record<'serial' | 'debugcon', Channel>;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(emit: Emit) {
    this.emit = emit;
    this.channels = { serial: new Channel('stdout'), debugcon: new Channel('console') };
  }

  put(channel: 'serial' | 'debugcon', bytes: Uint8Array): void {
    const target = this.channels[channel];
    target.add(bytes);
    const lines = target.takeLines();
    if (lines !== '') this.emit(lines, target.category);
    if (target.pending !== '') this.timer ??= setTimeout(() => this.flush(), FLUSH_MILLISECONDS);
  }

  flush(): void {
    if (this.timer !== undefined) clearTimeout(this.timer);
    this.timer = undefined;
    for (const target of Object.values(this.channels)) {
      if (target.pending !== '') this.emit(withoutReturns(target.pending), target.category);
      target.pending = '';
    }
  }
}

class Channel {
  readonly category: Category;
  pending = '';
  private readonly decoder = new TextDecoder();

  constructor(category: Category) {
    this.category = category;
  }

  add(bytes: Uint8Array): void {
    this.pending += this.decoder.decode(bytes, { stream: true });
  }

  /** Everything up to the last line end. */
  takeLines(): string {
    const end = this.pending.length > MAX_LINE ? this.pending.length : this.pending.lastIndexOf('\n') + 1;
    const lines = this.pending.slice(0, end);
    this.pending = this.pending.slice(end);
    return withoutReturns(lines);
  }
}

/** A serial line ends in CR LF; the console wants LF. */
function withoutReturns(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

/** The guest will not run again: the session is over. */
export function isEnd(stop: Stop): boolean {
  return stop.reason === 'poweroff' || stop.reason === 'exit';
}

export function stoppedEvent(shown: Shown): DebugProtocol.StoppedEvent {
  const event: DebugProtocol.StoppedEvent = new StoppedEvent(shown.stop.reason, shown.stop.vcpu + 1);
  event.body = stoppedBody(shown);
  return event;
}

function stoppedBody(shown: Shown): DebugProtocol.StoppedEvent['body'] {
  const { stop } = shown;
  const body: DebugProtocol.StoppedEvent['body'] = {
    reason: 'pause',
    threadId: stop.vcpu + 1,
    allThreadsStopped: true,
  };
  if (shown.breakpointIds.length > 0) body.hitBreakpointIds = [...shown.breakpointIds];
  return { ...body, ...reasonFor(shown) };
}

function reasonFor({ stop, breakpointKind }: Shown): Partial<DebugProtocol.StoppedEvent['body']> {
  const last = stop.exceptions?.at(-1);
  switch (stop.reason) {
    case 'entry':
      return { reason: 'entry' };
    case 'step':
      return { reason: 'step' };
    case 'interrupted':
      return { reason: 'pause' };
    case 'breakpoint':
      return {
        reason:
          breakpointKind === undefined || breakpointKind === 'source' ? 'breakpoint' : `${breakpointKind} breakpoint`,
      };
    case 'watchpoint':
      return { reason: 'data breakpoint', description: accessText(stop) };
    case 'port':
      return { reason: 'function breakpoint', description: accessText(stop) };
    case 'mode':
      return { reason: 'function breakpoint', description: stop.message ?? 'Mode change' };
    case 'vector': {
      const text = faultChain(stop).at(-1) ?? stop.message;
      if (breakpointKind !== undefined) return { reason: `${breakpointKind} breakpoint`, description: text };
      const name = last === undefined ? 'interrupt' : (EXCEPTION_NAMES[last.vector] ?? `INT ${hex0x(last.vector, 2)}`);
      return { reason: 'exception', description: `Paused on ${name}`, text };
    }
    case 'triple-fault':
      return { reason: 'exception', description: 'Triple fault', text: faultChain(stop).join('\n') || 'triple fault' };
    case 'refused':
      return { reason: 'exception', description: 'Not supported yet', text: stop.message };
    case 'reset':
      return { reason: 'pause', description: 'The machine was reset' };
    case 'limit':
      return { reason: 'pause', description: 'Instruction limit reached' };
    default:
      return { reason: 'pause', description: stop.message };
  }
}

function accessText({ access }: Stop): string {
  if (access === undefined) return 'Access';
  const space = access.address.space === 'linear' ? '' : `${access.address.space} `;
  const value = access.value === undefined ? '' : ` of ${hex0x(access.value, access.size * 2)}`;
  return `${access.kind === 'write' ? 'Write' : 'Read'}${value} at ${space}${hex0x(access.address.offset)}`;
}
