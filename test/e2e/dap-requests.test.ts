import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { atEntry, launched, SOURCE, startToy, type ToyAdapter } from './dap-toy.ts';

let adapter: ToyAdapter;
beforeEach(async () => {
  adapter = await startToy();
});
afterEach(() => adapter.stop());

const request = async (command: string, args: object = {}) => (await adapter.client.customRequest(command, args)).body;
const thread = { threadId: 1 };

/** Sends a request that lets the guest run and waits for the stop after it. */
async function until(command: string, args: object = {}): Promise<DebugProtocol.StoppedEvent['body']> {
  const stopped = adapter.client.waitForEvent('stopped');
  await adapter.client.customRequest(command, { ...thread, ...args });
  return (await stopped).body;
}
async function line(): Promise<number> {
  return (await request('stackTrace', thread)).stackFrames[0].line;
}
async function evaluated(expression: string, context = 'watch'): Promise<string> {
  return (await request('evaluate', { expression, context })).result;
}

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

describe('breakpoints', () => {
  const setLines = (...breakpoints: object[]) => request('setBreakpoints', { source: { path: SOURCE }, breakpoints });

  test('on a line', async () => {
    await atEntry(adapter);
    const { breakpoints } = await setLines({ line: 12 });
    expect(breakpoints[0]).toMatchObject({ verified: true, line: 12, instructionReference: '0x00000102' });
    expect(await until('continue')).toMatchObject({ reason: 'breakpoint', hitBreakpointIds: [breakpoints[0].id] });
    expect(await line()).toBe(12);
  });

  test('a file is found by the end of its name, also as a URI', async () => {
    await atEntry(adapter);
    const path = 'vscode-vfs://host/elsewhere/toy.s';
    const { breakpoints } = await request('setBreakpoints', { source: { path }, breakpoints: [{ line: 11 }] });
    expect(breakpoints[0].verified).toBe(true);
    await until('continue');
    expect((await request('stackTrace', thread)).stackFrames[0].source.path).toBe(path);
  });

  test('a line without code moves to the next one that has some; an unknown file is not verified', async () => {
    await atEntry(adapter);
    expect((await setLines({ line: 5 })).breakpoints[0]).toMatchObject({ verified: true, line: 10 });
    expect((await setLines({ line: 20 })).breakpoints[0]).toMatchObject({
      verified: false,
      message: 'no code on this line',
    });
    const other = await request('setBreakpoints', { source: { path: '/src/other.c' }, breakpoints: [{ line: 1 }] });
    expect(other.breakpoints[0]).toMatchObject({ verified: false, message: 'no debug information for this file' });
  });

  test('conditions, by the target or by the session', async () => {
    await atEntry(adapter);
    await setLines({ line: 11, condition: 'eax == 6' });
    await until('continue');
    expect(await evaluated('eax,d')).toBe('6');
    // cr3 and steps are not in every target's bytecode.
    await setLines({ line: 11, condition: 'steps > 100 && eax % 10 == 0' });
    await until('continue');
    expect(Number(await evaluated('eax,d')) % 10).toBe(0);
  });

  test('a condition that is no expression is refused at once', async () => {
    await atEntry(adapter);
    const { breakpoints } = await setLines({ line: 11, condition: '1 +' });
    expect(breakpoints[0]).toMatchObject({ verified: false, message: 'the expression ends too early' });
    expect(adapter.target.points.size).toBe(0);
  });

  test.each([
    ['3', 2],
    ['>=2', 1],
    ['%2', 1],
    ['==4', 3],
  ])('hit count %s', async (hitCondition, rounds) => {
    await atEntry(adapter);
    await setLines({ line: 11, hitCondition });
    await until('continue');
    expect(await evaluated('eax,d')).toBe(String(2 * rounds));
  });

  test('a log point says its text and goes on', async () => {
    await atEntry(adapter);
    const output = adapter.client.waitForEvent('output');
    await setLines({ line: 11, logMessage: 'eax is {eax,d} at {pc}, {nonsense}' }, { line: 12, hitCondition: '5' });
    await until('continue');
    expect((await output).body.output).toBe(
      'eax is 0 at 0x00000101 <again>, {nonsense: no register or symbol is called nonsense}\n',
    );
    expect(await line()).toBe(12);
  });

  test('setting again replaces', async () => {
    await atEntry(adapter);
    await setLines({ line: 11 }, { line: 12 });
    expect(adapter.target.points.size).toBe(2);
    await setLines({ line: 13 });
    expect([...adapter.target.points.values()]).toMatchObject([{ address: { offset: 0x103 } }]);
  });

  test('by function name, address and expression', async () => {
    await atEntry(adapter);
    const names = ['again', '*0x102', 'again + 2', 'nobody', 'int 0x80', 'mode sideways'];
    const { breakpoints } = await request('setFunctionBreakpoints', { breakpoints: names.map((name) => ({ name })) });
    expect(breakpoints.map((breakpoint: DebugProtocol.Breakpoint) => breakpoint.verified)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(breakpoints[3].message).toBe('no symbol is called nobody');
    expect(await until('continue')).toMatchObject({ reason: 'function breakpoint' });
    expect(await line()).toBe(11);
  });

  test('on an instruction', async () => {
    await atEntry(adapter);
    const { breakpoints } = await request('setInstructionBreakpoints', {
      breakpoints: [{ instructionReference: '0x100', offset: 3 }],
    });
    expect(breakpoints[0]).toMatchObject({ verified: true, line: 13 });
    expect(await until('continue')).toMatchObject({ reason: 'instruction breakpoint' });
    expect(await evaluated('pc')).toContain('0x00000103');
  });

  test('on data, by expression and by address', async () => {
    await atEntry(adapter);
    // inc eax; store 5 at 2000h; load from 2000h; jump to itself
    adapter.target.memory.set([0x40, 0xa2, 0x00, 0x20, 0x05, 0xa0, 0x00, 0x20, 0xeb, 0xfe], 0x100);
    const named = await request('dataBreakpointInfo', { name: 'counter' });
    expect(named).toMatchObject({ dataId: '0x00002000,4', description: '4 bytes at 0x00002000' });
    const range = await request('dataBreakpointInfo', { name: 'phys:0x2000', asAddress: true, bytes: 16 });
    expect(range.dataId).toBe('phys:0x00002000,16');
    expect(await request('dataBreakpointInfo', { name: 'eax' })).toMatchObject({ dataId: null });
    expect(await request('dataBreakpointInfo', { name: 'nonsense' })).toMatchObject({ dataId: null });
    const set = await request('setDataBreakpoints', {
      breakpoints: [
        { dataId: named.dataId, accessType: 'write' },
        { dataId: range.dataId, accessType: 'read' },
        { dataId: 'x' },
      ],
    });
    expect(set.breakpoints.map((one: DebugProtocol.Breakpoint) => one.verified)).toEqual([true, true, false]);
    expect(await until('continue')).toMatchObject({
      reason: 'data breakpoint',
      hitBreakpointIds: [set.breakpoints[0].id],
    });
    expect(await until('continue')).toMatchObject({
      reason: 'data breakpoint',
      hitBreakpointIds: [set.breakpoints[1].id],
    });
  });

  test('breakpointLocations names the lines with code', async () => {
    await atEntry(adapter);
    const { breakpoints } = await request('breakpointLocations', { source: { path: SOURCE }, line: 1, endLine: 12 });
    expect(breakpoints).toEqual([{ line: 10 }, { line: 11 }, { line: 12 }]);
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

describe('looking', () => {
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
