/** What a client is told on its own, what it may cancel, and what a restart costs. */
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, describe, expect, test } from 'vitest';
import { guestPath } from '../guests/build.ts';
import { realSession } from './dap-real.ts';
import { launched, SOURCE, startToy, type ToyAdapter } from './dap-toy.ts';

let adapter: ToyAdapter;
const stops: ToyAdapter[] = [];
afterEach(async () => {
  for (const one of stops.splice(0)) await one.stop();
});
const thread = { threadId: 1 };
const request = async (command: string, args: object = {}) => (await adapter.client.customRequest(command, args)).body;

async function toy(program?: number[]): Promise<ToyAdapter> {
  const started = await startToy(program);
  stops.push(started);
  return started;
}

/** A session at entry with a client that understands everything. */
async function start(program?: number[]): Promise<void> {
  adapter = await toy(program);
  const { client } = adapter;
  const capable = { supportsInvalidatedEvent: true, supportsMemoryEvent: true, supportsProgressReporting: true };
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest({ adapterID: 'trapgate', ...capable } as never);
  await client.launchRequest({ program: '/out/toy.elf', stopOnEntry: true } as never);
  await initialized;
  const stopped = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  await stopped;
}

describe('events', () => {
  test('memory and invalidated after a write', async () => {
    await start();
    const memory = adapter.client.waitForEvent('memory');
    const invalidated = adapter.client.waitForEvent('invalidated');
    await request('writeMemory', { memoryReference: '0x2000', offset: 4, data: 'AAAA' });
    expect((await memory).body).toEqual({ memoryReference: '0x2000', offset: 4, count: 3 });
    expect((await invalidated).body.areas).toEqual(['variables', 'stacks']);
    const again = adapter.client.waitForEvent('memory');
    await request('setExpression', { expression: 'counter', value: '7' });
    expect((await again).body).toMatchObject({ memoryReference: '0x00002000' });
  });

  test('a long step shows progress and can be cancelled from it', async () => {
    // halt, then a loop: a step over the halt waits for an interrupt that never comes.
    await start([0xf4, 0xeb, 0xfe]);
    // Asked for first: on a busy host the event is read together with the answer.
    const halted = adapter.client.waitForEvent('stopped');
    await adapter.client.customRequest('stepIn', { ...thread, granularity: 'instruction' });
    await halted;
    const progress = adapter.client.waitForEvent('progressStart');
    const ended = adapter.client.waitForEvent('progressEnd');
    const stopped = adapter.client.waitForEvent('stopped');
    await adapter.client.customRequest('next', thread);
    const { progressId, cancellable } = (await progress).body;
    expect(cancellable).toBe(true);
    await request('cancel', { progressId });
    expect((await ended).body.progressId).toBe(progressId);
    expect((await stopped).body.reason).toBe('pause');
  });

  test('a request that waits is cancelled, one that runs is not', async () => {
    await start();
    const send = (command: string, args: object = {}) => adapter.client.customRequest(command, args);
    const first = send('disassemble', { memoryReference: '0x100', instructionCount: 3000 });
    const second = send('threads');
    // The test client numbers its requests one by one; `cancel` is the one after `threads`.
    const secondSeq = (adapter.client as unknown as { sequence: number }).sequence - 1;
    const cancel = send('cancel', { requestId: secondSeq });
    await expect(second).rejects.toThrow('cancelled');
    expect((await first).success).toBe(true);
    expect((await cancel).success).toBe(true);
  });
});

test('completions know the monitor', async () => {
  adapter = await toy();
  await launched(adapter);
  const labels = async (line: string) => {
    const { targets } = await request('completions', { text: line, column: line.length + 1 });
    return targets.map(({ label, start: at, length }: DebugProtocol.CompletionItem) => [label, at, length]);
  };
  expect(await labels('hel')).toEqual([['help', 0, 3]]);
  expect(await labels('monitor h')).toContainEqual(['help', 8, 1]);
  expect(await labels('wal')).toEqual([['walk', 0, 3]]);
});

test('breakpoint modes', async () => {
  adapter = await toy();
  await launched(adapter);
  const set = async (mode: string) =>
    (await request('setBreakpoints', { source: { path: SOURCE }, breakpoints: [{ line: 11, mode }] })).breakpoints[0];
  expect(await set('user')).toMatchObject({ verified: true });
  expect([...adapter.target.points.values()]).toMatchObject([{ scope: { cpl: 3 } }]);
  adapter.target.cr3 = 0x5000;
  await request('setVariable', { variablesReference: 3, name: 'cr3', value: '0x6000' });
  await set('space');
  expect([...adapter.target.points.values()]).toMatchObject([{ scope: { cr3: 0x6000 } }]);
  expect(await set('sideways')).toMatchObject({
    verified: false,
    message: 'there is no breakpoint mode sideways here',
  });
  const data = async (dataId: string) =>
    (await request('setDataBreakpoints', { breakpoints: [{ dataId, mode: 'physical' }] })).breakpoints[0];
  expect(await data('0x2000,4')).toMatchObject({ verified: true });
  expect([...adapter.target.points.values()]).toMatchObject([{ address: { space: 'physical', offset: 0x2000 } }]);
  expect(await data('0x2ffe,4')).toMatchObject({ verified: false, message: expect.stringContaining('one page') });
});

