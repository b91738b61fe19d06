/**
 * Debug-adapter clients of a machine that this process runs: each connection is a session that may attach,
 * and one of them at a time controls the machine.
 */
import { existsSync, lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { type DebugTarget, UserError } from '../core/index.ts';
import { type ListenAddress, listenAddressText } from '../server/listen-address.ts';
import { NODE_FACTORY, NODE_SERVICES } from './node-host.ts';
import { runSession } from './session-stream.ts';
import { findSourceBase, loadSymbols, readNamed } from './symbol-files.ts';
import type { TargetFactory } from './target-factory.ts';

export interface DapServer {
  /** Where it really listens: with port 0, the port that was given. */
  readonly address: ListenAddress;
  close(): Promise<void>;
}

/** A session still tells its client how the run ended. */
const LAST_EVENTS_MILLISECONDS = 100;

export interface DapServerOptions {
  /** One line for the person who started the server. */
  onMessage?(line: string): void;
  /** A client wants the machine to end. */
  onTerminate?(): void;
}

/** Serves `attach` to a machine that runs already. @throws UserError when the address cannot be listened on */
export function serveDap(
  target: DebugTarget,
  address: ListenAddress,
  options: DapServerOptions = {},
): Promise<DapServer> {
  let clients = 0;
  return listen(address, () => joinFactory(target, `debug-adapter client ${++clients}`, options), options);
}

/** Serves `launch`: every connection builds a machine of its own. @throws UserError */
export function serveAdapter(address: ListenAddress, options: DapServerOptions = {}): Promise<DapServer> {
  return listen(address, () => NODE_FACTORY, options);
}

function joinFactory(target: DebugTarget, client: string, options: DapServerOptions): TargetFactory {
  return {
    join: async (configuration) => {
      const { image } = target;
      const program = configuration.program ?? image?.path ?? '';
      const bytes =
        configuration.program === undefined
          ? image?.bytes
          : await readNamed(NODE_SERVICES, configuration.program, 'program');
      const { images, notes } = await loadSymbols(program, bytes, configuration.symbols, NODE_SERVICES, image?.bytes);
      const sourceBase = await findSourceBase(images, program, NODE_SERVICES);
      const giveBack = target.claim === undefined ? () => {} : target.claim(client);
      if (giveBack === undefined)
        throw new UserError('busy', `the machine is controlled by ${target.controller}`, 'detach that one first');
      return {
        target,
        images,
        program,
        sourceBase,
        notes,
        release: giveBack,
        terminate: () => options.onTerminate?.(),
      };
    },
    readFile: (pathOrUri) => NODE_SERVICES.readFile(pathOrUri),
  };
}

async function listen(
  address: ListenAddress,
  factory: () => TargetFactory,
  options: DapServerOptions,
): Promise<DapServer> {
  if (address.kind === 'unix') await removeStaleSocket(address.path);
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => sockets.delete(socket));
    runSession(
      socket,
      socket,
      factory(),
      () => socket.end(),
      (line) => options.onMessage?.(line),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, address)));
    if (address.kind === 'unix') server.listen(address.path, resolve);
    else server.listen(address.port, address.host, resolve);
  });
  const bound = server.address();
  const real =
    address.kind === 'tcp' && bound !== null && typeof bound === 'object' ? { ...address, port: bound.port } : address;
  return {
    address: real,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        setTimeout(() => {
          for (const socket of sockets) socket.destroySoon();
        }, LAST_EVENTS_MILLISECONDS);
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, address: ListenAddress): UserError {
  const where = listenAddressText(address);
  const noFolder = address.kind === 'unix' && !existsSync(path.dirname(address.path));
  const reason = noFolder
    ? 'no such folder'
    : error.code === 'EADDRINUSE'
      ? 'it is in use'
      : error.code === 'EACCES'
        ? 'no permission'
        : (error.code ?? error.message);
  return new UserError(
    'listen',
    `cannot listen on ${where}: ${reason}`,
    'choose another address for the debug adapter',
  );
}

/** A socket file outlives a killed server; one that nobody answers on may be replaced, anything else not. */
async function removeStaleSocket(file: string): Promise<void> {
  const stats = lstatSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket())
    throw new UserError('listen', `${file} exists and is not a socket`, 'choose another path for the debug adapter');
  const answered = await new Promise<boolean>((resolve) => {
    const probe = net.connect(file, () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
  if (!answered) unlinkSync(file);
}
