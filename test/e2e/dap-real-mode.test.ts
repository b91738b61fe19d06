/** The debug adapter on the demo disk: real mode at 7C00h, protected mode, the kernel; nothing to set between them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bootSectorPath } from '../guests/build.ts';

const root = path.resolve(import.meta.dirname, '../..');
const dist = (name: string) => path.join(root, 'dist', name);
const thread = { threadId: 1 };
let client: DebugClient;

beforeEach(async () => {
  client = new DebugClient('node', dist('debug-adapter.js'), 'trapgate');
  client.defaultTimeout = 20_000;
  await client.start();
});
afterEach(() => client.stop());

const request = async (command: string, args: object = {}) => (await client.customRequest(command, args)).body;
const breakIn = async (...names: string[]): Promise<DebugProtocol.Breakpoint[]> =>
  (await request('setFunctionBreakpoints', { breakpoints: names.map((name) => ({ name })) })).breakpoints;

async function launch(configuration: object): Promise<void> {
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ stopOnEntry: true, ...configuration } as never);
  await initialized;
  const stopped = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  await stopped;
}

async function goOn(): Promise<DebugProtocol.StackFrame> {
  const stopped = client.waitForEvent('stopped');
  await client.continueRequest(thread);
  await stopped;
  return (await request('stackTrace', thread)).stackFrames[0];
}

async function firstInstruction(frame: DebugProtocol.StackFrame): Promise<string> {
  const args = { memoryReference: frame.instructionPointerReference, instructionCount: 1 };
  return (await request('disassemble', args)).instructions[0].instruction;
}

test('the demo disk is followed from its boot sector to the kernel', async () => {
  const symbols = [{ file: dist('loader.elf') }];
  await launch({ program: dist('demo.elf'), fda: dist('demo.img'), boot: 'a', symbols });
  expect((await request('stackTrace', thread)).stackFrames[0].name).toBe('f000:fff0');
  await breakIn('0:7c00', 'loader', 'enter_kernel', 'kmain');
  expect((await goOn()).instructionPointerReference).toBe('0x00007c00');
  const loader = await goOn();
  expect([loader.name, loader.source?.name]).toEqual(['loader', 'loader.S']);
  expect(await firstInstruction(loader)).toBe('cli');
  const entered = await goOn();
  expect(entered.name).toBe('enter_kernel');
  expect(await firstInstruction(entered)).toMatch(/^mov ax,\s*(0x)?10h?$/);
  expect((await goOn()).name).toBe('kmain');
});

test('without symbols places are segment:offset, and breakpoints take that form', async () => {
  await launch({ fda: dist('demo.img') });
  const [point] = await breakIn('07c0:0005');
  expect(point.verified).toBe(true);
  expect((await goOn()).name).toBe('0000:7c05');
});

test('a condition in 16-bit code means what the same expression means at the stop', async () => {
  await launch({ fda: bootSectorPath('real-mode') });
  const condition = '$pc == 0x7c05 && $eip == 5 && $ip == 5 && $cs_base == 0x7c00';
  const [first, second] = await request('setFunctionBreakpoints', {
    breakpoints: [
      { name: '07c0:0005', condition: '$eip == 0x7c05 || $pc != 0x7c05' },
      { name: '07c0:0005', condition },
    ],
  }).then(({ breakpoints }) => breakpoints);
  const stopped = client.waitForEvent('stopped');
  expect((await goOn()).name).toBe('07c0:0005');
  expect((await stopped).body.hitBreakpointIds).toEqual([second.id]);
  expect(first.verified).toBe(true);
  expect((await request('evaluate', { expression: condition, context: 'watch' })).result).toMatch(/^1\b/);
});

describe('steps where CS has a base', () => {
  const lines = (name: string) => readFileSync(path.join(root, `test/guests/${name}.S`), 'utf8').split('\n');
  const lineOf = (name: string, text: string) => lines(name).findIndex((line) => line.trim().startsWith(text)) + 1;

  /** Boots a sector at 07C0:0000 and stops at a line. */
  async function stoppedAt(name: string, text: string): Promise<void> {
    const image = bootSectorPath(name);
    await launch({ program: image, symbols: [{ file: image.replace(/img$/, 'elf') }] });
    await request('setBreakpoints', {
      source: { path: path.join(root, `test/guests/${name}.S`) },
      breakpoints: [{ line: lineOf(name, text) }],
    });
    expect((await goOn()).line).toBe(lineOf(name, text));
  }
  async function step(command: string): Promise<DebugProtocol.StackFrame[]> {
    const stopped = client.waitForEvent('stopped');
    await request(command, thread);
    expect((await stopped).body.reason).toBe('step');
    return (await request('stackTrace', thread)).stackFrames;
  }

  test('over a call, into it and out of it', async () => {
    await stoppedAt('boot-calls', 'call show');
    const behind = lineOf('boot-calls', 'incw count');
    expect(await step('next')).toMatchObject([{ name: 'again', line: behind }]);
    await step('next');
    await step('next');
    await step('stepIn');
    const inside = await step('stepIn');
    expect(inside).toMatchObject([{ name: 'show' }, { name: 'again', line: behind - 1 }]);
    expect(await step('stepOut')).toMatchObject([{ name: 'again', line: behind }]);
  });

  test('over an INT, and into one whose handler has no source', async () => {
    await stoppedAt('real-mode', 'int $0x10');
    const line = lineOf('real-mode', 'int $0x10');
    expect(await step('next')).toMatchObject([{ name: 'print', line: line + 1 }]);
    await breakIn('read');
    const { line: read } = await goOn();
    expect(await step('stepIn')).toMatchObject([{ name: 'read', line: read + 1 }]);
  });
});
