/** Requests that look at a stopped guest and write to it, over the toy target. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asking, atEntry, SOURCE, startToy, type ToyAdapter, thread } from './dap-toy.ts';

let adapter: ToyAdapter;
beforeEach(async () => {
  adapter = await startToy();
});
afterEach(() => adapter.stop());

const { request, evaluated } = asking(() => adapter);

test('the stack', async () => {
  await atEntry(adapter);
  const { stackFrames, totalFrames } = await request('stackTrace', { ...thread, startFrame: 0, levels: 20 });
  expect(totalFrames).toBe(1);
  expect(stackFrames[0]).toMatchObject({
    id: 1,
    name: 'start',
    line: 10,
    source: { name: 'toy.s', path: SOURCE },
    instructionPointerReference: '0x00000100',
  });
});

test('scopes and their variables', async () => {
  await atEntry(adapter);
  const { scopes } = await request('scopes', { frameId: 1 });
  expect(scopes.map((scope: DebugProtocol.Scope) => scope.name)).toEqual([
    'Registers',
    'Segments',
    'System',
    'Flags',
    'FPU',
    'Machine',
  ]);
  for (const { variablesReference } of scopes) {
    const { variables } = await request('variables', { variablesReference });
    expect(variables.length).toBeGreaterThan(5);
    for (const nested of variables) {
      if (nested.variablesReference > 0) {
        expect(
          (await request('variables', { variablesReference: nested.variablesReference })).variables.length,
        ).toBeGreaterThan(0);
      }
    }
  }
  const { variables } = await request('variables', { variablesReference: scopes[0].variablesReference });
  expect(variables.find((variable: DebugProtocol.Variable) => variable.name === 'eip')).toMatchObject({
    value: '0x00000100',
    memoryReference: '0x00000100',
    evaluateName: '$eip',
  });
  await expect(request('variables', { variablesReference: 999 })).rejects.toThrow('no variables 999');
});

test('setVariable writes registers and flags', async () => {
  await atEntry(adapter);
  expect(await request('setVariable', { variablesReference: 1, name: 'ecx', value: '2 * 21' })).toMatchObject({
    value: '0x0000002a',
  });
  expect(adapter.target.general[1]).toBe(42);
  expect(await request('setVariable', { variablesReference: 4, name: 'ZF', value: '1' })).toMatchObject({
    value: '1',
  });
  expect(adapter.target.eflags & 0x40).toBe(0x40);
  await expect(request('setVariable', { variablesReference: 1, name: 'ecx', value: 'what' })).rejects.toThrow(
    'no register or symbol',
  );
  await expect(request('setVariable', { variablesReference: 3, name: 'cpl', value: '0' })).rejects.toThrow(
    'cannot be written',
  );
  await expect(request('setVariable', { variablesReference: 3, name: 'cr4', value: '0' })).rejects.toThrow(
    'the toy has no cr4',
  );
});

test('evaluate, assign and ask the monitor', async () => {
  await atEntry(adapter);
  expect(await evaluated('eax + 1')).toBe('0x00000001 (1)');
  expect(await evaluated('again', 'hover')).toBe('0x00000101 <again>');
  expect(await request('evaluate', { expression: '&counter', context: 'watch' })).toMatchObject({
    memoryReference: '0x00002000',
    type: 'unsigned int *',
  });
  expect(await evaluated('counter = 0x1234', 'repl')).toBe('4660');
  expect(await evaluated('counter,x')).toBe('0x00001234');
  expect(await evaluated('help', 'repl')).toBe('help -- this text');
  expect(await evaluated('monitor help', 'repl')).toBe('help -- this text');
  await expect(evaluated('nonsense', 'repl')).rejects.toThrow('no register or symbol is called nonsense');
  await expect(evaluated('ecx = 5', 'watch')).rejects.toThrow();
  await expect(evaluated('counter = 5', 'hover')).rejects.toThrow();
  expect(await evaluated('counter,x')).toBe('0x00001234');
});

test('setExpression writes memory and registers', async () => {
  await atEntry(adapter);
  expect(await request('setExpression', { expression: '*(char *)0x3000', value: "'x'" })).toMatchObject({
    value: "0x78 'x'",
  });
  expect(adapter.target.memory[0x3000]).toBe(0x78);
  await expect(request('setExpression', { expression: '1 + 1', value: '3' })).rejects.toThrow('cannot be assigned');
});

test('completions', async () => {
  await atEntry(adapter);
  const { targets } = await request('completions', { text: 'eax + cou', column: 10 });
  expect(targets).toEqual([{ label: 'counter', type: 'function', start: 6, length: 3 }]);
  expect(
    (await request('completions', { text: '$eb', column: 4 })).targets.map(
      (item: DebugProtocol.CompletionItem) => item.label,
    ),
  ).toEqual(['ebx', 'ebp']);
});

test('memory is read and written, also where it ends', async () => {
  await atEntry(adapter);
  const read = (args: object) => request('readMemory', args);
  expect(await read({ memoryReference: '0x100', count: 5 })).toEqual({
    address: '0x00000100',
    data: Buffer.from([0x90, 0x40, 0x40, 0xeb, 0xfc]).toString('base64'),
  });
  expect(await read({ memoryReference: '0xfffe', count: 8 })).toMatchObject({ unreadableBytes: 6 });
  expect(await read({ memoryReference: '0x20000', count: 8 })).toMatchObject({ data: '', unreadableBytes: 8 });
  expect(await read({ memoryReference: '0x0', offset: -4, count: 8 })).toMatchObject({ unreadableBytes: 8 });
  expect(await read({ memoryReference: 'phys:0x100', offset: 1, count: 1 })).toMatchObject({
    address: 'phys:0x00000101',
  });
  expect(await read({ memoryReference: 'ds:0x100', count: 1 })).toMatchObject({ address: '0x00000100' });
  expect(
    await request('writeMemory', { memoryReference: '0x4000', data: Buffer.from('hi').toString('base64') }),
  ).toEqual({ bytesWritten: 2 });
  expect(adapter.target.memory[0x4001]).toBe(0x69);
  await expect(request('writeMemory', { memoryReference: '0xffff', data: 'AAAA' })).rejects.toThrow(
    'only 1 of 3 bytes',
  );
  expect(await request('writeMemory', { memoryReference: '0xffff', data: 'AAAA', allowPartial: true })).toEqual({
    bytesWritten: 1,
  });
  await expect(request('writeMemory', { memoryReference: '0', data: '***' })).rejects.toThrow('not base64');
  await expect(read({ memoryReference: 'here', count: 1 })).rejects.toThrow('no register or symbol');
});

test('disassembly has exactly the items asked for, with lines and symbols', async () => {
  await atEntry(adapter);
  const { instructions } = await request('disassemble', {
    memoryReference: '0x101',
    instructionOffset: -1,
    instructionCount: 4,
    resolveSymbols: true,
  });
  expect(instructions).toMatchObject([
    { address: '0x00000100', instruction: 'nop', instructionBytes: '90', symbol: 'start', line: 10 },
    { address: '0x00000101', instruction: 'inc eax', symbol: 'again', line: 11 },
    { address: '0x00000102', instruction: 'inc eax', line: 12 },
    { address: '0x00000103', instruction: 'jmp short 0x101 <again>', line: 13, location: { path: SOURCE } },
  ]);
  const around = await request('disassemble', {
    memoryReference: '0x100',
    instructionOffset: -300,
    instructionCount: 400,
  });
  expect(around.instructions).toHaveLength(400);
  await expect(request('disassemble', { memoryReference: '0x100', instructionCount: 1e9 })).rejects.toThrow(
    'instructionCount',
  );
});

test('modules, loaded sources and source text', async () => {
  await atEntry(adapter);
  expect(await request('modules')).toMatchObject({
    totalModules: 1,
    modules: [{ name: 'toy', symbolStatus: 'symbols and lines loaded' }],
  });
  expect(await request('loadedSources')).toEqual({ sources: [{ name: 'toy.s', path: SOURCE }] });
  expect(await request('source', { source: { path: SOURCE } })).toMatchObject({ content: `text of ${SOURCE}` });
});
