/**
 * Attach from another process: the session that this client speaks with hands its messages on to the one
 * that lives beside the machine. That one has not seen `initialize`, so it is sent first and its answer,
 * which the client already has, is kept back.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { asObject, type Json } from './arguments.ts';
import type { AdapterConnection, TargetFactory } from './target-factory.ts';

export interface RelayClient {
  response(message: DebugProtocol.Response): void;
  event(message: DebugProtocol.Event): void;
  closed(): void;
}

export class AttachRelay {
  private readonly connection: AdapterConnection;

  private constructor(connection: AdapterConnection) {
    this.connection = connection;
  }

  /** Connects and introduces the client. @throws UserError when nobody listens */
  static async open(
    connect: NonNullable<TargetFactory['connect']>,
    target: string,
    initialize: Json,
    client: RelayClient,
  ): Promise<AttachRelay> {
    let introduced: () => void = () => {};
    const ready = new Promise<void>((resolve) => {
      introduced = resolve;
    });
    const receive = (message: object) => {
      const { type, command } = asObject(message);
      // seq 0: this session numbers what it sends itself.
      if (type === 'event') client.event({ ...(message as DebugProtocol.Event), seq: 0 });
      else if (type === 'response' && command === 'initialize') introduced();
      else if (type === 'response') client.response({ ...(message as DebugProtocol.Response), seq: 0 });
    };
    const connection = await connect(target, receive, () => {
      introduced();
      client.closed();
    });
    connection.send({ seq: 0, type: 'request', command: 'initialize', arguments: initialize });
    await ready;
    return new AttachRelay(connection);
  }

  forward(request: DebugProtocol.Request): void {
    this.connection.send(request);
  }

  close(): void {
    this.connection.close();
  }
}
