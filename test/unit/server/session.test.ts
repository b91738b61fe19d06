/** One client's session over the toy target: framing, running, when a stop reply is owed, and how it ends. */
import { describe, expect, it } from 'vitest';
import { latin1 } from '../../../server/gdb/packet.ts';
import { connect, RspClient, request } from './rsp-client.ts';
import { ToyTarget } from './toy-target.ts';

const LOOP = [0x90, 0x40, 0xeb, 0xfc]; // 100: nop; 101: inc eax; 102: jmp 100

describe('a session', () => {
  it('acknowledges until the client asks it not to', async () => {
    const client = await connect(new ToyTarget());
    await client.ask('qC');
    expect(client.stream).toBe('+$QC1#c5');
    expect(await client.ask('QStartNoAckMode')).toBe('OK');
    await client.ask('qC');
    expect(client.stream).toBe('$QC1#c5');
    const next = await connect(new ToyTarget());
    await next.ask('qC');
    expect(next.stream).toBe('+$QC1#c5');
  });

  it('asks again for a damaged packet and repeats a reply that was damaged', async () => {
    const client = await connect(new ToyTarget());
    client.session.receive(latin1('$qC#00'));
    await client.session.settled();
    expect(client.stream).toBe('-');
    await client.ask('qC');
    client.stream = '';
    client.session.receive(latin1('-'));
    await client.session.settled();
    expect(client.stream).toBe('$QC1#c5');
  });

  it('answers what it does not know with an empty reply', async () => {
    const client = await connect(new ToyTarget());
    for (const packet of ['vMustReplyEmpty', 'qSymbol::', 'qCRC:0,1', 'vContSupported', 'jThreadsInfo', '_M1,2', '']) {
      expect(await client.ask(packet)).toBe('');
    }
  });

  it('says nothing before it is asked, also when the guest was running', async () => {
    const target = new ToyTarget(LOOP);
    const run = target.resume({ kind: 'continue' });
    const client = await connect(target);
    expect((await run).reason).toBe('interrupted');
    expect(client.stream).toBe('');
    expect(await client.ask('?')).toMatch(/^T02thread:1;/);
  });

  it('serves packets that arrive in one segment in their order', async () => {
    const client = await connect(new ToyTarget());
    client.session.receive(Uint8Array.from([...request('P0=01020304'), ...request('p0'), ...request('qC')]));
    await client.session.settled();
    expect(client.replies).toEqual(['OK', '01020304', 'QC1']);
  });

  it('advertises what it can do', async () => {
    const client = await connect(new ToyTarget());
    const features = (await client.ask('qSupported:swbreak+;hwbreak+;xmlRegisters=i386')).split(';');
    expect(features).toContain('QStartNoAckMode+');
    expect(features).toContain('binary-upload+');
    expect(features.join()).not.toContain('exec-file');
    expect(await client.ask('vCont?')).toBe('vCont;c;C;s;S;t;r');
    expect(await client.ask('qAttached')).toBe('1');
    expect(await client.ask('qfThreadInfo')).toBe('m1');
    expect(await client.ask('qsThreadInfo')).toBe('l');
  });

  it('refuses an oversized packet and goes on', async () => {
    const client = await connect(new ToyTarget());
    expect(await client.ask(`m${'0'.repeat(0x20001)}`)).toMatch(/^E\./);
    expect(await client.ask('qC')).toBe('QC1');
  });
});

