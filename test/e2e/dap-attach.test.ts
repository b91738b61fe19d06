/** Attach: the adapter joins a machine that `trapgate run --dap` started. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, describe, expect, test } from 'vitest';
import { guestPath } from '../guests/build.ts';

const root = path.resolve(import.meta.dirname, '../..');
const DEMO = path.join(root, 'server/demo/demo.elf');
const BUSY = guestPath('busy-loop');
const thread = { threadId: 1 };
const clients: DebugClient[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) await client.stop().catch(() => {});
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface Run {
  readonly target: string;
  readonly status: Promise<number | null>;
  stderr(): string;
}

function message(seq: number, command: string): string {
  const body = JSON.stringify({ seq, type: 'request', command });
  return `Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** `trapgate run` of the demo, or of the guest that is named, with options; resolves when it listens. */
function start(...options: string[]): Promise<Run> {
  const images = options.some((option) => option.endsWith('.elf')) ? [] : [DEMO];
  const child = spawn(process.execPath, [path.join(root, 'dist/trapgate.js'), 'run', ...images, ...options], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  children.push(child);
  let stderr = '';
  const status = new Promise<number | null>((resolve) => child.on('exit', resolve));
  return new Promise((resolve, reject) => {
    child.stderr?.on('data', (bytes) => {
      stderr += bytes;
      const address = /debug adapter: attach to (\S+)/.exec(stderr);
      if (address !== null) resolve({ target: address[1], status, stderr: () => stderr });
    });
    child.on('exit', () => reject(new Error(stderr)));
  });
}

async function connect(): Promise<DebugClient> {
  const client = new DebugClient('node', path.join(root, 'dist/debug-adapter.js'), 'trapgate');
  client.defaultTimeout = 20_000;
  clients.push(client);
  await client.start();
  await client.initializeRequest();
  return client;
}
async function attach(target: string, configuration: object = {}): Promise<DebugClient> {
  const client = await connect();
  const initialized = client.waitForEvent('initialized');
  await client.attachRequest({ target, ...configuration } as never);
  await initialized;
  return client;
}
/** Its adapter ends with that: there is none to stop after the test. */
async function leave(client: DebugClient, terminateDebuggee = false): Promise<void> {
  clients.splice(clients.indexOf(client), 1);
  await client.disconnectRequest({ terminateDebuggee });
}
async function until(
  client: DebugClient,
  command: string,
  args: object = {},
): Promise<DebugProtocol.StoppedEvent['body']> {
  const stopped = client.waitForEvent('stopped');
  await client.customRequest(command, { ...thread, ...args });
  return (await stopped).body;
}

describe('a machine that waits', () => {
  test('is taken from its entry to its end', async () => {
    const run = await start('--dap', '0', '--wait');
    const client = await attach(run.target);
    expect(await until(client, 'configurationDone')).toMatchObject({ reason: 'entry' });
    const set = await client.customRequest('setFunctionBreakpoints', { breakpoints: [{ name: 'timer_interrupt' }] });
    expect(set.body.breakpoints[0].verified).toBe(true);
    expect(await until(client, 'continue')).toMatchObject({ reason: 'function breakpoint' });
    const { body } = await client.customRequest('stackTrace', thread);
    const names = body.stackFrames.map((frame: DebugProtocol.StackFrame) => frame.name);
    expect(names.slice(0, 3)).toEqual(['timer_interrupt', 'trap_dispatch', 'trap_common']);
    expect(names.at(-1)).toBe('high_half');
    await client.customRequest('setFunctionBreakpoints', { breakpoints: [] });
    const terminated = client.waitForEvent('terminated');
    await client.continueRequest(thread);
    await terminated;
    expect(await run.status).toBe(0);
  });

  test('has one controller; the others are told who', async () => {
    const run = await start('--dap', '0', '--wait');
    const first = await attach(run.target);
    await until(first, 'configurationDone');
    const second = await connect();
    await expect(second.attachRequest({ target: run.target } as never)).rejects.toThrow(
      'the machine is controlled by debug-adapter client 1 (detach that one first)',
    );
    await leave(first);
    // Detached, the guest runs on to its end.
    expect(await run.status).toBe(0);
  });

  test('ends when a client wants it to', async () => {
    const run = await start('--dap', '0', '--wait');
    const client = await attach(run.target);
    await until(client, 'configurationDone');
    await leave(client, true);
    expect(await run.status).toBe(0);
    expect(run.stderr()).toContain('ended by the debugger');
  });

  test('outlives a client that vanishes', async () => {
    const run = await start('--dap', '0', '--wait', '--max-instructions', '100000000');
    const port = Number(run.target.split(':').at(-1));
    const socket = net.connect(port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write('Content-Length: 50\r\n\r\n{"seq":1');
    socket.destroy();
    const client = await attach(run.target);
    expect(await until(client, 'configurationDone')).toMatchObject({ reason: 'entry' });
  });

  test.each([
    'GET / HTTP/1.1\r\n\r\n',
    'Content-Length: 99999999999\r\n\r\n',
    'Content-Length: 4\r\n\r\nnull',
    `${'x'.repeat(10_000)}`,
  ])('hangs up on a stream that is none: %#', async (bytes) => {
    const run = await start('--dap', '0', '--wait');
    const socket = net.connect(Number(run.target.split(':').at(-1)), '127.0.0.1');
    socket.write(bytes);
    await new Promise((resolve) => socket.once('close', resolve));
    await expect.poll(run.stderr).toContain('not a debug-adapter client');
    expect(await until(await attach(run.target), 'configurationDone')).toMatchObject({ reason: 'entry' });
  });

  test('that runs is joined as it runs, also by who wants no stop, and a disconnect hangs up', async () => {
    const run = await start('--dap', '0', '--max-instructions', '100000000000', BUSY);
    const client = await attach(run.target, { stopOnEntry: false });
    await client.configurationDoneRequest();
    expect(await until(client, 'pause')).toMatchObject({ reason: 'pause' });
    await leave(client);
    const socket = net.connect(Number(run.target.split(':').at(-1)), '127.0.0.1');
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let answers = '';
    socket.on('data', (bytes) => {
      answers += bytes;
    });
    socket.write(message(1, 'initialize') + message(2, 'disconnect'));
    await closed;
    expect(answers).toMatch(/"command":"disconnect".*"success":true|"success":true.*"command":"disconnect"/);
    expect(run.stderr()).not.toContain('more than one response');
  });

  test('is reached through a unix socket', async () => {
    const file = path.join(os.tmpdir(), `trapgate-dap-${process.pid}.sock`);
    const run = await start('--dap', file, '--wait');
    expect(run.target).toBe(file);
    const client = await attach(file);
    await until(client, 'configurationDone');
    await leave(client);
    expect(await run.status).toBe(0);
    expect(existsSync(file)).toBe(false);
    rmSync(file, { force: true });
  });

  test('with symbols of another file', async () => {
    const run = await start('--dap', '0', '--wait');
    const missing = connect().then((client) =>
      client.attachRequest({ target: run.target, program: '/nonexistent' } as never),
    );
    await expect(missing).rejects.toThrow('cannot read the program /nonexistent: no such file');
    const client = await attach(run.target, { program: DEMO });
    await until(client, 'configurationDone');
  });
});

test('to disconnect ends the adapter on standard input and output', async () => {
  const adapter = spawn(process.execPath, [path.join(root, 'dist/debug-adapter.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(adapter);
  let answers = '';
  adapter.stdout.on('data', (bytes) => {
    answers += bytes;
  });
  const status = new Promise((resolve) => adapter.on('close', resolve));
  // Standard input stays open.
  adapter.stdin.write(message(1, 'initialize') + message(2, 'disconnect'));
  expect(await status).toBe(0);
  expect(answers).toContain('"request_seq":2');
});

test('nobody listening is one line with a hint', async () => {
  const client = await connect();
  await expect(client.attachRequest({ target: '127.0.0.1:1' } as never)).rejects.toThrow(
    'cannot attach to 127.0.0.1:1: nobody listens there (start the machine with: trapgate run IMAGE --dap 127.0.0.1:1 --wait)',
  );
  const other = await connect();
  await expect(other.attachRequest({} as never)).rejects.toThrow('names no target');
});

test('a busy port is refused in a line, status 2', async () => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as net.AddressInfo;
  await expect(start('--dap', String(port))).rejects.toThrow(
    `trapgate: cannot listen on 127.0.0.1:${port}: it is in use`,
  );
  server.close();
});
