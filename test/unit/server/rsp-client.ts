/** The client's half of the protocol for tests: wraps packets and collects what a session sends. */
import type { DebugTarget } from '../../../core/debug/target.ts';
import { bytesToHex } from '../../../core/util/hex.ts';
import { fromLatin1, latin1 } from '../../../server/gdb/packet.ts';
import { Session } from '../../../server/gdb/session.ts';

/** A framed request; binary data is escaped as gdb does it. */
export function request(data: string): Uint8Array {
  let body = '';
  for (const character of data) {
    body += '$#}*'.includes(character) ? `}${String.fromCharCode(character.charCodeAt(0) ^ 0x20)}` : character;
  }
  const sum = latin1(body).reduce((total, byte) => (total + byte) & 0xff, 0);
  return latin1(`$${body}#${sum.toString(16).padStart(2, '0')}`);
}

/** Replies in a stream, decoded by rules of our own: runs expanded, escapes resolved, checksum verified. */
export function decodeReplies(stream: string): string[] {
  const replies: string[] = [];
  let at = 0;
  for (;;) {
    const start = stream.indexOf('$', at);
    const end = stream.indexOf('#', start);
    if (start < 0 || end < 0 || stream.length < end + 3) return replies;
    const body = stream.slice(start + 1, end);
    const sum = latin1(body).reduce((total, byte) => (total + byte) & 0xff, 0);
    if (Number.parseInt(stream.slice(end + 1, end + 3), 16) !== sum) throw new Error(`bad checksum of ${body}`);
    const expanded = body.replace(/([\s\S])\*([ -~])/g, (_, byte, count) => byte.repeat(count.charCodeAt(0) - 28));
    replies.push(expanded.replace(/\}([\s\S])/g, (_, byte) => String.fromCharCode(byte.charCodeAt(0) ^ 0x20)));
    at = end + 3;
  }
}

export class RspClient {
  readonly session: Session;
  readonly defects: unknown[] = [];
  stream = '';
  killed = 0;

  constructor(target: DebugTarget, name = 'gdb') {
    this.session = new Session(target, {
      name,
      send: (bytes) => {
        this.stream += fromLatin1(bytes);
      },
      onKill: () => {
        this.killed++;
      },
      onDefect: (error) => this.defects.push(error),
    });
  }

  /** Sends packets without waiting. */
  send(...packets: string[]): void {
    for (const packet of packets) this.session.receive(request(packet));
  }

  /** Sends one packet, waits until it is served, and answers the last reply to it. */
  async ask(packet: string): Promise<string> {
    this.stream = '';
    this.send(packet);
    await this.session.settled();
    return decodeReplies(this.stream).at(-1) ?? '(no reply)';
  }

  /** All replies since the last `ask` began. */
  get replies(): string[] {
    return decodeReplies(this.stream);
  }
}

/** A client whose session has begun. */
export async function connect(target: DebugTarget): Promise<RspClient> {
  const client = new RspClient(target);
  if (!client.session.open()) throw new Error('another client has control');
  await client.session.settled();
  return client;
}

/** `text` as the hex digits of a packet. */
export function hexText(text: string): string {
  return bytesToHex(latin1(text));
}
