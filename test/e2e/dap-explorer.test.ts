/** The scope Machine: over the toy target, whose memory the test writes, and over the demo guest. */
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, describe, expect, test } from 'vitest';
import { atEntry, startToy, type ToyAdapter } from './dap-toy.ts';

type Variable = DebugProtocol.Variable;
type Request = (command: string, args?: object) => Promise<{ variables: Variable[]; [field: string]: unknown }>;

/** Follows names from the scopes down and answers what is below the last one. */
async function below(request: Request, names: string[], range: object = {}): Promise<Variable[]> {
  const { scopes } = (await request('scopes', { frameId: 1 })) as unknown as { scopes: Variable[] };
  let found = scopes.find((scope) => scope.name === 'Machine');
  for (const name of names) {
    const { variables } = await request('variables', { variablesReference: found?.variablesReference });
    found = variables.find((variable) => variable.name === name);
    expect(found, name).toBeDefined();
  }
  return (await request('variables', { variablesReference: found?.variablesReference, ...range })).variables;
}
const values = (variables: Variable[]) => Object.fromEntries(variables.map(({ name, value }) => [name, value]));

describe('over the toy target', () => {
  let adapter: ToyAdapter;
  afterEach(() => adapter.stop());
  const request: Request = async (command, args = {}) => (await adapter.client.customRequest(command, args)).body;
  const words = (at: number, ...list: number[]) => {
    const view = new DataView(adapter.target.memory.buffer);
    for (const [i, word] of list.entries()) view.setUint32(at + 4 * i, word, true);
  };

  test('tables are listed a part at a time, and entries have their fields', async () => {
    adapter = await startToy();
    await atEntry(adapter);
    // Selector 8: code, 0–4 GiB. Vector 14: interrupt gate to the symbol `again`.
    words(8, 0x0000ffff, 0x00cf9a00);
    words(0x70, 0x00080101, 0x00008e00);
    const [none, code] = await below(request, ['GDT'], { start: 0, count: 2 });
    expect(none).toMatchObject({ name: '0000', value: 'null', variablesReference: 0 });
    expect(code).toMatchObject({ name: '0008', value: 'code32 [-R-] DPL=0 base=00000000 limit=ffffffff' });
    expect(values(await below(request, ['GDT', '0008']))).toEqual({
      type: 'code32',
      base: '0x00000000',
      limit: '0xffffffff',
      attributes: '-R-',
      dpl: '0',
      present: 'true',
    });
    const [gate] = await below(request, ['IDT'], { start: 14, count: 1 });
    expect(gate).toMatchObject({ name: '0e #PF', value: '0008:00000101 DPL=0 IntGate32 <again>' });
    expect(await below(request, ['IDT'], { start: 256, count: 10 })).toEqual([]);
  });

  test('a target that shows no devices has no such branch, and the walk without paging says so', async () => {
    adapter = await startToy();
    await atEntry(adapter);
    const names = (await below(request, [])).map(({ name }) => name);
    expect(names).toEqual(['GDT', 'LDT', 'IDT', 'TSS', 'CR0', 'CR3', 'CR4', 'Paging']);
    expect(await request('evaluate', { expression: 'walk counter', context: 'repl' })).toMatchObject({
      result: expect.stringContaining('paging is off'),
      memoryReference: 'phys:0x00000000',
    });
    const cr0 = (await below(request, [])).find(({ name }) => name === 'CR0');
    const set = (args: object) => request('setVariable', { variablesReference: cr0?.variablesReference, ...args });
    await expect(set({ name: 'TS', value: '1' })).rejects.toThrow('the toy has no cr0');
    await expect(set({ name: 'TS', value: '2' })).rejects.toThrow('TS is 0 or 1');
    await expect(set({ name: 'XX', value: '1' })).rejects.toThrow('no bit XX');
    await expect(request('variables', { variablesReference: 0x4fff_ffff })).rejects.toThrow('no variables');
  });
});

test('the demo kernel in its own words', { timeout: 60_000 }, async () => {
  const root = path.resolve(import.meta.dirname, '../..');
  const client = new DebugClient('node', path.join(root, 'dist/debug-adapter.js'), 'trapgate');
  client.defaultTimeout = 20_000;
  await client.start();
  const request: Request = async (command, args = {}) => (await client.customRequest(command, args)).body;
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ program: path.join(root, 'server/demo/demo.elf') } as never);
  await initialized;
  await request('setFunctionBreakpoints', { breakpoints: [{ name: 'count_ticks' }] });
  const stopped = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  await stopped;

  const gates = values(await below(request, ['IDT']));
  expect(gates['0e #PF']).toMatch(/^0008:c01\w+ DPL=0 IntGate32 <\w+>$/);
  expect(gates['80']).toMatch(/DPL=3 \w+Gate32/);
  const tss = values(await below(request, ['TSS']));
  expect(tss.ss0).toBe('0x0010');
  expect(Number(tss.esp0)).toBeGreaterThan(0xc0000000);

  const cr0 = await below(request, ['CR0']);
  expect(values(cr0)).toMatchObject({ PE: '1', PG: '1', EM: '0' });
  const root0 = await below(request, []);
  const reference = root0.find(({ name }) => name === 'CR0')?.variablesReference;
  expect(await request('setVariable', { variablesReference: reference, name: 'AM', value: '1' })).toMatchObject({
    value: '1',
  });
  expect((await request('evaluate', { expression: '(cr0 >> 18) & 1', context: 'watch' })).result).toContain('1');

  const paging = values(await below(request, ['Paging']));
  expect(paging.EIP).toMatch(/^0xc01\w+ → phys:0x001\w+, 4 [KM]iB page, supervisor writable$/);
  const walk = await request('evaluate', { expression: 'walk kmain', context: 'repl' });
  const steps = (await request('variables', { variablesReference: walk.variablesReference })).variables;
  expect(steps[0].name).toBe('PDE 768');
  const monitor = (await request('evaluate', { expression: 'monitor info walk 0xc0100000', context: 'repl' })).result;
  expect(monitor).toContain('PDE  768 at 0x');
  const directory = await below(request, ['Paging', 'directory'], { start: 768, count: 2 });
  expect(directory[0].name).toBe('[768] 0xc0000000');

  const pic = values(await below(request, ['Devices', 'pic', 'master']));
  expect(pic.imr).toMatch(/^0x\w\w IRQ1 /);
  expect(values(await below(request, ['Devices', 'pit', 'counters', '0'])).mode).toBe('0x02 (2)');
  await client.stop();
});
