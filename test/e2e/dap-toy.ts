/** A debug-adapter session over the toy target, with symbols and lines of its own, for protocol tests. */
import net from 'node:net';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { DebugInfo, SourceRow } from '../../extension/debug-info.ts';
import { TrapgateSession } from '../../extension/session.ts';
import type { TargetFactory } from '../../extension/target-factory.ts';
import { ToyTarget } from '../unit/server/toy-target.ts';

export const SOURCE = '/src/toy.s';

/** A loop: line 10 nop · 11 inc eax · 12 inc eax · 13 jump to line 11. */
export const LOOP = [0x90, 0x40, 0x40, 0xeb, 0xfc];
const ROWS: SourceRow[] = [
  { file: SOURCE, line: 10, isStmt: true, start: 0x100, end: 0x101 },
  { file: SOURCE, line: 11, isStmt: true, start: 0x101, end: 0x102 },
  { file: SOURCE, line: 12, isStmt: true, start: 0x102, end: 0x103 },
  { file: SOURCE, line: 13, isStmt: true, start: 0x103, end: 0x105 },
];
const SYMBOLS = new Map([
  ['start', { address: 0x100, code: true }],
  ['again', { address: 0x101, code: true }],
  ['counter', { address: 0x2000, code: false, size: 4 }],
]);

const TOY_INFO: DebugInfo = {
  name: 'toy',
  path: '/out/toy.elf',
  problems: [],
  lookup: (address) => {
    if (address < 0x100 || address >= 0x105) return undefined;
    return address === 0x100 ? { name: 'start', offset: 0 } : { name: 'again', offset: address - 0x101 };
  },
  find: (name) => SYMBOLS.get(name),
  names: (prefix, limit) => [...SYMBOLS.keys()].filter((name) => name.startsWith(prefix)).slice(0, limit),
  locate: (address) => ROWS.find((row) => address >= row.start && address < row.end),
  addressesFor: (file, line) => ROWS.filter((row) => row.file === file && row.line === line).map((row) => row.start),
  nextLineWithCode: (file, line) => ROWS.find((row) => row.file === file && row.line >= line)?.line,
  linesWithCode: (file) => ROWS.filter((row) => row.file === file).map((row) => row.line),
  functionBreakAddresses: (name) => (SYMBOLS.get(name)?.code ? [SYMBOLS.get(name)?.address ?? 0] : []),
  bodyStart: (entry) => entry,
  files: () => [SOURCE],
};

export interface ToyAdapter {
  readonly target: ToyTarget;
  readonly client: DebugClient;
  readonly released: () => boolean;
  /** Cuts the connection, as a client that crashes does. */
  vanish(): void;
  stop(): Promise<void>;
}

export const thread = { threadId: 1 };

/** How a test speaks with its adapter, whichever that is at the time. */
export function asking(adapter: () => ToyAdapter) {
  const request = async (command: string, args: object = {}) =>
    (await adapter().client.customRequest(command, args)).body;
  return {
    request,
    /** Sends a request that lets the guest run and waits for the stop after it. */
    until: async (command: string, args: object = {}): Promise<DebugProtocol.StoppedEvent['body']> => {
      const stopped = adapter().client.waitForEvent('stopped');
      await adapter().client.customRequest(command, { ...thread, ...args });
      return (await stopped).body;
    },
    line: async (): Promise<number> => (await request('stackTrace', thread)).stackFrames[0].line,
    evaluated: async (expression: string, context = 'watch'): Promise<string> =>
      (await request('evaluate', { expression, context })).result,
  };
}

/** A server in this process and a client connected to it. */
export async function startToy(program: readonly number[] = LOOP): Promise<ToyAdapter> {
  const target = new ToyTarget(program);
  let released = false;
  const factory: TargetFactory = {
    launch: async () => ({
      target,
      images: [TOY_INFO],
      program: '/out/toy.elf',
      notes: [],
      release: () => {
        released = true;
      },
    }),
    readFile: async (path) => new TextEncoder().encode(`text of ${path}`),
  };
  const sockets: net.Socket[] = [];
  const server = net.createServer((socket) => {
    sockets.push(socket);
    const session = new TrapgateSession(factory);
    session.setRunAsServer(true);
    session.start(socket, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new DebugClient('node', 'unused', 'trapgate');
  client.defaultTimeout = 5000;
  await client.start((server.address() as net.AddressInfo).port);
  return {
    target,
    client,
    released: () => released,
    vanish: () => {
      for (const socket of sockets.splice(0)) socket.destroy();
    },
    stop: async () => {
      if (sockets.length > 0) await client.stop();
      server.close();
    },
  };
}

/** Launches and runs to the configuration, without going on. */
export async function launched(adapter: ToyAdapter, configuration: object = {}): Promise<void> {
  const { client } = adapter;
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ program: '/out/toy.elf', stopOnEntry: true, ...configuration } as never);
  await initialized;
}

/** Launches and stops at entry. */
export async function atEntry(adapter: ToyAdapter): Promise<void> {
  await launched(adapter);
  const stopped = adapter.client.waitForEvent('stopped');
  await adapter.client.configurationDoneRequest();
  await stopped;
}
