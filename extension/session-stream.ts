/** A session on a pair of Node streams: a socket, or standard input and output. */
import type { Readable, Writable } from 'node:stream';
import { frameMessage, MessageReader, StreamError } from './message-stream.ts';
import { TrapgateSession } from './session.ts';
import type { TargetFactory } from './target-factory.ts';

/**
 * @param ended called once, when the client is gone or has disconnected and its machine is given back
 * @param broken told in a line when the stream held something else than messages
 */
export function runSession(
  input: Readable,
  output: Writable,
  factory: TargetFactory,
  ended: () => void,
  broken: (line: string) => void,
): TrapgateSession {
  const session = new TrapgateSession(factory);
  const reader = new MessageReader();
  session.onDidSendMessage((message) => {
    if (output.writable) output.write(frameMessage(message));
    // To disconnect is also to shut the adapter down (DAP, Disconnect): a client may wait for that.
    if ('command' in message && message.command === 'disconnect') session.onEnd();
  });
  let over = false;
  const close = () => {
    if (over) return;
    over = true;
    session.shutdown();
  };
  let hasEnded = false;
  session.onEnd = () => {
    if (!hasEnded) ended();
    hasEnded = true;
  };
  input.on('data', (bytes: Uint8Array) => {
    if (over) return;
    try {
      for (const message of reader.push(bytes)) if (isRequest(message)) session.handleMessage(message);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      broken(`not a debug-adapter client: ${error.message}`);
      close();
      input.destroy();
    }
  });
  input.on('end', close);
  input.on('close', close);
  input.on('error', close);
  output.on('error', close);
  return session;
}

function isRequest(message: object): message is Parameters<TrapgateSession['handleMessage']>[0] {
  const { type, command, seq } = message as { type?: unknown; command?: unknown; seq?: unknown };
  return type === 'request' && typeof command === 'string' && typeof seq === 'number';
}
