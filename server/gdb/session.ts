/**
 * One client of the GDB stub, from its first byte to its last: acknowledgements, the order of packets, and
 * when a stop reply is owed. Bytes in, bytes out; knows no socket and no single command.
 */
import type { DebugTarget, Resume, Stop } from '../../core/index.ts';
import { execute } from './commands.ts';
import { frame } from './frame.ts';
import { consolePacket } from './handlers/monitor.ts';
import { fromLatin1, type Item, MAX_PACKET, PacketReader } from './packet.ts';
import { stopReply } from './stop-reply.ts';
import { type Answer, Stub } from './stub.ts';

export interface SessionOptions {
  /** Who controls the machine while this client does, for other clients' messages. */
  readonly name: string;
  /** Path of trapgate-gdb.py. */
  readonly script?: string;
  send(bytes: Uint8Array): void;
  /** The client killed the machine. */
  onKill(): void;
  /** A defect of ours met while serving a packet; the session goes on. */
  onDefect?(error: unknown): void;
}

type State =
  /** The guest stands still and is ours. */
  | { readonly kind: 'stopped' }
  /** The guest runs for us; a stop reply is owed. */
  | { readonly kind: 'running' }
  /** The client let go; its next packet takes the machine again. */
  | { readonly kind: 'detached' }
  /** The connection is gone. */
  | { readonly kind: 'closed' };

const STOPPED: State = { kind: 'stopped' };
const RUNNING: State = { kind: 'running' };
const ACK = 0x2b;
const NACK = 0x2d;
/** Text in one O packet, so that with framing it stays within the packet size. */
const CONSOLE_CHUNK = MAX_PACKET / 4;

export class Session {
  readonly #options: SessionOptions;
  readonly #target: DebugTarget;
  readonly #stub: Stub;
  readonly #reader = new PacketReader();
  #state: State = { kind: 'detached' };
  #acknowledges = true;
  /** The packet being served is not acknowledged yet. */
  #ackOwed = false;
  #lastFrame: Uint8Array | undefined;
  #release: (() => void) | undefined;
  /** Packets are served one after the other, however they arrive. */
  readonly #queue: (() => Promise<void>)[] = [];
  #serving = false;
  #served: Promise<void> = Promise.resolve();
  /** What is to be sent in one piece. */
  #out: Uint8Array[] = [];

  constructor(target: DebugTarget, options: SessionOptions) {
    this.#options = options;
    this.#target = target;
    this.#stub = new Stub(target, options.script);
  }

