/** One debug-adapter session on the demo guest, message by message. */
import path from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { test } from 'vitest';
import { realSession } from '../e2e/dap-real.ts';
import { expectTranscript } from './transcript.ts';

const DEMO = path.resolve(import.meta.dirname, '../../server/demo');
const program = path.join(DEMO, 'demo.elf');
const source = { path: path.join(DEMO, 'kmain.c') };

test('a DAP session is as recorded', async () => {
  const lines: string[] = [];
  let output = '';
  const { session, response, event } = await realSession((message) => {
    const { body } = message as DebugProtocol.Event;
    // When a piece of output comes is the host's affair; all of it together is not.
    if (message.type === 'event' && (message as DebugProtocol.Event).event === 'output') output += body.output;
    else lines.push(`${message.type === 'request' ? '->' : '<-'} ${JSON.stringify(message)}`);
  });
  const until = async (command: string, args: object = {}) => {
    const stopped = event('stopped');
    await response(command, { threadId: 1, ...args });
    await stopped;
  };
  const initialized = event('initialized');
  await response('launch', { program });
  await initialized;
  await response('setBreakpoints', { source, breakpoints: [{ line: 48 }, { line: 4000 }] });
  await response('setFunctionBreakpoints', { breakpoints: [{ name: 'count_ticks', condition: 'cpl == 0' }] });
  await response('setExceptionBreakpoints', { filters: ['triple-fault'] });
  await until('configurationDone');
  await response('threads');
  await response('stackTrace', { threadId: 1 });
  await response('evaluate', { expression: 'cr0 >> 31', frameId: 1, context: 'watch' });
  await response('evaluate', { expression: 'walk kmain', frameId: 1, context: 'repl' });
  await response('evaluate', { expression: 'nonsense', frameId: 1, context: 'watch' });
  await response('disassemble', { memoryReference: 'kmain', instructionCount: 3 });
  await response('readMemory', { memoryReference: 'kmain', count: 8 });
  await response('dataBreakpointInfo', { name: 'ticks' });
  await until('next');
  await until('continue');
  await response('stackTrace', { threadId: 1 });
  await until('stepOut');
  await response('setFunctionBreakpoints', { breakpoints: [] });
  const terminated = event('terminated');
  await response('continue', { threadId: 1 });
  await terminated;
  await response('disconnect');
  session.dispose();
  expectTranscript('dap-session', [...lines, '', ...output.trimEnd().split('\n')]);
});
