/** q and Q packets: what each side can do, threads, and documents that are read in windows (qXfer). */
import { hex } from '../../../core/index.ts';
import { bare, type Command, command } from '../command.ts';
import { fromLatin1, latin1, MAX_PACKET } from '../packet.ts';
import { type Answer, EMPTY, NO_SUCH_THREAD, OK, reply, type Stub } from '../stub.ts';
import { targetXml } from '../target-xml.ts';
import { hexNumbers, threadId } from '../text.ts';

/** `[:feature;feature…]`; what we do not know is not ours to judge. */
function parseFeatures(rest: string): string[] | undefined {
  return rest === '' ? [] : rest.startsWith(':') ? rest.slice(1).split(';') : undefined;
}

function supported(stub: Stub, features: readonly string[]): Answer {
  stub.client.swbreak = features.includes('swbreak+');
  stub.client.hwbreak = features.includes('hwbreak+');
  const ours = [
    `PacketSize=${hex(MAX_PACKET, 1)}`,
    'QStartNoAckMode+',
    'qXfer:features:read+',
    'vContSupported+',
    'swbreak+',
    'hwbreak+',
    'binary-upload+',
    'ConditionalBreakpoints+',
  ];
  if (stub.files.path !== undefined) ours.push('qXfer:exec-file:read+');
  return reply(ours.join(';'));
}

function threadList(stub: Stub): Answer {
  return reply(`m${Array.from({ length: stub.target.vcpus }, (_, i) => hex(i + 1, 1)).join(',')}`);
}

async function threadName(stub: Stub, thread: number | 'any'): Promise<Answer> {
  if (thread === 'any' || thread < 0 || thread >= stub.target.vcpus) return NO_SUCH_THREAD;
  const { halted } = await stub.target.readRegisters(thread);
  const text = `vCPU ${thread} [${halted ? 'halted' : 'running'}]`;
  return reply([...latin1(text)].map((byte) => hex(byte, 2)).join(''));
}

interface Window {
  readonly annex: string;
  readonly offset: number;
  readonly length: number;
}

/** `annex:offset,length` */
function parseWindow(rest: string): Window | undefined {
  const colon = rest.lastIndexOf(':');
  const numbers = hexNumbers(rest.slice(colon + 1), 2);
  return colon < 0 || !numbers ? undefined : { annex: rest.slice(0, colon), offset: numbers[0], length: numbers[1] };
}

/** `m` with more to come, or `l` with the last part. */
function windowOf(document: Uint8Array, { offset, length }: Window): Answer {
  const size = Math.min(length, MAX_PACKET / 2);
  const part = document.subarray(Math.min(offset, document.length), offset + size);
  const more = offset + part.length < document.length && part.length > 0;
  return reply(`${more ? 'm' : 'l'}${fromLatin1(part)}`);
}

async function features(stub: Stub, window: Window): Promise<Answer> {
  if (window.annex !== 'target.xml') return reply('E00');
  const { codeBits } = await stub.target.readRegisters(stub.vcpu);
  return windowOf(latin1(targetXml(codeBits)), window);
}

function execFile(stub: Stub, window: Window): Answer {
  const { path } = stub.files;
  if (path === undefined) return EMPTY;
  return windowOf(new TextEncoder().encode(path), window);
}

/** QEMU's names for things its users' scripts set: bit 0 step, bit 1 hold interrupts, bit 2 hold timers. */
function setStepMode(stub: Stub, [mask]: readonly number[]): Answer {
  stub.stepInterrupts = (mask & 2) === 0;
  return OK;
}

function setPhysical(stub: Stub, rest: '0' | '1'): Answer {
  stub.physicalMemory = rest === '1';
  return OK;
}

export const queryCommands: readonly Command[] = [
  command('qSupported', parseFeatures, supported),
  bare('QStartNoAckMode', () => ({ kind: 'no-ack' })),
  bare('qC', (stub) => reply(`QC${hex(stub.vcpu + 1, 1)}`)),
  bare('qfThreadInfo', threadList),
  bare('qsThreadInfo', () => reply('l')),
  command('qThreadExtraInfo', (rest) => (rest.startsWith(',') ? threadId(rest.slice(1)) : undefined), threadName),
  // 1: the machine was there before the client, so that its `quit` detaches instead of killing.
  command(
    'qAttached',
    (rest) => (rest === '' || rest.startsWith(':') ? true : undefined),
    () => reply('1'),
  ),
  command('qXfer:features:read:', parseWindow, features),
  command('qXfer:exec-file:read:', parseWindow, execFile),
  command(
    'qXfer:',
    () => true,
    () => EMPTY,
  ),
  bare('vMustReplyEmpty', () => EMPTY),
  bare('qqemu.sstepbits', () => reply('ENABLE=1,NOIRQ=2,NOTIMER=4')),
  bare('qqemu.sstep', (stub) => reply(`0x${stub.stepInterrupts ? 1 : 3}`)),
  command('Qqemu.sstep=', (rest) => hexNumbers(rest.replace(/^0x/, ''), 1), setStepMode),
  bare('qqemu.PhyMemMode', (stub) => reply(stub.physicalMemory ? '1' : '0')),
  command('Qqemu.PhyMemMode:', (rest) => (rest === '0' || rest === '1' ? rest : undefined), setPhysical),
];