  /**
   * Takes control and stops the guest; without a word, because the client did not ask yet.
   * @returns false when somebody else has control
   */
  open(): boolean {
    if (!this.#claim()) return false;
    this.#enqueue(() => this.#halt());
    return true;
  }

  /** Bytes from the client. Returns at once. */
  receive(bytes: Uint8Array): void {
    for (const item of this.#reader.feed(bytes)) {
      // ^C must not wait its turn: what it interrupts is what the queue waits for.
      if (item.kind === 'interrupt') this.#interrupt();
      else if (item.kind !== 'ack') this.#enqueue(() => this.#serve(item));
    }
  }

  /** The connection is gone: its points go too; a guest that ran runs on, one that stood stands. */
  async close(): Promise<void> {
    if (this.#state.kind === 'closed') return;
    const { points } = this.#stub;
    this.#state = { kind: 'closed' };
    await points.clear();
    this.#release?.();
    this.#release = undefined;
  }

  /** Resolves when every packet received so far has been served. */
  settled(): Promise<void> {
    return this.#served;
  }

  #enqueue(work: () => Promise<void>): void {
    // A client that talks while the guest runs wants it stopped; it gets the reply it is owed first.
    if (this.#state.kind === 'running') this.#target.interrupt();
    this.#queue.push(work);
    if (!this.#serving) this.#served = this.#serveQueue();
  }

  async #serveQueue(): Promise<void> {
    this.#serving = true;
    for (let work = this.#queue.shift(); work !== undefined; work = this.#queue.shift()) {
      if (this.#state.kind === 'closed') continue;
      try {
        await work();
      } catch (error) {
        this.#defect(error);
      }
      this.#flush();
    }
    this.#serving = false;
  }

  /** Nothing a client sends may end the stub: our own mistake is an error to it and a message to us. */
  #defect(error: unknown): void {
    this.#options.onDefect?.(error);
    if (this.#state.kind === 'running') this.#state = STOPPED;
    this.#send('E01');
  }

  #interrupt(): void {
    if (this.#state.kind === 'stopped' || this.#state.kind === 'running') this.#target.interrupt();
  }

  async #serve(item: Exclude<Item, { kind: 'interrupt' | 'ack' }>): Promise<void> {
    if (item.kind === 'nack') {
      if (this.#lastFrame !== undefined) this.#out.push(this.#lastFrame);
      return;
    }
    if (item.kind === 'damaged') {
      if (this.#acknowledges) this.#out.push(Uint8Array.of(NACK));
      return;
    }
    this.#ackOwed = this.#acknowledges;
    if (item.kind === 'oversized') {
      return this.#send('E.packet longer than PacketSize');
    }
    if (this.#state.kind === 'detached') {
      if (!this.#claim()) {
        this.#send(`E.the machine is controlled by ${this.#target.controller ?? 'another client'}`);
        return;
      }
      await this.#halt();
    }
    await this.#carryOut(await execute(this.#stub, fromLatin1(item.data)));
    this.#acknowledge();
  }

  async #carryOut(answer: Answer): Promise<void> {
    switch (answer.kind) {
      case 'reply':
        return this.#send(answer.data);
      case 'console':
        this.#print(answer.text);
        return this.#send(answer.data);
      case 'no-ack':
        this.#send('OK');
        this.#acknowledges = false;
        return;
      case 'last-stop':
        return this.#send((await stopReply(this.#stub, this.#target.lastStop, false)).data);
      case 'resume':
        return this.#run(answer.how);
      case 'detach':
        return this.#detach();
      case 'kill':
        return this.#kill(answer.data);
      case 'restart':
        return this.#restart(answer.reply);
    }
  }

  async #run(how: Resume): Promise<void> {
    this.#state = RUNNING;
    const stopped = this.#target.resume(how);
    // A client may pipeline steps, which end by themselves, but nothing after a `continue`.
    if (this.#queue.length > 0 && how.kind !== 'step') this.#target.interrupt();
    // A step is over before the host's loop turns, and one write has it all; nothing longer is waited for.
    const patience = setImmediate(() => {
      this.#acknowledge();
      this.#flush();
    });
    const stop = await stopped;
    clearImmediate(patience);
    await this.#report(stop);
  }

  async #report(stop: Stop): Promise<void> {
    // The connection may have closed meanwhile; then nobody is owed anything.
    if (this.#state.kind !== 'running') return;
    this.#state = STOPPED;
    const { text, data } = await stopReply(this.#stub, stop, true);
    this.#print(text);
    this.#send(data);
  }

  async #detach(): Promise<void> {
    await this.#stub.points.clear();
    this.#send('OK');
    this.#letGo();
    this.#continueAlone();
  }

  async #kill(data: string | undefined): Promise<void> {
    if (data !== undefined) this.#send(data);
    if (this.#stub.extended) return this.#target.reset();
    this.#options.onKill();
  }

  async #restart(withReply: boolean): Promise<void> {
    await this.#target.reset();
    if (withReply) this.#send((await stopReply(this.#stub, this.#target.lastStop, false)).data);
  }

  #claim(): boolean {
    if (this.#target.claim !== undefined) {
      this.#release = this.#target.claim(this.#options.name);
      if (this.#release === undefined) return false;
    }
    this.#state = STOPPED;
    return true;
  }

  #letGo(): void {
    this.#state = { kind: 'detached' };
    this.#release?.();
    this.#release = undefined;
  }

  /** Without us the guest runs to whatever end it finds; its stop is whoever's who listens. */
  #continueAlone(): void {
    if (this.#target.running) return;
    this.#target.resume({ kind: 'continue' }).catch((error: unknown) => this.#options.onDefect?.(error));
  }

  async #halt(): Promise<void> {
    if (!this.#target.running) return;
    await new Promise<void>((resolve) => {
      const unsubscribe = this.#target.subscribe((event) => {
        if (event.kind !== 'stopped') return;
        unsubscribe();
        resolve();
      });
      this.#target.interrupt();
    });
    // It may have stopped for another reason; the interrupt that then waits was ours and not the client's.
    this.#release?.();
    this.#claim();
  }

  #print(text: string): void {
    for (let i = 0; i < text.length; i += CONSOLE_CHUNK) this.#send(consolePacket(text.slice(i, i + CONSOLE_CHUNK)));
  }

  #send(data: string | Uint8Array): void {
    if (this.#state.kind === 'closed') return;
    const framed = frame(data, this.#ackOwed);
    this.#lastFrame = this.#ackOwed ? framed.subarray(1) : framed;
    this.#ackOwed = false;
    this.#out.push(framed);
  }

  /** For a packet whose reply is far off, or none. A reply that comes at once takes the acknowledgement along. */
  #acknowledge(): void {
    if (this.#ackOwed && this.#state.kind !== 'closed') this.#out.push(Uint8Array.of(ACK));
    this.#ackOwed = false;
  }

  #flush(): void {
    const [first] = this.#out;
    if (first === undefined) return;
    this.#options.send(this.#out.length === 1 ? first : Buffer.concat(this.#out));
    this.#out = [];
  }
}
