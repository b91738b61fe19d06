/** Variables, assignments, conditions and symbol files of the debug adapter, over the real machine. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { compileGuest } from '../guests/compile.ts';
import { sampledAddresses } from './dwarf-session.ts';

const ADAPTER = resolve(import.meta.dirname, '../../dist/debug-adapter.js');
let client: DebugClient;
let output: string;

beforeEach(async () => {
  client = new DebugClient('node', ADAPTER, 'trapgate');
  client.defaultTimeout = 20_000;
  output = '';
  client.on('output', (event: DebugProtocol.OutputEvent) => {
    output += event.body.output;
  });
  await client.start();
});
afterEach(() => client.stop());

const request = async (command: string, args: object = {}) => (await client.customRequest(command, args)).body;
const shapes = (level: 0 | 2) => compileGuest('shapes.c', `variables-${level}`, { compiler: 'gcc', version: 5, level });

async function stoppedIn(place: string, condition?: string, configuration: object = {}): Promise<void> {
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ program: shapes(0), ...configuration } as never);
  await initialized;
  await request('setFunctionBreakpoints', { breakpoints: [{ name: place, condition }] });
  const stopped = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  await stopped;
}

async function variablesOf(scope: string, frameId = 1): Promise<DebugProtocol.Variable[]> {
  const { scopes } = await request('scopes', { frameId });
  const { variablesReference } = scopes.find((one: DebugProtocol.Scope) => one.name === scope);
  return (await request('variables', { variablesReference })).variables;
}
const find = (list: DebugProtocol.Variable[], name: string) => list.find((one) => one.name === name);
const evaluated = async (expression: string, frameId = 1, context = 'watch') =>
  (await request('evaluate', { expression, frameId, context })).result;

test('completions are the variables of the frame and the members of what they are', async () => {
  await stoppedIn('walk');
  const labels = async (text: string) => {
    const { targets } = await request('completions', { text, column: text.length + 1, frameId: 1 });
    return targets.map((item: DebugProtocol.CompletionItem) => `${item.label} ${item.start} ${item.length}`);
  };
  expect(await labels('rec')).toContain('record 0 3');
  expect(await labels('2 * record->t')).toEqual(['tint 12 1', 'twice 12 1', 'text 12 1']);
  expect(await labels('record->corners[1].')).toEqual(['x 19 0', 'y 19 0']);
  // Of the anonymous structure and union inside it.
  expect(await labels('first.')).toEqual(expect.arrayContaining(['a 6 0', 'b 6 0', 'c 6 0', 'zeros 6 0']));
  expect(await labels('nothing->x')).toEqual([]);
});

test('structures and arrays open, a page at a time', async () => {
  await stoppedIn('walk');
  const record = find(await variablesOf('Arguments'), 'record');
  expect(record).toMatchObject({ type: 'struct record *', evaluateName: 'record' });
  const members = (await request('variables', { variablesReference: record?.variablesReference })).variables;
  const zeros = find(members, 'zeros');
  expect(zeros).toMatchObject({ indexedVariables: 40, evaluateName: 'record->zeros', type: 'u8 [40]' });
  const reference = zeros?.variablesReference;
  const page = await request('variables', { variablesReference: reference, filter: 'indexed', start: 38, count: 5 });
  expect(page.variables.map((one: DebugProtocol.Variable) => one.evaluateName)).toEqual([
    'record->zeros[38]',
    'record->zeros[39]',
  ]);
  expect(await evaluated('record->next->corners[1]', 1, 'hover')).toBe('{x = -3, y = 4}');
});

test('variables are written: numbers, bit-fields, floating numbers, in outer frames too', async () => {
  await stoppedIn('factorial', 'n == 2');
  expect(await evaluated('n')).toBe('2');
  expect(await evaluated('n', 2)).toBe('3');
  const { scopes } = await request('scopes', { frameId: 3 });
  const { variablesReference } = scopes.find((one: DebugProtocol.Scope) => one.name === 'Arguments');
  expect(await request('setVariable', { variablesReference, name: 'n', value: '5' })).toMatchObject({ value: '5' });
  expect(await evaluated('n', 3)).toBe('5');
  const set = (expression: string, value: string) => request('setExpression', { expression, value, frameId: 1 });
  expect(await set('first.bits.middle', '-9')).toMatchObject({ value: '-9' });
  expect(await evaluated('first.bits')).toMatch(/^\{low = 5, middle = -9, high = 78187493530/);
  expect(await set('first.word.number', '0.25')).toMatchObject({ value: '0.25' });
  expect(await set('ratio', '1 / 4.0')).toMatchObject({ value: '0.25' });
  expect(await set('first.tint', 'RED')).toMatchObject({ value: 'RED' });
  expect(await evaluated('first.corners[0].x = 40 + 2', 1, 'repl')).toBe('42');
  await expect(set('first', '1')).rejects.toThrow('is not one number');
});

test('a variable of the frame wins over a register of its name in a condition', async () => {
  await stoppedIn('mix', "b == 200 && c == 'q' && s == -7 && d > 3.5");
  expect(await evaluated('sum + s')).toMatch(/^-?\d+$/);
  const info = await request('dataBreakpointInfo', { name: 'first.corners[2]', frameId: 1 });
  expect(info.dataId).toMatch(/,8$/);
});

test('code that is inlined has frames of its own', async () => {
  const image = shapes(2);
  const { variables } = Program.fromBytes(new Uint8Array(readFileSync(image)));
  const inside = sampledAddresses(image, /^walk$/, 1).find((at) => variables?.scopesAt(at)[0]?.name === 'clamp') ?? 0;
  await stoppedIn(`*0x${inside.toString(16)}`, undefined, { program: image });
  const { stackFrames } = await request('stackTrace', { threadId: 1 });
  expect(stackFrames.map((frame: DebugProtocol.StackFrame) => frame.name)).toEqual([
    'clamp',
    'walk',
    'start_c',
    expect.stringContaining('_start'),
  ]);
  expect(stackFrames[0].instructionPointerReference).toBe(stackFrames[1].instructionPointerReference);
  expect(stackFrames[1].line).not.toBe(stackFrames[0].line);
  expect((await variablesOf('Arguments')).map((one) => one.name).sort()).toEqual(['high', 'low', 'value']);
  expect((await variablesOf('Arguments', 2)).map((one) => one.name)).toEqual(['record', 'point', 'numbers', 'count']);
});

test('a symbol file of another build is told of', async () => {
  await stoppedIn('walk', undefined, { kernel: shapes(2), program: shapes(0), stopOnEntry: true }).catch(() => {});
  const stopped = client.waitForEvent('stopped');
  await request('setInstructionBreakpoints', { breakpoints: [{ instructionReference: '0x100409' }] });
  await client.continueRequest({ threadId: 1 });
  await Promise.race([stopped, new Promise((done) => setTimeout(done, 3000))]);
  await request('pause', { threadId: 1 });
  await expect.poll(() => output, { timeout: 10_000 }).toContain('is not that of variables-0.elf');
});
