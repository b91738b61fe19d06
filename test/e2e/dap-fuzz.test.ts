/** No message makes the adapter throw, hang or stop answering. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TrapgateSession } from '../../extension/session.ts';
import { ToyTarget } from '../unit/server/toy-target.ts';

const COMMANDS = [
  'setBreakpoints',
  'setFunctionBreakpoints',
  'setInstructionBreakpoints',
  'setExceptionBreakpoints',
  'setDataBreakpoints',
  'dataBreakpointInfo',
  'breakpointLocations',
  'exceptionInfo',
  'threads',
  'stackTrace',
  'scopes',
  'variables',
  'setVariable',
  'setExpression',
  'evaluate',
  'completions',
  'stepIn',
  'next',
  'stepOut',
  'disassemble',
  'readMemory',
  'writeMemory',
  'modules',
  'loadedSources',
  'source',
  'cancel',
  'initialize',
  'launch',
  'attach',
  'nonsense',
];
const FIELDS = [
  'memoryReference',
  'offset',
  'count',
  'instructionCount',
  'instructionOffset',
  'expression',
  'context',
  'frameId',
  'variablesReference',
  'name',
  'value',
  'data',
  'source',
  'breakpoints',
  'line',
  'endLine',
  'text',
  'column',
  'filters',
  'filterOptions',
  'threadId',
  'granularity',
  'levels',
];
const value = fc.oneof(
  { depthSize: 'small' },
  fc.constantFrom('0x100', 'eax', '*0x100', 'phys:0', '$', '{', "'", 'repl', 'hover', 'instruction', '#PF', 'path', ''),
  fc.integer({ min: -5, max: 300 }),
  fc.double(),
  fc.constantFrom(-1, 2 ** 31, 2 ** 32, 2 ** 53),
  fc.boolean(),
  fc.constant(null),
  fc.string(),
  fc.array(
    fc.dictionary(
      fc.constantFrom('line', 'condition', 'hitCondition', 'logMessage', 'name', 'instructionReference', 'path'),
      fc.oneof(fc.string(), fc.integer()),
    ),
    { maxLength: 3 },
  ),
);
const message = fc.record({
  command: fc.constantFrom(...COMMANDS),
  arguments: fc.oneof(fc.dictionary(fc.constantFrom(...FIELDS), value, { maxKeys: 8 }), value),
});

test('2 000 random requests are each answered', async () => {
  const target = new ToyTarget([0x90, 0x40, 0xeb, 0xfc]);
  const session = new TrapgateSession({
    launch: async () => ({ target, images: [], program: '', notes: [], release: () => {} }),
    readFile: async () => {
      throw new Error('no such file');
    },
  });
  const waiting = new Map<number, (success: boolean) => void>();
  session.onDidSendMessage((sent) => {
    const { type, request_seq, success } = sent as { type: string; request_seq?: number; success?: boolean };
    if (type === 'response' && request_seq !== undefined) waiting.get(request_seq)?.(success === true);
  });
  let seq = 1;
  const send = (command: string, args: unknown) =>
    new Promise<boolean>((resolve) => {
      const own = seq++;
      waiting.set(own, resolve);
      session.handleMessage({ seq: own, type: 'request', command, arguments: args } as never);
    });
  await send('initialize', {});
  await send('launch', { program: 'x', stopOnEntry: true });
  await send('configurationDone', {});
  await fc.assert(
    fc.asyncProperty(message, async ({ command, arguments: args }) => {
      await send(command, args);
    }),
    { seed: 23, numRuns: 2000 },
  );
  expect(await send('threads', {})).toBe(true);
  expect(await send('readMemory', { memoryReference: '0x100', count: 4 })).toBe(true);
  expect(await send('disconnect', {})).toBe(true);
});
