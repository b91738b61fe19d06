/** Ten thousand mutated packets, seeded: no defect, no unsolicited end, and the session still answers. */
import { expect, it } from 'vitest';
import { latin1 } from '../../../server/gdb/packet.ts';
import { seeded } from '../../seeded.ts';
import { RspClient, request } from './rsp-client.ts';
import { ToyTarget } from './toy-target.ts';

const SEEDS = [
  'g',
  'p8',
  'P8=00010000',
  'm100,10',
  'M200,2:aabb',
  'X200,2:ab',
  'x100,8',
  'c',
  's',
  'C05',
  'S0b',
  'vCont;c',
  'vCont;s:1;c',
  'vCont;r100,104:1',
  'vCont?',
  'Z0,101,1',
  'z0,101,1',
  'Z0,102,1;X7,26000022051327',
  'Z2,200,4',
  'Z4,200,1',
  '?',
  'D',
  'R00',
  '!',
  'Hg1',
  'Hc-1',
  'T1',
  'qSupported:swbreak+',
  'qC',
  'qfThreadInfo',
  'qXfer:features:read:target.xml:0,100',
  'qXfer:exec-file:read::0,100',
  'vFile:open:2f696d67,0,0',
  'vFile:pread:3,10,0',
  'vFile:fstat:3',
  'qRcmd,68656c70',
  'QStartNoAckMode',
  'vKill;1',
  'vRun;',
  'qThreadExtraInfo,1',
  'Qqemu.PhyMemMode:1',
];

function mutate(packet: string, random: () => number): string {
  let text = packet;
  for (let n = Math.floor(random() * 4); n > 0; n--) {
    const at = Math.floor(random() * (text.length + 1));
    const letter =
      random() < 0.5 ? String.fromCharCode(random() * 256) : '0123456789abcdef,;:=-'[Math.floor(random() * 21)];
    const keep = random() < 0.3 ? at : at + 1;
    text = text.slice(0, at) + (random() < 0.2 ? '' : letter.repeat(random() < 0.05 ? 40 : 1)) + text.slice(keep);
  }
  return text;
}

it('10,000 mutated packets leave a session that answers', async () => {
  const random = seeded(20_261);
  const image = {
    name: 'img',
    path: '/img',
    bytes: Uint8Array.from({ length: 100 }, (_, i) => [0x7f, 0x45, 0x4c, 0x46][i] ?? i),
  };
  const client = new RspClient(new ToyTarget([0x90, 0x40, 0xa2, 0, 2, 1, 0xeb, 0xf8], image));
  client.session.open();
  for (let i = 0; i < 10_000; i++) {
    const seed = SEEDS[Math.floor(random() * SEEDS.length)];
    const bytes = request(mutate(seed, random));
    // Damage the frame itself now and then, and add stray bytes between packets.
    if (random() < 0.1) bytes[Math.floor(random() * bytes.length)] = random() * 256;
    if (random() < 0.05) client.session.receive(latin1('+-$#\u0003'.slice(Math.floor(random() * 5))));
    client.session.receive(bytes);
    if (i % 50 === 0) {
      // Whatever runs by now is stopped by the packets behind it.
      await client.session.settled();
      client.stream = '';
    }
  }
  await client.session.settled();
  client.session.receive(latin1('#00'));
  client.send('!');
  await client.session.settled();
  expect(client.defects).toEqual([]);
  expect(await client.ask('qC')).toBe('QC1');
  expect(await client.ask('g')).toHaveLength(352);
});
