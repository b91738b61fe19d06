/** Debug information that cannot be read, or is not there: the user is told, and symbols and addresses work. */
import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { tool } from '../guests/build.ts';
import { compileGuest } from '../guests/compile.ts';
import { buildNasm } from '../oracle/sources.ts';
import { realSession } from './dap-real.ts';

/** Stops at the symbol and at an address behind it; answers what the user was told. */
async function session(program: string, symbol: string, hasLines: boolean): Promise<string> {
  let said = '';
  const { session, response, event } = await realSession((message) => {
    const { event, body } = message as unknown as { event?: string; body?: { category?: string; output?: string } };
    if (event === 'output') said += body?.output ?? '';
  });
  const address = Number.parseInt(new RegExp(`^(\\w+) T ${symbol}$`, 'm').exec(tool('nm', [program]))?.[1] ?? '', 16);
  const behind = new RegExp(`^ *${address.toString(16)}:.*\\n *([0-9a-f]+):`, 'm');
  const next = behind.exec(tool('objdump', ['-d', program]))?.[1];
  await response('launch', { program });
  const named = await response('setFunctionBreakpoints', { breakpoints: [{ name: symbol }] });
  expect(named.body.breakpoints).toMatchObject([{ verified: true }]);
  const references = [address.toString(16), next].map((one) => ({ instructionReference: `0x${one}` }));
  const placed = await response('setInstructionBreakpoints', { breakpoints: references });
  expect(placed.body.breakpoints).toMatchObject([{ verified: true }, { verified: true }]);
  for (const [command, where] of [
    ['configurationDone', address.toString(16)],
    ['continue', next],
  ]) {
    const stopped = event('stopped');
    await response(command ?? '', { threadId: 1 });
    await stopped;
    const [frame] = (await response('stackTrace', { threadId: 1 })).body.stackFrames;
    expect(frame.name.replace(/\+0x.*/, '')).toBe(symbol);
    expect(frame.instructionPointerReference).toBe(`0x${where?.padStart(8, '0')}`);
    expect(frame.line > 0).toBe(hasLines);
    expect((await response('evaluate', { expression: '$esp', frameId: 1, context: 'watch' })).success).toBe(true);
  }
  session.dispose();
  return said;
}

test('stabs of gcc', async () => {
  const program = compileGuest('shapes.c', 'poor-stabs', { compiler: 'gcc', version: 'stabs', level: 0 });
  expect(await session(program, 'start_c', false)).toContain('in the stabs format, which is not read');
});

test('stabs of nasm', async () => {
  const program = buildNasm('poor-nasm', 'stabs', ['-Ttext=0x100000']);
  expect(await session(program, '_start', false)).toContain('-F dwarf (nasm)');
});

test('a .dwo file that is gone', async () => {
  const recipe = { compiler: 'gcc', version: 5, level: 0, flags: ['-gsplit-dwarf'] } as const;
  const program = compileGuest('shapes.c', 'poor-split', recipe);
  rmSync(program.replace('.elf', '-c.dwo'));
  expect(await session(program, 'start_c', true)).toMatch(
    /poor-split-c\.dwo, which is not there.*without -gsplit-dwarf/,
  );
});
