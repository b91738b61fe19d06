/**
 * A real kernel: Debian's GNU Mach 1.8 boots to its last milestone, and gdb and the debug adapter break in it
 * by symbol and by line. It starts in segments with a base of 40000000h, so that early breakpoints match
 * EIP while no linear address fits. `npm test` fetches it (scripts/lib/guests.mjs).
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, it } from 'vitest';
import { lastJson, trapgate, workFile } from './command.ts';
import { gdb, trapgateStub } from './gdb-tools.ts';

const root = path.resolve(import.meta.dirname, '../..');
const KERNEL = path.join(root, '.work/debian/gnumach');
const WITH_SYMBOLS = path.join(root, '.work/debian/gnumach-dbg');
/** Without a bootstrap module the kernel stops here. */
const LAST = 'bootstrap_create: No bootstrap code';

it('boots to its last milestone', async () => {
  const steps = workFile('gnumach.steps');
  const milestones = ['GNU Mach 1.8', 'biosmem: physical memory map', 'vm_page: page table size', LAST];
  writeFileSync(steps, milestones.map((text) => `serial ${text}\n`).join(''));
  const options = ['--mem', '128', '--append', 'console=com0', '--scenario', steps, '--json', '--timeout', '100'];
  const result = await trapgate(['run', '--kernel', KERNEL, ...options]);
  expect(result.stderr).not.toContain('step not met');
  expect(lastJson(result)).toMatchObject({ status: 0, failed: null });
});

it('lets gdb break by symbol before and after paging, by line, and look around', async () => {
  const stub = await trapgateStub(WITH_SYMBOLS, ['--append', 'console=com0']);
  const { output } = await gdb(stub, WITH_SYMBOLS, [
    '@CONNECT',
    'break c_boot_entry',
    'continue',
    'print/x $cs_base',
    'break setup_main',
    'break vm_kern.c:898',
    'continue',
    'backtrace',
    'continue',
    'info breakpoints',
    'detach',
  ]);
  stub.kill();
  expect(output).toMatch(/Breakpoint 1, c_boot_entry/);
  expect(output).toMatch(/\$1 = 0x40000000/);
  expect(output).toMatch(/Breakpoint 2, setup_main \(\)/);
  expect(output).toMatch(/#1 .* in c_boot_entry/);
  expect(output).toMatch(/Breakpoint 3, kmem_init/);
});

it('lets the debug adapter break by function and by line', async () => {
  const client = new DebugClient('node', path.join(root, 'dist/debug-adapter.js'), 'trapgate');
  client.defaultTimeout = 60_000;
  await client.start();
  const initialized = client.waitForEvent('initialized');
  await client.initializeRequest();
  await client.launchRequest({ program: WITH_SYMBOLS, append: 'console=com0' } as never);
  await initialized;
  const named = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'setup_main' }] });
  expect(named.body.breakpoints[0]).toMatchObject({ verified: true });
  const first = client.waitForEvent('stopped');
  await client.configurationDoneRequest();
  expect((await first).body).toMatchObject({ reason: 'function breakpoint' });
  const where = async (): Promise<DebugProtocol.StackFrame> =>
    (await client.stackTraceRequest({ threadId: 1 })).body.stackFrames[0];
  const stopped = await where();
  expect(stopped).toMatchObject({ name: 'setup_main', line: 102 });
  const source = { name: 'vm_kern.c', path: '../vm/vm_kern.c' };
  const lines = await client.setBreakpointsRequest({ source, breakpoints: [{ line: 898 }] });
  expect(lines.body.breakpoints[0]).toMatchObject({ verified: true });
  const second = client.waitForEvent('stopped');
  await client.continueRequest({ threadId: 1 });
  expect((await second).body).toMatchObject({ reason: 'breakpoint' });
  expect((await where()).name).toBe('kmem_init');
  await client.stop();
});
