/** Requests that start a session, let the guest run and end it, over the toy target. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asking, atEntry, launched, SOURCE, startToy, type ToyAdapter, thread } from './dap-toy.ts';

let adapter: ToyAdapter;
beforeEach(async () => {
  adapter = await startToy();
});
afterEach(() => adapter.stop());

const { request, until, line } = asking(() => adapter);

describe('the start of a session', () => {
  test('initialize names what is there and nothing else', async () => {
    const { body } = await adapter.client.initializeRequest();
    expect(body).toMatchObject({
      supportsDisassembleRequest: true,
      supportsInstructionBreakpoints: true,
      supportsReadMemoryRequest: true,
    });
    expect(body?.supportsStepBack).toBeUndefined();
    const byDefault = body?.exceptionBreakpointFilters?.filter((filter) => filter.default);
    expect(byDefault?.map((filter) => filter.filter)).toEqual(['triple-fault']);
    expect(body?.exceptionBreakpointFilters?.map((filter) => filter.filter)).toContain('#PF');
  });

  test('the guest does not run before configurationDone', async () => {
    await launched(adapter, { stopOnEntry: false });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await adapter.target.readRegisters()).steps).toBe(0);
    await adapter.client.configurationDoneRequest();
    await until('pause');
    expect((await adapter.target.readRegisters()).steps).toBeGreaterThan(0);
  });

  test('stopOnEntry stops at the first instruction', async () => {
    await launched(adapter);
    const stopped = adapter.client.waitForEvent('stopped');
    await adapter.client.configurationDoneRequest();
    expect((await stopped).body).toMatchObject({ reason: 'entry', threadId: 1, allThreadsStopped: true });
  });

  test('a request before launch and an unknown one are refused in a line', async () => {
    await expect(adapter.client.threadsRequest()).rejects.toThrow('there is no machine');
    await expect(request('nope')).rejects.toThrow('unknown request: nope');
  });

  test.each([
    [{ program: '' }, 'the launch configuration names no program (set "program" to a kernel image)'],
    [{ memory: 0 }, '"memory" is 0 (a whole number from 1 to 2048)'],
    [{ cdrom: 'disk.iso' }, 'not supported yet: cdrom'],
    [{ hda: 'disk.img,write' }, 'not supported yet: hda with ,write'],
    [{ boot: 'z' }, '"boot" is "z" (a, c or d)'],
    [{ smp: 2 }, 'not supported yet: smp 2'],
    [{ symbols: [{}] }, 'names no file'],
    [{ serial: 'carrier pigeon' }, '"serial" is "carrier pigeon" (console, terminal or file:PATH)'],
  ])('launch %j', async (configuration, message) => {
    await expect(launched(adapter, configuration)).rejects.toThrow(message);
  });
});

describe('running', () => {
  test('by line and by instruction', async () => {
    await atEntry(adapter);
    expect(await until('next')).toMatchObject({ reason: 'step' });
    expect(await line()).toBe(11);
    await until('stepIn');
    expect(await line()).toBe(12);
    await until('stepIn', { granularity: 'instruction' });
    expect(await line()).toBe(13);
    await until('next', { granularity: 'instruction' });
    expect(await line()).toBe(11);
    await expect(request('stepOut', thread)).rejects.toThrow('no caller');
  });

  test('pause stops a loop, and continue while running is refused', async () => {
    await atEntry(adapter);
    await adapter.client.continueRequest(thread);
    await expect(adapter.client.continueRequest(thread)).rejects.toThrow('already running');
    expect(await until('pause')).toMatchObject({ reason: 'pause' });
  });

  test('restart resets and starts again, with its breakpoints', async () => {
    await atEntry(adapter);
    await request('setBreakpoints', { source: { path: SOURCE }, breakpoints: [{ line: 12 }] });
    await until('continue');
    expect(await until('restart')).toMatchObject({ reason: 'entry' });
    expect(await line()).toBe(10);
    expect(await until('continue')).toMatchObject({ reason: 'breakpoint' });
  });

  test('threads say the mode', async () => {
    await atEntry(adapter);
    expect(await request('threads')).toEqual({ threads: [{ id: 1, name: 'vCPU 0 (ring 0, 32-bit)' }] });
  });

  test('terminate and disconnect leave nothing behind', async () => {
    await atEntry(adapter);
    await request('setBreakpoints', { source: { path: SOURCE }, breakpoints: [{ line: 12, condition: '0' }] });
    await adapter.client.continueRequest(thread);
    const terminated = adapter.client.waitForEvent('terminated');
    await adapter.client.terminateRequest();
    await terminated;
    await adapter.client.disconnectRequest();
    expect(adapter.target.running).toBe(false);
    expect(adapter.target.points.size).toBe(0);
    expect(adapter.released()).toBe(true);
  });

  test('cancel is answered', async () => {
    await expect(request('cancel', { requestId: 1 })).resolves.toBeUndefined();
  });
});

test('a client that vanishes leaves the machine stopped and clean', async () => {
  await atEntry(adapter);
  await request('setBreakpoints', { source: { path: SOURCE }, breakpoints: [{ line: 12, condition: '0' }] });
  await adapter.client.continueRequest(thread);
  adapter.vanish();
  await expect.poll(() => adapter.released()).toBe(true);
  expect(adapter.target.running).toBe(false);
  expect(adapter.target.points.size).toBe(0);
});