describe('running', () => {
  it('steps, and continues to a breakpoint', async () => {
    const target = new ToyTarget(LOOP);
    const client = await connect(target);
    await client.ask('qSupported:swbreak+');
    expect(await client.ask('?')).toMatch(/^T05thread:1;05:00000000;04:00800000;08:00010000;$/);
    expect(await client.ask('vCont;s:1;c')).toMatch(/08:01010000;$/);
    expect(await client.ask('s')).toMatch(/08:02010000;$/);
    expect(await client.ask('Z0,101,1')).toBe('OK');
    expect(await client.ask('c')).toMatch(/^T05.*08:01010000;swbreak:;$/);
    expect(await client.ask('vCont;r100,104:1')).toMatch(/swbreak/);
    expect(await client.ask('z0,101,1')).toBe('OK');
    expect(await client.ask('z0,101,1')).toBe('OK');
    expect(target.points.size).toBe(0);
  });

  it('names a breakpoint only where the client sees its own address', async () => {
    const target = new ToyTarget();
    target.memory.set(LOOP, 0x1100);
    target.codeBase = 0x1000; // 32-bit code in a segment with a base: eip is an offset
    const client = await connect(target);
    await client.ask('qSupported:swbreak+');
    await client.ask('Z0,1101,1');
    expect(await client.ask('c')).toMatch(/^T05[^w]*$/);
  });

  it('evaluates conditions beside the guest', async () => {
    const client = await connect(new ToyTarget(LOOP));
    // eax == 5: reg 0, const8 5, equal, end
    expect(await client.ask('Z0,102,1;X7,26000022051327')).toBe('OK');
    await client.ask('c');
    expect(await client.ask('p0')).toBe('05000000');
    expect(await client.ask('Z0,102,1;X7,2600002205')).toBe('E16');
    // Two conditions are alternatives: eax == 9 or eax == 7.
    expect(await client.ask('Z0,102,1;X7,26000022091327X7,26000022071327')).toBe('OK');
    await client.ask('c');
    expect(await client.ask('p0')).toBe('07000000');
  });

  it('reports watchpoints by kind and address', async () => {
    const client = await connect(new ToyTarget([0xa2, 0x10, 0x02, 7, 0xa0, 0x11, 0x02, 0xeb, 0xf7]));
    await client.ask('Z2,210,4');
    expect(await client.ask('c')).toMatch(/watch:00000210;$/);
    await client.ask('z2,210,4');
    await client.ask('Z3,210,4');
    expect(await client.ask('c')).toMatch(/rwatch:00000211;$/);
    await client.ask('z3,210,4');
    await client.ask('Z4,211,1');
    expect(await client.ask('c')).toMatch(/awatch:00000211;$/);
    expect(await client.ask('Z2,0,0')).toBe('E16');
    expect(await client.ask('Z5,0,1')).toBe('');
  });

  it('stops on ^C, running or halted, and keeps one that comes between two steps', async () => {
    for (const program of [LOOP, [0xf4]]) {
      const client = await connect(new ToyTarget(program));
      client.send('c');
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(client.replies).toEqual([]);
      client.session.receive(Uint8Array.of(3));
      await client.session.settled();
      expect(client.replies).toEqual([expect.stringMatching(/^T02/)]);
      client.session.receive(Uint8Array.of(3));
      expect(await client.ask('s')).toMatch(/^T02/);
      expect(await client.ask('s')).toMatch(/^T05/);
    }
  });

  it('stops for a packet that comes while the guest runs, and answers both', async () => {
    const client = await connect(new ToyTarget(LOOP));
    client.send('c', 'qC');
    await client.session.settled();
    expect(client.replies).toEqual([expect.stringMatching(/^T02/), 'QC1']);
    client.send('c');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await client.ask('qC')).toBe('QC1');
  });

  it('keeps a triple fault as a stop that says why', async () => {
    const client = await connect(new ToyTarget([0xcc]));
    expect(await client.ask('c')).toMatch(/^T0bthread:1;/);
    const [text] = client.replies;
    const words = Buffer.from(text.slice(1), 'hex').toString();
    expect(words).toMatch(/Triple fault/);
    expect(words).toMatch(/1\. #GP error 0000 at 0008:00000100 cpl 0: IDT gate not present/);
    expect(words).toMatch(/2\. #DF/);
    expect(await client.ask('c')).toMatch(/^T0b/);
    expect(await client.ask('g')).toHaveLength(352);
  });

  it('ends with the power and with an exit status', async () => {
    expect(await (await connect(new ToyTarget([0xe6]))).ask('c')).toBe('W00');
    expect(await (await connect(new ToyTarget([0xe7, 0x21]))).ask('vCont;c')).toBe('W21');
  });
});

describe('the end of a session', () => {
  it('detached leaves the guest running without points, and the next packet takes it back', async () => {
    const target = new ToyTarget(LOOP);
    const client = await connect(target);
    await client.ask('Z0,101,1');
    expect(await client.ask('D')).toBe('OK');
    expect(target.running).toBe(true);
    expect(target.controller).toBeUndefined();
    expect(target.points.size).toBe(0);
    expect(await client.ask('?')).toMatch(/^T02/);
    expect(target.controller).toBe('gdb');
  });

  it('vanished takes its points along; a guest that ran runs on, one that stood stands', async () => {
    const target = new ToyTarget(LOOP);
    const client = await connect(target);
    await client.ask('Z0,101,1');
    await client.ask('Z2,0,4');
    await client.session.close();
    expect([target.points.size, target.running, target.controller]).toEqual([0, false, undefined]);
    const second = await connect(target);
    second.send('c');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await second.session.close();
    expect(target.running).toBe(true);
    const third = await connect(target);
    expect(await third.ask('?')).toMatch(/^T02/);
    expect(second.replies).toEqual([]);
  });

  it('half a packet of a vanished client does not reach the next one', async () => {
    const target = new ToyTarget();
    const first = await connect(target);
    first.session.receive(latin1('$m0,'));
    await first.session.close();
    expect(await (await connect(target)).ask('qC')).toBe('QC1');
  });

  it('is not begun while another client has control', async () => {
    const target = new ToyTarget();
    await connect(target);
    expect(new RspClient(target, 'second').session.open()).toBe(false);
  });

  it('kill ends the machine, or resets it for a client that can restart it', async () => {
    const target = new ToyTarget(LOOP);
    const client = await connect(target);
    expect(await client.ask('k')).toBe('(no reply)');
    expect(client.killed).toBe(1);
    expect(await client.ask('!')).toBe('OK');
    await client.ask('s');
    expect(await client.ask('R00')).toBe('(no reply)');
    expect(target.eip).toBe(0x100);
    await client.ask('s');
    expect(await client.ask('vRun;')).toMatch(/^T05.*08:00010000;$/);
    expect(await client.ask('vKill;1')).toBe('OK');
    expect(client.killed).toBe(1);
  });
});