test('without debugging nothing stops the guest', async () => {
  const { session, response, event } = await realSession();
  const program = path.resolve(import.meta.dirname, '../../server/demo/demo.elf');
  await response('launch', { program, stopOnEntry: true, noDebug: true });
  const { body } = await response('setFunctionBreakpoints', { breakpoints: [{ name: 'kmain' }] });
  expect(body.breakpoints).toMatchObject([{ verified: false, message: 'the guest runs without debugging' }]);
  await response('setExceptionBreakpoints', { filters: ['triple-fault', '#PF'] });
  const terminated = event('terminated');
  await response('configurationDone');
  await terminated;
  session.dispose();
});

test('input for COM1 and a terminal that is not there', async () => {
  const { session, response } = await realSession();
  const program = path.resolve(import.meta.dirname, '../../server/demo/demo.elf');
  expect((await response('launch', { program, serial: 'terminal' })).message).toContain(
    'this client has no terminal for COM1 (use "serial": "console", and the request trapgate/sendSerial to type)',
  );
  expect((await response('launch', { program })).success).toBe(true);
  expect((await response('trapgate/sendSerial', { text: 'ls\r' })).success).toBe(true);
  expect((await response('trapgate/sendSerial', {})).success).toBe(false);
  session.dispose();
});

test('a restart boots what was built since, with the breakpoints that the client sets again', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'trapgate-restart-'));
  const program = path.join(folder, 'kernel.elf');
  copyFileSync(path.resolve(import.meta.dirname, '../../server/demo/demo.elf'), program);
  const { session, response, event } = await realSession();
  await response('launch', { program });
  const breakIn = (name: string) => response('setFunctionBreakpoints', { breakpoints: [{ name }] });
  await breakIn('kmain');
  const hit = event('stopped');
  await response('configurationDone');
  await hit;

  copyFileSync(guestPath('high-half'), program);
  utimesSync(program, 1, 1);
  const initialized = event('initialized');
  const continued = event('continued');
  expect(await response('restart')).toMatchObject({ success: true });
  await Promise.all([initialized, continued]);
  await breakIn('_start');
  const again = event('stopped');
  await response('configurationDone');
  await again;
  const { body } = await response('stackTrace', { threadId: 1 });
  expect(body.stackFrames[0]).toMatchObject({ name: '_start', source: { name: 'high-half.S' } });

  writeFileSync(program, 'no kernel');
  const terminated = event('terminated');
  expect(await response('restart')).toMatchObject({ success: false });
  await terminated;
  session.dispose();
  rmSync(folder, { recursive: true, force: true });
});

test('a restart of the demo takes less than 50 ms of CPU time and keeps breakpoints', async () => {
  const { session, response, event } = await realSession();
  const program = path.resolve(import.meta.dirname, '../../server/demo/demo.elf');
  await response('launch', { program, stopOnEntry: true });
  await response('configurationDone');
  await response('setFunctionBreakpoints', { breakpoints: [{ name: 'count_ticks' }] });
  const costs: number[] = [];
  for (let round = 0; round < 4; round++) {
    const hit = event('stopped');
    await response('continue', { threadId: 1 });
    expect(await hit).toMatchObject({ body: { reason: 'function breakpoint' } });
    const entry = event('stopped');
    const before = process.cpuUsage();
    await response('restart');
    expect(await entry).toMatchObject({ body: { reason: 'entry' } });
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  // The least of them: others share the processor's caches and the compiler's threads count too.
  expect(Math.min(...costs)).toBeLessThan(50);
  session.dispose();
});

test('a guest that somebody else let run stops for a restart and when the session ends', async () => {
  const { session, response, event } = await realSession();
  await response('launch', { program: guestPath('busy-loop'), stopOnEntry: true });
  await response('configurationDone');
  const { target } = session;
  const foreign = target?.resume({ kind: 'continue' });
  const entry = event('stopped');
  expect(await response('restart')).toMatchObject({ success: true });
  expect(await foreign).toMatchObject({ reason: 'interrupted' });
  expect(await entry).toMatchObject({ body: { reason: 'entry' } });

  const another = target?.resume({ kind: 'continue' });
  expect(await response('disconnect')).toMatchObject({ success: true });
  expect(target?.running).toBe(false);
  expect(await another).toMatchObject({ reason: 'interrupted' });
});
