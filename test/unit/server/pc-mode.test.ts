/** What a client is shown as eip and esp in 16-bit code, and that everything it sends back means the same. */
import { expect, it } from 'vitest';
import { hexText, RspClient } from './rsp-client.ts';
import { ToyTarget } from './toy-target.ts';

/** 16-bit code in a segment at 7000h, at offset 12h. */
async function realMode(program: readonly number[] = []): Promise<{ target: ToyTarget; client: RspClient }> {
  const target = new ToyTarget();
  target.codeBits = 16;
  target.codeBase = 0x7000;
  target.eip = 0x12;
  target.memory.set(program, 0x7012);
  const client = new RspClient(target);
  expect(client.session.open()).toBe(true);
  await client.session.settled();
  return { target, client };
}

const monitor = (text: string) => `qRcmd,${hexText(text)}`;
const NOPS = [0x90, 0x90, 0x90, 0xeb, 0xfb];

it('eip is linear in 16-bit code, and taken back', async () => {
  const { target, client } = await realMode();
  expect(await client.ask('p8')).toBe('12700000');
  expect(await client.ask('P8=34710000')).toBe('OK');
  expect(target.eip).toBe(0x134);
  expect(await client.ask('P8=00000100')).toBe('OK');
  expect(await client.ask('P8=00000000')).toMatch(/^E\./);
  await client.ask(monitor('pc offset'));
  target.eip = 0x12;
  expect(await client.ask('p8')).toBe('12000000');
});

it('the address to go on from is one that was shown', async () => {
  const { client } = await realMode(NOPS);
  expect(await client.ask('s7013')).toMatch(/08:14700000;/);
  expect(await client.ask('s0')).toBe('E16');
});

it('a range to step through is one that was shown', async () => {
  const { client } = await realMode(NOPS);
  expect(await client.ask('vCont;r7012,7015:1')).toMatch(/08:15700000;/);
  await client.ask(monitor('pc offset'));
  expect(await client.ask('vCont;r15,17:1')).toMatch(/08:12000000;/);
});

it('a condition reads eip as it is shown, also when that changes after it was set', async () => {
  const { client } = await realMode(NOPS);
  // eip == 7014h: reg 8, const16, equal, end
  expect(await client.ask('Z0,7014,1;X8,2600082370141327')).toBe('OK');
  expect(await client.ask('c')).toMatch(/^T05.*08:14700000;/);
  await client.ask(monitor('pc offset'));
  // Now no turn of the loop meets it; the next point does.
  await client.ask('Z0,7015,1');
  expect(await client.ask('c')).toMatch(/^T05.*08:15000000;/);
  await client.ask(monitor('pc linear'));
  expect(await client.ask('c')).toMatch(/^T05.*08:14700000;/);
});
