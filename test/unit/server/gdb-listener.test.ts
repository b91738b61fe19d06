/** The stub's door: TCP and unix sockets, wrong addresses, and clients that come twice or vanish. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NODE_SERVICES } from '../../../extension/node-host.ts';
import { type ListenAddress, parseListenAddress } from '../../../server/listen-address.ts';
import { GdbListener } from '../../../server/tcp-listener.ts';
import { decodeReplies, request } from './rsp-client.ts';
import { ToyTarget } from './toy-target.ts';

const ANY_PORT: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

class Client {
  readonly socket: Socket;
  stream = '';

  constructor(address: ListenAddress) {
    this.socket = address.kind === 'unix' ? connectSocket(address.path) : connectSocket(address.port, address.host);
    this.socket.on('data', (bytes) => {
      this.stream += bytes.toString('latin1');
    });
    this.socket.on('error', () => undefined);
  }

  async ask(packet: string): Promise<string> {
    this.stream = '';
    this.socket.write(request(packet));
    await until(() => decodeReplies(this.stream).length > 0);
    return decodeReplies(this.stream)[0];
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; !condition(); i++) {
    if (i > 2000) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

let directory: string;
let target: ToyTarget;
let listeners: GdbListener[];
let messages: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'gdb-listener-'));
  target = new ToyTarget([0x90, 0x40, 0xeb, 0xfc]);
  listeners = [];
  messages = [];
});

afterEach(async () => {
  if (target.running) target.interrupt();
  for (const listener of listeners) await listener.close();
  rmSync(directory, { recursive: true });
});

async function open(address: ListenAddress = ANY_PORT): Promise<GdbListener> {
  const listener = await GdbListener.open(target, address, { onMessage: (line) => messages.push(line) });
  listeners.push(listener);
  return listener;
}

it('serves a client on TCP, and the next one after it', async () => {
  const { address } = await open();
  for (let i = 0; i < 3; i++) {
    const client = new Client(address);
    expect(await client.ask('qC')).toBe('QC1');
    client.socket.destroy();
    await until(() => target.controller === undefined);
  }
});

it('serves a unix socket, replaces a stale one and removes its own', async () => {
  const path = join(directory, 'stub');
  const first = await open({ kind: 'unix', path });
  expect(await new Client(first.address).ask('qC')).toBe('QC1');
  await first.close();
  expect(existsSync(path)).toBe(false);
  // A socket file whose server is gone.
  const holder = createServer();
  const other = join(directory, 'other');
  await new Promise<void>((resolve) => holder.listen(other, resolve));
  await expect(open({ kind: 'unix', path: other })).rejects.toThrow(/is in use/);
  await new Promise((resolve) => holder.close(resolve));
  const plain = join(directory, 'file');
  writeFileSync(plain, 'precious');
  await expect(open({ kind: 'unix', path: plain })).rejects.toThrow(/not a socket/);
  expect(existsSync(plain)).toBe(true);
});

it('says in one line why it cannot listen', async () => {
  const { address } = await open();
  await expect(open(address)).rejects.toMatchObject({
    name: 'UserError',
    message: expect.stringMatching(/^127.0.0.1:\d+ is in use$/),
  });
  await expect(open({ kind: 'tcp', host: '203.0.113.1', port: 1 })).rejects.toThrow(/not an address of this host/);
  await expect(open({ kind: 'unix', path: join(directory, 'none', 'stub') })).rejects.toThrow(/no such directory/);
});

it('sends a second client away with a reason and does not disturb the first', async () => {
  const { address } = await open();
  const first = new Client(address);
  expect(await first.ask('qC')).toBe('QC1');
  const second = new Client(address);
  expect(await second.ask('qSupported:swbreak+')).toBe('E.the machine is controlled by gdb client 1');
  await until(() => second.socket.closed);
  expect(await first.ask('s')).toMatch(/^T05/);
  expect(messages).toEqual(['gdb stub: refused a client, gdb client 1 has the machine']);
});

it('drops what a vanished client left: its points and half a packet', async () => {
  const { address } = await open();
  const first = new Client(address);
  await first.ask('Z0,200,1');
  first.socket.write(request('c'));
  await until(() => target.running);
  first.socket.write('$m0,');
  first.socket.destroy();
  await until(() => target.controller === undefined);
  expect(target.points.size).toBe(0);
  const second = new Client(address);
  expect(await second.ask('?')).toMatch(/^T0/);
  expect(await second.ask('g')).toHaveLength(352);
});

it('leaves the guest alone until a client speaks', async () => {
  const { address } = await open();
  const run = target.resume({ kind: 'continue' });
  const client = new Client(address);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(target.running).toBe(true);
  expect(await client.ask('?')).toMatch(/^T02/);
  expect((await run).reason).toBe('interrupted');
});

it('delivers the last reply before it closes', async () => {
  target.memory.set([0xe7, 0x21], 0x100);
  const listener = await open();
  const client = new Client(listener.address);
  client.socket.write(request('c'));
  // As the command does it: the end of the guest closes the stub at once.
  await new Promise<void>((resolve) => {
    target.subscribe(({ kind }) => {
      if (kind === 'stopped') resolve(listener.close());
    });
  });
  await until(() => client.socket.closed);
  expect(decodeReplies(client.stream)).toEqual(['W21']);
});

it('beside a debug session it knows the script for 16-bit code, too', async () => {
  const stub = await NODE_SERVICES.openGdb?.(target, '127.0.0.1:0');
  const client = new Client(parseListenAddress(stub?.address ?? ''));
  const console = await client.ask(`qRcmd,${Buffer.from('gdb-script').toString('hex')}`);
  expect(Buffer.from(console.slice(1), 'hex').toString()).toMatch(/^source \S+trapgate-gdb\.py\n$/);
  client.socket.destroy();
  stub?.close();
});
