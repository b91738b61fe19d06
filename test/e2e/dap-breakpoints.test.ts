/** Breakpoints of every kind, their conditions, hit counts and log messages, over the toy target. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asking, atEntry, SOURCE, startToy, type ToyAdapter, thread } from './dap-toy.ts';

let adapter: ToyAdapter;
beforeEach(async () => {
  adapter = await startToy();
});
afterEach(() => adapter.stop());

const { request, until, line, evaluated } = asking(() => adapter);

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
