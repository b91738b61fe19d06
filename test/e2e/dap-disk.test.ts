/** The debug adapter on the demo disk, in one session from the firmware's first instruction to user mode. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { realSession } from './dap-real.ts';

const root = path.resolve(import.meta.dirname, '../..');
const demo = (name: string) => path.join(root, 'server/demo', name);
const image = path.join(root, 'dist/demo.img');
const thread = { threadId: 1 };

/** The number, from 1, of the first line that has the text. */
function lineOf(file: string, text: string): number {
  const found = readFileSync(demo(file), 'utf8')
    .split('\n')
    .findIndex((line) => line.includes(text));
  expect(found, text).toBeGreaterThanOrEqual(0);
  return found + 1;
}

async function start(configuration: object) {
  const { session, response, event } = await realSession();
  const request = async (command: string, args: object = {}) => {
    const { success, message, body } = await response(command, args);
    expect(message, command).toBeUndefined();
    expect(success, command).toBe(true);
    return body;
  };
  /** Sends a request that lets the guest run, and waits for the stop after it. */
  const until = async (command: string): Promise<string> => {
    const stopped = event('stopped');
    await request(command, thread);
    return (await stopped).body.reason;
  };
  const frames = async (): Promise<DebugProtocol.StackFrame[]> => (await request('stackTrace', thread)).stackFrames;
  const initialized = event('initialized');
  await request('launch', { stopOnEntry: true, ...configuration });
  await initialized;
  const entry = event('stopped');
  await request('configurationDone');
  await entry;
  return {
    request,
    until,
    frames,
    /** The innermost frame as the call stack shows it. */
    place: async () => {
      const [{ name, source, line }] = await frames();
      return source === undefined ? name : `${name} ${source.name}:${line}`;
    },
    mode: async (): Promise<string> => (await request('threads')).threads[0].name,
    breakAt: async (file: string, ...lines: number[]) => {
      const breakpoints = lines.map((line) => ({ line }));
      const { body } = await response('setBreakpoints', { source: { path: demo(file) }, breakpoints });
      expect(body.breakpoints).toMatchObject(lines.map((line) => ({ verified: true, line })));
    },
    variables: async (scope: string): Promise<object> => {
      const { scopes } = await request('scopes', { frameId: 1 });
      const { variablesReference } = scopes.find((one: DebugProtocol.Scope) => one.name === scope);
      const { variables } = await request('variables', { variablesReference });
      return Object.fromEntries(variables.map(({ name, value }: DebugProtocol.Variable) => [name, value]));
    },
    evaluate: async (expression: string): Promise<string> =>
      (await request('evaluate', { expression, frameId: 1, context: 'watch' })).result,
    end: async () => {
      const terminated = event('terminated');
      await request('setBreakpoints', { source: { path: demo('user.c') }, breakpoints: [] });
      await request('continue', thread);
      await terminated;
      session.dispose();
    },
  };
}

test('from the boot sector by way of the kernel to user mode, on lines of source', async () => {
  const symbols = [{ file: demo('loader.elf') }, { file: demo('demo.elf') }];
  const disk = await start({ program: image, symbols });
  expect([await disk.place(), await disk.mode()]).toEqual(['f000:fff0', 'vCPU 0 (real mode)']);

  const first = lineOf('loader.S', 'ljmp $0, $loader');
  const read = lineOf('loader.S', 'mov $0x0201, %ax');
  const flat = lineOf('loader.S', 'mov $PROTECTED_DATA, %ax');
  const ticks = lineOf('kmain.c', 'timer_wait(wanted);');
  const heap = lineOf('user.c', '*cell = i + 1;');
  await disk.breakAt('loader.S', first, read, flat);
  await disk.breakAt('kmain.c', ticks);
  await disk.breakAt('user.c', heap);

  expect(await disk.until('continue')).toBe('breakpoint');
  expect(await disk.frames()).toMatchObject([
    { name: '_start', line: first, source: { path: demo('loader.S') }, instructionPointerReference: '0x00007c00' },
  ]);
  expect(await disk.until('next')).toBe('step');
  expect(await disk.place()).toBe(`loader loader.S:${lineOf('loader.S', 'cli')}`);

  // The firmware that reads a sector is stepped over.
  await disk.until('continue');
  await disk.until('next');
  expect(await disk.place()).toBe(`read_next loader.S:${read + 1}`);
  expect(await disk.until('next')).toBe('step');
  expect(await disk.place()).toBe(`read_next loader.S:${read + 2}`);
  expect(await disk.mode()).toBe('vCPU 0 (real mode)');

  await disk.breakAt('loader.S', flat);
  await disk.until('continue');
  expect([await disk.place(), await disk.mode()]).toEqual([`enter_kernel loader.S:${flat}`, 'vCPU 0 (ring 0, 32-bit)']);

  await disk.until('continue');
  expect((await disk.frames()).map(({ name }) => name)).toEqual(['count_ticks', 'kmain', 'high_half']);
  expect(await disk.variables('Arguments')).toEqual({ wanted: '20' });
  expect(await disk.mode()).toBe('vCPU 0 (ring 0, 32-bit, paging)');

  await disk.until('continue');
  expect((await disk.frames()).map(({ name }) => name)).toEqual(['touch_heap', 'user_main']);
  expect(await disk.mode()).toBe('vCPU 0 (ring 3, 32-bit, paging)');
  expect(await disk.variables('Arguments')).toEqual({ pages: '4' });
  expect(await disk.variables('Locals')).toEqual({ i: '0', sum: '0', cell: '0x500000' });
  // The page fault that maps the page, and the kernel that serves it, are stepped over.
  expect(await disk.until('next')).toBe('step');
  expect(await disk.place()).toBe(`touch_heap user.c:${heap + 1}`);
  expect(await disk.evaluate('*cell + i')).toBe('1');
  await disk.breakAt('user.c');
  await disk.until('stepOut');
  expect((await disk.frames()).map(({ name }) => name)).toEqual(['user_main']);
  await disk.end();
});

test('hda boots, the program only names symbols, and code without them is segment:offset', async () => {
  const disk = await start({ hda: image, program: demo('demo.elf') });
  const breakpoints = ['0000:7c00', '0:7c05', 'kmain'].map((name) => ({ name }));
  expect((await disk.request('setFunctionBreakpoints', { breakpoints })).breakpoints).toMatchObject([
    { verified: true, instructionReference: '0x00007c00' },
    { verified: true, instructionReference: '0x00007c05' },
    { verified: true },
  ]);
  expect(await disk.until('continue')).toBe('function breakpoint');
  expect((await disk.frames()).map(({ name }) => name)).toEqual(['0000:7c00']);
  await disk.until('continue');
  expect(await disk.place()).toBe('0000:7c05');
  await disk.until('continue');
  expect(await disk.place()).toMatch(/^kmain kmain\.c:/);
  await disk.end();
});
