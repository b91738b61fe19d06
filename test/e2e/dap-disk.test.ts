/** The debug adapter on a machine that starts from a disk image: from the boot sector to the kernel. */
import path from 'node:path';
import { expect, test } from 'vitest';
import { realSession } from './dap-real.ts';

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'server/demo/demo.elf');

test('hda boots, and the program only names symbols', async () => {
  const { session, response, event } = await realSession();
  const initialized = event('initialized');
  const launch = await response('launch', { hda: path.join(root, 'dist/demo.img'), program });
  expect(launch).toMatchObject({ success: true });
  await initialized;
  const set = await response('setInstructionBreakpoints', { breakpoints: [{ instructionReference: '0x7c00' }] });
  expect(set.body.breakpoints).toMatchObject([{ verified: true }]);
  await response('setFunctionBreakpoints', { breakpoints: [{ name: 'kmain' }] });
  const first = event('stopped');
  await response('configurationDone');
  expect(await first).toMatchObject({ body: { reason: 'instruction breakpoint' } });
  expect((await response('threads')).body.threads[0].name).toContain('real mode');
  const second = event('stopped');
  await response('continue', { threadId: 1 });
  expect(await second).toMatchObject({ body: { reason: 'function breakpoint' } });
  const { body } = await response('stackTrace', { threadId: 1 });
  expect(body.stackFrames[0]).toMatchObject({ name: 'kmain', source: { name: 'kmain.c' } });
  const terminated = event('terminated');
  await response('continue', { threadId: 1 });
  await terminated;
  session.dispose();
});
