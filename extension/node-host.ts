/** What Node gives a session: files, sockets, the interpreter beside the bundle. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../core/index.ts';
import { listenAddressText, parseListenAddress } from '../server/listen-address.ts';
import { GDB_SCRIPT, GdbListener } from '../server/tcp-listener.ts';
import { type HostServices, provideMachine } from './machine-provider.ts';
import { frameMessage, MessageReader } from './message-stream.ts';
import type { AdapterConnection, TargetFactory } from './target-factory.ts';

/** `file:` URIs are files too; other editors send them. */
function filePath(pathOrUri: string): string {
  return pathOrUri.startsWith('file:') ? fileURLToPath(pathOrUri) : pathOrUri;
}

export const NODE_SERVICES: HostServices = {
  readFile: (pathOrUri) => readFile(filePath(pathOrUri)),
  exists: (pathOrUri) =>
    access(filePath(pathOrUri)).then(
      () => true,
      () => false,
    ),
  version: (pathOrUri) =>
    stat(filePath(pathOrUri)).then(
      ({ mtimeMs, size }) => `${mtimeMs} ${size}`,
      () => undefined,
    ),
  tier0: async () => WebAssembly.compile(await readFile(path.join(__dirname, 'tier0.wasm'))),
  yieldToHost: () => new Promise((resolve) => setImmediate(resolve)),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  milliseconds: () => performance.now(),
  wallClock: () => Math.floor(Date.now() / 1000),
  createFile: (name) => {
    try {
      const file = openSync(filePath(name), 'w');
      return { write: (bytes) => void writeSync(file, bytes), close: () => closeSync(file) };
    } catch (error) {
      throw new UserError(
        'file',
        `cannot write ${name}: ${(error as NodeJS.ErrnoException).code}`,
        'check "serial" in launch.json',
      );
    }
  },
  openGdb: async (target, address) => {
    const stub = await GdbListener.open(target, parseListenAddress(address), { script: GDB_SCRIPT });
    return { address: listenAddressText(stub.address), close: () => void stub.close() };
  },
};

export const NODE_FACTORY: TargetFactory = {
  launch: (configuration) => provideMachine(configuration, NODE_SERVICES),
  connect: connectAdapter,
  readFile: (pathOrUri) => NODE_SERVICES.readFile(pathOrUri),
};

/** Connects to the debug-adapter server of `trapgate run --dap`. @throws UserError */
export function connectAdapter(
  target: string,
  receive: (message: object) => void,
  closed: () => void,
): Promise<AdapterConnection> {
  const address = parseListenAddress(target);
  return new Promise((resolve, reject) => {
    const socket = address.kind === 'unix' ? net.connect(address.path) : net.connect(address.port, address.host);
    const refused = (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'ECONNREFUSED' || error.code === 'ENOENT'
          ? 'nobody listens there'
          : (error.code ?? error.message);
      reject(
        new UserError(
          'attach',
          `cannot attach to ${target}: ${reason}`,
          `start the machine with: trapgate run IMAGE --dap ${target} --wait`,
        ),
      );
    };
    socket.once('error', refused);
    socket.once('connect', () => {
      socket.off('error', refused);
      socket.on('error', () => socket.destroy());
      socket.on('close', closed);
      const reader = new MessageReader();
      socket.on('data', (bytes) => {
        try {
          for (const message of reader.push(bytes)) receive(message);
        } catch {
          socket.destroy();
        }
      });
      resolve({ send: (message) => void socket.write(frameMessage(message)), close: () => socket.end() });
    });
  });
}
