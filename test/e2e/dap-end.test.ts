import { afterEach, expect, test } from 'vitest';
import { atEntry, launched, startToy, type ToyAdapter } from './dap-toy.ts';

let adapter: ToyAdapter;
afterEach(() => adapter.stop());

test('power-off ends the session', async () => {
  adapter = await startToy([0x90, 0xe6]);
  await launched(adapter, { stopOnEntry: false });
  const terminated = adapter.client.waitForEvent('terminated');
  await adapter.client.configurationDoneRequest();
  await terminated;
});

test('an exit port tells its status', async () => {
  adapter = await startToy([0x90, 0xe7, 0x07]);
  await launched(adapter, { stopOnEntry: false });
  const exited = adapter.client.waitForEvent('exited');
  const terminated = adapter.client.waitForEvent('terminated');
  await adapter.client.configurationDoneRequest();
  expect((await exited).body).toEqual({ exitCode: 7 });
  await terminated;
});

test('a triple fault stops by default and says why', async () => {
  adapter = await startToy([0x90, 0xcc]);
  await atEntry(adapter);
  const stopped = adapter.client.waitForEvent('stopped');
  await adapter.client.continueRequest({ threadId: 1 });
  expect((await stopped).body).toMatchObject({ reason: 'exception', description: 'Triple fault' });
  const { body } = await adapter.client.customRequest('exceptionInfo', { threadId: 1 });
  expect(body).toMatchObject({ exceptionId: 'triple fault', breakMode: 'always' });
  expect(body.description.split('\n')).toEqual([
    'The machine shut down by a triple fault.',
    '#GP (error code 0x0000) at 0x0008:0x00000101, CPL 0, step 2: IDT gate not present',
    '#DF (error code 0x0000) at 0x0008:0x00000101, CPL 0, step 2: IDT gate not present',
  ]);
  expect(body.details.innerException).toHaveLength(1);
});

test('without its filter a triple fault ends the session', async () => {
  adapter = await startToy([0x90, 0xcc]);
  await launched(adapter, { stopOnEntry: false });
  const answer = await adapter.client.customRequest('setExceptionBreakpoints', { filters: ['nonsense'] });
  expect(answer.body.breakpoints).toMatchObject([{ verified: false }]);
  const terminated = adapter.client.waitForEvent('terminated');
  await adapter.client.configurationDoneRequest();
  await terminated;
});
