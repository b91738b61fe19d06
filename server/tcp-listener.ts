/**
 * The GDB stub's door: listens on TCP or a unix socket and gives each connection its session. One client
 * has the machine; another is told so and sent away. Knows sockets and no packet.
 */
import { existsSync, lstatSync, type Stats, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { type DebugTarget, UserError } from '../core/index.ts';
import { frame } from './gdb/frame.ts';
import { Session } from './gdb/session.ts';
import { type ListenAddress, listenAddressText } from './listen-address.ts';

/** For a gdb that is to follow 16-bit code; it lies beside the bundles. */
export const GDB_SCRIPT = join(__dirname, 'trapgate-gdb.py');

export interface GdbListenerOptions {
  /** Path of trapgate-gdb.py, for clients that meet 16-bit code. */
  readonly script?: string;
  /** The client killed the machine (`k`). */
  onKill?(): void;
  /** One line for the person who started the stub. */
  onMessage?(line: string): void;
}

/** How long a closing stub waits for clients to take their last reply. */
const FLUSH_MS = 500;
const ACK = 0x2b;

export class GdbListener {
  /** Where it really listens: with port 0, the port that was given. */
  readonly address: ListenAddress;
  readonly #server: Server;
  readonly #target: DebugTarget;
  readonly #options: GdbListenerOptions;
  readonly #sessions = new Map<Socket, Session>();
  #clients = 0;

  private constructor(server: Server, address: ListenAddress, target: DebugTarget, options: GdbListenerOptions) {
    this.#server = server;
    this.address = address;
    this.#target = target;
    this.#options = options;
    server.on('connection', (socket) => this.#accept(socket));
    server.on('error', (error) => options.onMessage?.(`gdb stub: ${error.message}`));
  }

  /** @throws UserError when the address cannot be listened on */
  static async open(
    target: DebugTarget,
    address: ListenAddress,
    options: GdbListenerOptions = {},
  ): Promise<GdbListener> {
    if (address.kind === 'unix') await removeStaleSocket(address.path);
    const server = createServer();
    await listen(server, address);
    const bound = server.address();
    const real =
      address.kind === 'tcp' && bound !== null && typeof bound === 'object'
        ? { ...address, port: bound.port }
        : address;
    return new GdbListener(server, real, target, options);
  }

  /** Stops listening and ends the connections once their last bytes are out. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const patience = new Promise((resolve) => setTimeout(resolve, FLUSH_MS));
    for (const [socket, session] of this.#sessions) {
      // A stop reply may be on its way: the client is to learn how the guest ended.
      await Promise.race([session.settled(), patience]);
      socket.end();
      setTimeout(() => socket.destroy(), FLUSH_MS).unref();
    }
    await closed;
  }

  #accept(socket: Socket): void {
    socket.setNoDelay(true);
    // What goes wrong with a connection ends that connection: `close` follows.
    socket.on('error', () => socket.destroy());
    const session = new Session(this.#target, {
      name: `gdb client ${++this.#clients}`,
      script: this.#options.script,
      send: (bytes) => {
        if (socket.writable) socket.write(bytes);
      },
      onKill: () => this.#options.onKill?.(),
      onDefect: (error) =>
        this.#options.onMessage?.(`gdb stub: ${error instanceof Error ? error.message : String(error)}`),
    });
    // Only a client that speaks takes the machine: a port scan, or the probe below, must not stop the guest.
    socket.once('data', (bytes) => {
      if (!session.open()) return this.#refuse(socket);
      session.receive(bytes);
      socket.on('data', (more) => session.receive(more));
    });
    this.#sessions.set(socket, session);
    socket.on('close', () => {
      this.#sessions.delete(socket);
      void session.close();
    });
  }

  /** gdb shows the text of the error that its first packet gets. */
  #refuse(socket: Socket): void {
    const holder = this.#target.controller ?? 'another client';
    socket.write(Uint8Array.of(ACK));
    socket.end(frame(`E.the machine is controlled by ${holder}`));
    this.#options.onMessage?.(`gdb stub: refused a client, ${holder} has the machine`);
  }
}

function listen(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => reject(listenError(error, address));
    server.once('error', failed);
    const listening = () => {
      server.removeListener('error', failed);
      resolve();
    };
    if (address.kind === 'unix') server.listen(address.path, listening);
    else server.listen(address.port, address.host, listening);
  });
}

function listenError(error: NodeJS.ErrnoException, address: ListenAddress): UserError {
  const where = listenAddressText(address);
  const reasons: Readonly<Record<string, string>> = {
    EADDRINUSE: `${where} is in use`,
    EACCES: `no permission to listen on ${where}`,
    EADDRNOTAVAIL: `${where} is not an address of this host`,
    ENOTFOUND: `${where}: no such host`,
    ENOENT: `${where}: no such directory`,
  };
  // Node answers EACCES for a socket path whose directory is missing.
  const missing = address.kind === 'unix' && !existsSync(dirname(address.path));
  const code = missing ? 'ENOENT' : (error.code ?? '');
  const message = reasons[code] ?? `cannot listen on ${where}: ${code || error.message}`;
  return new UserError('listen', message, 'choose another address for --gdb');
}

/** A socket file outlives a killed stub; one that nobody answers on is ours to replace, anything else is not. */
async function removeStaleSocket(path: string): Promise<void> {
  let stats: Stats | undefined;
  try {
    stats = lstatSync(path, { throwIfNoEntry: false });
  } catch {
    // Whatever is wrong with the path, listening will say it.
    return;
  }
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new UserError('listen', `${path} exists and is not a socket`, 'choose another path for --gdb');
  }
  const answered = await new Promise<boolean>((resolve) => {
    const probe = createConnection(path, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (!answered) unlinkSync(path);
}
