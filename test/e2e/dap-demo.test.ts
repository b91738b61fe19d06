/** The adapter as it is shipped, over the real machine and the demo guest. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const source = (name: string) => path.join(root, 'server/demo', name);
const DEMO = source('demo.elf');
const thread = { threadId: 1 };

let client: DebugClient;
let output: string;
beforeEach(async () => {
  client = new DebugClient('node', path.join(root, 'dist/debug-adapter.js'), 'trapgate');
  client.defaultTimeout = 20_000;
  output = '';
  client.on('output', (event: DebugProtocol.OutputEvent) => {
    output += event.body.output;
  });
  await client.start();
});
afterEach(() => client.stop());

const request = async (command: string, args: object = {}) => (await client.customRequest(command, args)).body;

async function launch(configuration: object = {}): Promise<void> {
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ program: DEMO, ...configuration } as never);
  await initialized;
}
async function until(command: string, args: object = {}): Promise<DebugProtocol.StoppedEvent['body']> {
  const stopped = client.waitForEvent('stopped');
  await client.customRequest(command, { ...thread, ...args });
  return (await stopped).body;
}
const breakAt = async (file: string, ...lines: (number | object)[]) => {
  const breakpoints = lines.map((line) => (typeof line === 'number' ? { line } : line));
  return (await request('setBreakpoints', { source: { path: source(file) }, breakpoints })).breakpoints;
};
const breakIn = async (...names: string[]) =>
  (await request('setFunctionBreakpoints', { breakpoints: names.map((name) => ({ name })) })).breakpoints;
const evaluated = async (expression: string, context = 'watch') =>
  (await request('evaluate', { expression, context })).result;
const frames = async (): Promise<string[]> =>
  (await request('stackTrace', thread)).stackFrames.map(
    (frame: DebugProtocol.StackFrame) => `${frame.name} ${frame.source?.name}:${frame.line}`,
  );
async function toTheEnd(): Promise<void> {
  await breakIn();
  const terminated = client.waitForEvent('terminated');
  await client.continueRequest(thread);
  await terminated;
}

test('without breakpoints the guest runs to power-off and its serial output is shown', async () => {
  await launch();
  const terminated = client.waitForEvent('terminated');
  await client.configurationDoneRequest();
  await terminated;
  expect(output).toContain('Trapgate demo kernel\n');
  expect(output).toContain('user: exited with status 42\n');
  expect(output).toContain('All done, powering off.\n');
});

describe('source breakpoints', () => {
  test('in C, at a high-half address that is not mapped yet', async () => {
    await launch();
    expect((await breakAt('kmain.c', 48))[0]).toMatchObject({ verified: true, line: 48 });
    expect(await until('configurationDone')).toMatchObject({ reason: 'breakpoint' });
    expect(await frames()).toEqual(['kmain kmain.c:48', 'high_half boot.S:49']);
    await toTheEnd();
  });

  test('in assembly', async () => {
    await launch();
    expect((await breakAt('boot.S', 37))[0]).toMatchObject({ verified: true, line: 37 });
    await until('configurationDone');
    expect(await frames()).toEqual(['fill_page_table boot.S:37']);
    expect(await evaluated('cr0 & 0x80000000')).toContain('0x00000000');
    await until('next');
    expect(await frames()).toEqual(['fill_page_table boot.S:38']);
    expect(await evaluated('cr0 >> 31')).toContain('0x00000001');
  });

  test('with a condition, a hit count and a log message', async () => {
    await launch();
    await breakAt('timer.c', { line: 19, condition: 'ticks == 7' });
    await until('configurationDone');
    expect(await evaluated('ticks')).toBe('7');
    await breakAt('timer.c', { line: 19, hitCondition: '3' });
    await until('continue');
    expect(await evaluated('ticks')).toBe('10');
    await breakAt('timer.c', { line: 19, logMessage: 'tick {ticks}', condition: 'ticks % 5 == 0' });
    await toTheEnd();
    expect(output).toContain('tick 15\n');
    expect(output).not.toContain('tick 16\n');
  });

  test('on data: who writes the tick counter', async () => {
    await launch();
    await breakAt('kmain.c', 55);
    await until('configurationDone');
    const { dataId } = await request('dataBreakpointInfo', { name: 'ticks' });
    await request('setDataBreakpoints', { breakpoints: [{ dataId, accessType: 'write', hitCondition: '2' }] });
    expect(await until('continue')).toMatchObject({ reason: 'data breakpoint' });
    expect((await frames())[0]).toMatch(/^timer_interrupt timer.c:/);
    await request('setDataBreakpoints', { breakpoints: [] });
    await toTheEnd();
  });

  test('breakpointLocations are the lines with code', async () => {
    await launch();
    const { breakpoints } = await request('breakpointLocations', {
      source: { path: source('timer.c') },
      line: 15,
      endLine: 22,
    });
    expect(breakpoints.map((one: { line: number }) => one.line)).toEqual([15, 16, 18, 19, 20, 22]);
  });
});

describe('steps', () => {
  test('over, in and out, by line', async () => {
    await launch();
    await breakAt('kmain.c', 55);
    await until('configurationDone');
    await until('stepIn');
    expect(await frames()).toEqual(['count_ticks kmain.c:21', 'kmain kmain.c:55', 'high_half boot.S:49']);
    await until('next');
    await until('next');
    // Twenty timer interrupts came and went inside the call.
    expect((await frames())[0]).toBe('count_ticks kmain.c:23');
    expect(Number(await evaluated('ticks'))).toBeGreaterThanOrEqual(20);
    await until('stepOut');
    expect((await frames())[0]).toMatch(/^kmain kmain.c:5[56]$/);
  });

  test('a log point inside a call that is stepped over does not end the step', async () => {
    await launch();
    await breakAt('kmain.c', 55);
    await until('configurationDone');
    await breakAt('timer.c', { line: 23, logMessage: 'waiting since {ticks}' }, { line: 19, hitCondition: '1000' });
    expect(await until('next')).toMatchObject({ reason: 'step' });
    expect((await frames())[0]).toBe('kmain kmain.c:56');
    expect(output).toContain('waiting since');
  });

  test('by instruction, into a call and out of it again', async () => {
    await launch();
    await breakAt('kmain.c', 45);
    await until('configurationDone');
    const before = await evaluated('pc,d');
    await until('stepIn', { granularity: 'instruction' });
    expect(await frames()).toEqual(['console_init console.c:55', 'kmain kmain.c:45', 'high_half boot.S:49']);
    await until('stepOut');
    expect(Number(await evaluated('pc,d')) - Number(before)).toBe(5);
    await until('next', { granularity: 'instruction' });
    expect((await frames())[0]).toBe('kmain kmain.c:46');
  });
});

describe('looking at a stopped kernel', () => {
  beforeEach(async () => {
    await launch();
    await breakIn('timer_interrupt');
    await until('configurationDone');
  });

  test('registers, symbols, memory', async () => {
    expect(await evaluated('cpl')).toContain('0');
    expect(await evaluated('kmain')).toBe('0xc0101453 <kmain>');
    expect(await evaluated('*(unsigned char *)kmain')).toMatch(/^0x55/);
    expect(await evaluated('&ticks')).toContain('<ticks>');
    const { scopes } = await request('scopes', { frameId: 1 });
    const registers = scopes.find((one: DebugProtocol.Scope) => one.name === 'Registers');
    const { variables } = await request('variables', { variablesReference: registers.variablesReference });
    expect(variables.find((one: DebugProtocol.Variable) => one.name === 'eip').value).toMatch(/^0xc010/);
    const physical = await request('readMemory', { memoryReference: 'phys:0xb8000', count: 32 });
    const cells = Buffer.from(physical.data, 'base64');
    expect(cells.filter((_, i) => i % 2 === 0).toString()).toBe('Trapgate demo ke');
    expect(await request('readMemory', { memoryReference: '0xfffff000', count: 16 })).toMatchObject({
      unreadableBytes: 16,
    });
  });

  test('disassembly in both directions, with lines', async () => {
    const { instructions } = await request('disassemble', {
      memoryReference: '0xc0101453',
      instructionOffset: -20,
      instructionCount: 60,
      resolveSymbols: true,
    });
    expect(instructions).toHaveLength(60);
    expect(instructions[20]).toMatchObject({
      address: '0xc0101453',
      instruction: 'push ebp',
      symbol: 'kmain',
      line: 44,
    });
    expect(
      instructions.some((one: DebugProtocol.DisassembledInstruction) => /<console_init>/.test(one.instruction)),
    ).toBe(true);
    expect(instructions.every((one: DebugProtocol.DisassembledInstruction) => one.presentationHint !== 'invalid')).toBe(
      true,
    );
  });

  test('writes take effect', async () => {
    expect(await request('setExpression', { expression: 'ticks', value: '1000' })).toMatchObject({ value: '1000' });
    expect(await evaluated('ticks')).toBe('1000');
    await request('setVariable', { variablesReference: 1, name: 'eax', value: '0x1234' });
    expect(await evaluated('eax')).toContain('0x00001234');
  });

  test('the monitor answers in the console', async () => {
    expect(await evaluated('info registers', 'repl')).toMatch(/eip|EIP/);
    expect((await evaluated('stats', 'repl')).length).toBeGreaterThan(0);
  });

  test('modules and sources', async () => {
    expect((await request('modules')).modules[0]).toMatchObject({ name: 'demo.elf', path: DEMO });
    const { sources } = await request('loadedSources');
    expect(sources.map((one: DebugProtocol.Source) => one.path)).toContain(source('kmain.c'));
    expect((await request('source', { source: sources[0] })).content.length).toBeGreaterThan(100);
  });
});

describe('exceptions', () => {
  test('a page fault before it is delivered', async () => {
    await launch();
    await request('setExceptionBreakpoints', {
      filters: ['triple-fault'],
      filterOptions: [{ filterId: '#PF', condition: 'cr2 == 0x501000 && (error & 2)' }],
    });
    const stop = await until('configurationDone');
    expect(stop).toMatchObject({ reason: 'exception', description: 'Paused on #PF' });
    const info = await request('exceptionInfo', thread);
    expect(info).toMatchObject({ exceptionId: '#PF' });
    expect(info.description).toContain('user write to a page that is not present, 0x00501000');
    expect((await frames())[0]).toContain('touch_heap user.c:');
    await request('setExceptionBreakpoints', { filters: [] });
    await toTheEnd();
    expect(output).toContain('user: the sums are right\n');
  });

  test('a triple fault stops with its chain', async () => {
    await launch();
    await breakAt('kmain.c', 55);
    await until('configurationDone');
    // An interrupt table without entries: the next timer interrupt cannot be delivered, nor what follows it.
    await request('setVariable', { variablesReference: 25, name: 'limit', value: '0' });
    expect(await until('continue')).toMatchObject({ reason: 'exception', description: 'Triple fault' });
    const { description, exceptionId } = await request('exceptionInfo', thread);
    expect(exceptionId).toBe('triple fault');
    expect(description.split('\n').length).toBeGreaterThanOrEqual(3);
    expect(description).toContain('#DF');
    expect((await frames()).length).toBeGreaterThan(0);
  });

  test('software interrupts', async () => {
    await launch();
    await breakIn('int 80h');
    expect(await until('configurationDone')).toMatchObject({ reason: 'function breakpoint' });
    expect((await frames())[0]).toContain('system_call user.c:');
    expect(await evaluated('cpl')).toContain('3');
  });
});

describe('the run as a whole', () => {
  test('pause in a loop, restart, and run to the end', async () => {
    await launch({ stopOnEntry: true });
    expect(await until('configurationDone')).toMatchObject({ reason: 'entry' });
    expect(await frames()).toEqual(['_start boot.S:19']);
    await breakAt('kmain.c', 60);
    await until('continue');
    const status = await evaluated('pages_on_demand');
    expect(await until('restart')).toMatchObject({ reason: 'entry' });
    expect(await frames()).toEqual(['_start boot.S:19']);
    await until('continue');
    expect(await evaluated('pages_on_demand')).toBe(status);
  });

  test('COM1 also to a file, and a GDB stub beside the session', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'trapgate-'));
    const file = path.join(folder, 'serial.txt');
    await launch({ serial: `file:${file}`, gdb: '0', stopOnEntry: true });
    await expect.poll(() => output).toMatch(/gdb can attach: target remote 127\.0\.0\.1:\d+/);
    await until('configurationDone');
    await toTheEnd();
    expect(readFileSync(file, 'utf8')).toContain('All done, powering off.');
    rmSync(folder, { recursive: true });
  });

  test('a limit of instructions is a stop', async () => {
    await launch({ maxInstructions: 1000 });
    expect(await until('configurationDone')).toMatchObject({ description: 'Instruction limit reached' });
    expect(await evaluated('steps,d')).toBe('1000');
  });
});

describe('mistakes are one line', () => {
  test.each([
    [
      { program: '/nonexistent/kernel.elf' },
      'cannot read the image /nonexistent/kernel.elf: no such file (check the path in launch.json)',
    ],
    [{ program: root }, 'it is a folder'],
    [{ program: source('boot.S') }, ''],
    [
      { kernel: DEMO, program: source('boot.S'), symbols: [{ file: '/nonexistent/symbols' }] },
      'cannot read the symbol file',
    ],
    [{ memory: 4096 }, '"memory" is 4096'],
  ])('%j', async (configuration, message) => {
    const failed = launch(configuration).catch((error: Error) => error.message);
    const line = await failed;
    expect(line).toContain(message);
    expect(line).not.toContain('\n');
    expect(line).not.toMatch(/^internal error|at .*\.js:/);
  });
});
