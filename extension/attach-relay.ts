/**
 * Attach from another process: the session that this client speaks with hands its messages on to the one
 * that lives beside the machine. That one has not seen `initialize`, so it is sent first and its answer,
 * which the client already has, is kept back.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { UserError } from '../core/index.ts';
import { asObject, type Json } from './arguments.ts';
import type { AdapterConnection, TargetFactory } from './target-factory.ts';

export interface RelayClient {
  response(message: DebugProtocol.Response): void;
  event(message: DebugProtocol.Event): void;
  closed(): void;
}

export class AttachRelay {
  private readonly client: RelayClient;
  /** Forwarded and not answered yet, by sequence number. */
  private readonly pending = new Map<number, DebugProtocol.Request>();
  private connection: AdapterConnection | undefined;
  private introduced: () => void = () => {};

  private constructor(client: RelayClient) {
    this.client = client;
  }

  /** Connects and introduces the client. @throws UserError when nobody listens, or this host cannot connect */
  static async open(
    connect: TargetFactory['connect'],
    target: string,
    initialize: Json,
    client: RelayClient,
  ): Promise<AttachRelay> {
    if (connect === undefined)
      throw new UserError('no-attach', 'this host has no sockets', 'attach from a desktop VS Code');
    if (target === '')
      throw new UserError(
        'no-target',
        'the attach configuration names no target',
        'set "target" to HOST:PORT or a socket path',
      );
    const relay = new AttachRelay(client);
    const ready = new Promise<void>((resolve) => {
      relay.introduced = resolve;
    });
    relay.connection = await connect(
      target,
      (message) => relay.receive(message),
      () => relay.lost(),
    );
    relay.connection.send({ seq: 0, type: 'request', command: 'initialize', arguments: initialize });
    await ready;
    return relay;
  }

  forward(request: DebugProtocol.Request): void {
    this.pending.set(request.seq, request);
    if (this.connection === undefined) this.lost();
    else this.connection.send(request);
  }

  close(): void {
    this.connection?.close();
  }

  private receive(message: object): void {
    const { type, command, request_seq } = asObject(message);
    // seq 0: this session numbers what it sends itself.
    if (type === 'event') this.client.event({ ...(message as DebugProtocol.Event), seq: 0 });
    else if (type === 'response' && command === 'initialize') this.introduced();
    else if (type === 'response') {
      this.pending.delete(Number(request_seq));
      this.client.response({ ...(message as DebugProtocol.Response), seq: 0 });
    }
  }

  /** The other process is gone: nothing stays unanswered, and to disconnect is what the client wanted anyway. */
  private lost(): void {
    const isNew = this.connection !== undefined;
    this.connection = undefined;
    this.introduced();
    for (const { seq, command } of this.pending.values()) {
      const success = command === 'disconnect' || command === 'terminate';
      const message = success ? undefined : 'the machine is gone';
      this.client.response({ seq: 0, type: 'response', request_seq: seq, command, success, message });
    }
    this.pending.clear();
    if (isNew) this.client.closed();
  }
}
