/** One session of the remote serial protocol on the demo guest, packet by packet. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'vitest';
import { DEFAULT_CONFIG, Machine, MachineTarget, parseElf } from '../../core/index.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { hexText, RspClient } from '../unit/server/rsp-client.ts';
import { expectTranscript } from './transcript.ts';

const DEMO = path.resolve(import.meta.dirname, '../../server/demo/demo.elf');
/** Bytes of replies that are shown: what a long one holds has tests of its own. */
const SHOWN = 400;
/** eax to gs of the `g` packet. */
const CORE_DIGITS = 16 * 8;

test('a gdb session is as recorded', async () => {
  const bytes = new Uint8Array(readFileSync(DEMO));
  const image = { name: 'demo.elf', bytes, append: '', modules: [] };
  const machine = new Machine({ ...DEFAULT_CONFIG, image }, new WebAssembly.Module(buildTier0() as BufferSource));
  const target = new MachineTarget(machine, {
    image: { ...image, path: DEMO },
    yieldToHost: () => new Promise((resolve) => setImmediate(resolve)),
    milliseconds: () => performance.now(),
  });
  const kmain = parseElf(bytes).symbols.find(({ name }) => name === 'kmain')?.value ?? 0;
  const at = kmain.toString(16);
  const client = new RspClient(target);
  client.session.open();
  const lines: string[] = [];
  const ask = async (packet: string, shown = SHOWN) => {
    await client.ask(packet);
    lines.push(`-> ${packet}`);
    // Output of the guest comes before the stop, in as many pieces as the host's turns make of it.
    const isOutput = (reply: string) => packet.startsWith('vCont;') && /^O[0-9a-f]{2}/.test(reply);
    for (const reply of client.replies.filter((one) => !isOutput(one)))
      lines.push(`<- ${reply.length > shown ? `${reply.slice(0, shown)}…` : reply}`);
  };
  await ask('qSupported:multiprocess+;swbreak+;hwbreak+;qRelocInsn+;fork-events+;vContSupported+');
  await ask('QStartNoAckMode');
  await ask('vMustReplyEmpty');
  await ask('Hg0');
  await ask('qXfer:features:read:target.xml:0,ffb', 160);
  await ask('qTStatus');
  await ask('?');
  await ask('qfThreadInfo');
  await ask('qsThreadInfo');
  await ask('qAttached:1');
  await ask('g', CORE_DIGITS);
  await ask(`Z0,${at},1`);
  await ask('vCont?');
  await ask('vCont;c');
  await ask('g', CORE_DIGITS);
  await ask(`m${at},10`);
  await ask('vCont;s:1');
  await ask('p8');
  await ask('P0=78563412');
  await ask('p0');
  await ask(`z0,${at},1`);
  await ask(`qRcmd,${hexText('info gdt')}`);
  await ask(`qRcmd,${hexText('info walk 0xc0100000')}`);
  await ask('m0,zz');
  await ask('vCont;c');
  await ask('D');
  expectTranscript('gdb-session', lines);
});
