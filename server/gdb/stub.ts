/**
 * What the packet handlers share: the target, what the client said it can do, and what it has set. One
 * per connection, so that nothing of one client reaches the next. Sends nothing and owns no socket.
 */
import type { DebugTarget, PcMode, Resume } from '../../core/index.ts';
import { OpenFiles } from './files.ts';
import { PointTable } from './point-table.ts';

/** What a handler wants done. */
export type Answer =
  /** Text, or bytes that are sent as hex digits. */
  | { readonly kind: 'reply'; readonly data: string | Uint8Array }
  /** Text for the user's console first, then the reply (qRcmd). */
  | { readonly kind: 'console'; readonly text: string; readonly data: string }
  /** Run; the stop reply comes when the guest stops. */
  | { readonly kind: 'resume'; readonly how: Resume }
  /** Answer with the last stop. */
  | { readonly kind: 'last-stop' }
  | { readonly kind: 'detach' }
  | { readonly kind: 'kill'; readonly data?: string }
  | { readonly kind: 'restart'; readonly reply: boolean }
  | { readonly kind: 'no-ack' };

export class Stub {
  readonly target: DebugTarget;
  readonly points: PointTable;
  readonly files: OpenFiles;
  /** vCPU that g, p, m and vCont mean when they name none. */
  vcpu = 0;
  pcMode: PcMode = 'auto';
  /** m, M, x and X mean physical addresses (QEMU's `Qqemu.PhyMemMode`). */
  physicalMemory = false;
  /** Interrupts are delivered during single steps. */
  stepInterrupts = false;
  /** Extended mode: the client may restart the guest and outlives its end. */
  extended = false;
  /** The script with which gdb follows the guest through 16-bit code; undefined where there is none to point at. */
  readonly script: string | undefined;
  /** The client has been pointed at the script, or has it. */
  knowsScript = false;
  /** From the client's qSupported. */
  readonly client = { swbreak: false, hwbreak: false };

  constructor(target: DebugTarget, script?: string) {
    this.target = target;
    this.script = script;
    this.points = new PointTable(target, () => this.pcMode);
    this.files = new OpenFiles(target.image);
  }
}

export function reply(data: string | Uint8Array): Answer {
  return { kind: 'reply', data };
}

export const OK: Answer = reply('OK');
/** What an unknown packet gets: the client takes it as "not supported". */
export const EMPTY: Answer = reply('');

// The two digits are hexadecimal `errno` values, as GDB's File-I/O appendix numbers them.
export const INVALID: Answer = reply('E16');
export const BAD_ADDRESS: Answer = reply('E0e');
export const NO_SUCH_THREAD: Answer = reply('E03');

/** An error with words in it, for packets whose errors GDB shows. */
export function refusal(text: string): Answer {
  return reply(`E.${text.replace(/[^\x20-\x7e]/g, ' ')}`);
}
