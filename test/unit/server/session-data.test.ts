/** What one client reads and writes over the toy target: registers, memory, documents, the monitor's words. */
import { describe, expect, it } from 'vitest';
import { latin1 } from '../../../server/gdb/packet.ts';
import { connect, hexText } from './rsp-client.ts';
import { ToyTarget } from './toy-target.ts';

describe('registers', () => {
  it('come 176 bytes at a time in the canonical order', async () => {
    const target = new ToyTarget();
    target.general = [1, 2, 3, 4, 5, 6, 7, 8];
    const client = await connect(target);
    const all = await client.ask('g');
    expect(all).toHaveLength(2 * 176);
    expect(all.slice(0, 80)).toBe('01000000020000000300000004000000050000000600000007000000080000000001000002000000');
    expect(await client.ask('p8')).toBe('00010000');
    expect(await client.ask('p10')).toHaveLength(20);
    expect(await client.ask('p20')).toBe('01000000'); // cr0, the first system register
  });

  it('are written one at a time or as a whole, and only where they differ', async () => {
    const target = new ToyTarget();
    const client = await connect(target);
    const all = await client.ask('g');
    expect(await client.ask(`G78563412${all.slice(8)}`)).toBe('OK');
    expect(target.general[0]).toBe(0x12345678);
    expect(await client.ask('P8=34120000')).toBe('OK');
    expect(target.eip).toBe(0x1234);
    expect(await client.ask('P10=000102030405060708ff')).toBe('OK');
    expect([...target.st[0]]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 255]);
  });

  it('of a strange number or size are an error, not an end', async () => {
    const client = await connect(new ToyTarget());
    for (const packet of [
      'p-6',
      'pffffffff',
      'p',
      'pzz',
      'P0=zz',
      'P0=00',
      'P0',
      'Pffff=00000000',
      'P=00000000',
      'Gz',
    ]) {
      expect(await client.ask(packet)).toMatch(/^E/);
    }
    expect(await client.ask('P2a=01000000')).toMatch(/^E\..*cannot be written/); // cpl
    expect(await client.ask('P2a=00000000')).toBe('OK'); // its own value
    expect(await client.ask('P20=00000000')).toMatch(/^E\..*toy has no cr0/);
  });
});

describe('memory', () => {
  it('is read and written in hex and in binary', async () => {
    const client = await connect(new ToyTarget([]));
    expect(await client.ask('M200,4:23242a7d')).toBe('OK');
    expect(await client.ask('m200,4')).toBe('23242a7d');
    expect(await client.ask('x200,4')).toBe('b#$*}');
    expect(await client.ask('X300,4:}#$*')).toBe('OK');
    expect(await client.ask('x300,4')).toBe('b}#$*');
    expect(await client.ask('X300,0:')).toBe('OK');
    expect(await client.ask('x0,0')).toBe('');
  });

  it('that ends early is short, that is not there is an error', async () => {
    const client = await connect(new ToyTarget([]));
    expect(await client.ask('mfffe,ffffffff')).toBe('0000');
    expect(await client.ask('m10000,4')).toBe('E0e');
    expect(await client.ask('Mffff,2:0000')).toBe('E0e');
    for (const packet of [
      'm',
      'm 1',
      'm1',
      'm1,',
      'm,1',
      'm1,1,1',
      'm100000000,1',
      'M1,2:00',
      'M1,1:0',
      'X1,2:0',
      'x1',
    ]) {
      expect(await client.ask(packet)).toMatch(/^E/);
    }
  });
});

describe('documents', () => {
  it('are the same through windows of any size', async () => {
    const client = await connect(new ToyTarget());
    const whole = await client.ask('qXfer:features:read:target.xml:0,ffff');
    expect(whole.slice(0, 1)).toBe('l');
    for (const size of [37, 100, whole.length - 1, whole.length]) {
      let text = '';
      for (let more = true; more; ) {
        const part = await client.ask(
          `qXfer:features:read:target.xml:${text.length.toString(16)},${size.toString(16)}`,
        );
        text += part.slice(1);
        more = part.startsWith('m');
      }
      expect(text).toBe(whole.slice(1));
    }
    expect(await client.ask('qXfer:features:read:target.xml:ffffff,10')).toBe('l');
    expect(await client.ask('qXfer:features:read:other.xml:0,10')).toBe('E00');
    expect(await client.ask('qXfer:features:read:target.xml:0')).toMatch(/^E/);
    expect(await client.ask('qXfer:osdata:read::0,10')).toBe('');
  });

  it('name all 32 core registers, in order, and i8086 in 16-bit code', async () => {
    const target = new ToyTarget();
    const client = await connect(target);
    const xml = await client.ask('qXfer:features:read:target.xml:0,ffff');
    const names = [...xml.matchAll(/<reg name="(\w+)"/g)].map(([, name]) => name);
    expect(names.slice(0, 32).join(' ')).toBe(
      'eax ecx edx ebx esp ebp esi edi eip eflags cs ss ds es fs gs ' +
        'st0 st1 st2 st3 st4 st5 st6 st7 fctrl fstat ftag fiseg fioff foseg fooff fop',
    );
    expect(names).toEqual(
      expect.arrayContaining(['cr0', 'cr3', 'gdtr_base', 'idtr_limit', 'tr', 'cs_base', 'cpl', 'steps']),
    );
    expect(xml).toContain('<architecture>i386<');
    target.codeBits = 16;
    expect(await client.ask('qXfer:features:read:target.xml:0,ffff')).toContain('<architecture>i8086<');
  });

  it('include the booted image, read-only, and no other file', async () => {
    const bytes = Uint8Array.from({ length: 3000 }, (_, i) => [0x7f, 0x45, 0x4c, 0x46][i] ?? i & 0xff);
    const client = await connect(new ToyTarget([0x90], { name: 'k.elf', path: '/img/k.elf', bytes }));
    expect(await client.ask('qSupported')).toContain('qXfer:exec-file:read+');
    expect(await client.ask('qXfer:exec-file:read:1:0,100')).toBe('l/img/k.elf');
    expect(await client.ask('vFile:setfs:0')).toBe('F0');
    expect(await client.ask(`vFile:open:${hexText('/etc/passwd')},0,0`)).toBe('F-1,2');
    expect(await client.ask(`vFile:open:${hexText('/img/k.elf')},1,0`)).toBe('F-1,1e');
    expect(await client.ask(`vFile:open:${hexText('/img/k.elf')},0,0`)).toBe('F3');
    expect(await client.ask('vFile:fstat:3')).toMatch(/^F40;/);
    const part = await client.ask('vFile:pread:3,10,7d');
    expect(part.slice(0, 4)).toBe('F10;');
    expect([...latin1(part.slice(4))]).toEqual([...bytes.subarray(0x7d, 0x8d)]);
    expect(await client.ask('vFile:pread:3,10,ffffff')).toBe('F0;');
    expect(await client.ask('vFile:close:3')).toBe('F0');
    expect(await client.ask('vFile:close:3')).toBe('F-1,9');
    expect(await client.ask('vFile:pread:3,10,0')).toBe('F-1,9');
    expect(await client.ask('vFile:unlink:00')).toBe('F-1,1e');
    const sector = await connect(
      new ToyTarget([0x90], { name: 'boot', path: '/img/boot', bytes: new Uint8Array(512) }),
    );
    expect(await sector.ask('qSupported')).not.toContain('exec-file');
  });
});

describe('monitor', () => {
  it('prints through console packets, however long', async () => {
    const client = await connect(new ToyTarget());
    expect(await client.ask(`qRcmd,${hexText('help')}`)).toBe('OK');
    expect(Buffer.from(client.replies[0].slice(1), 'hex').toString()).toMatch(/^help -- .*\npc auto/);
    expect(await client.ask(`qRcmd,${hexText('long')}`)).toBe('OK');
    expect(client.replies.slice(0, -1).reduce((total, text) => total + (text.length - 1) / 2, 0)).toBe(200_000);
    await client.ask(`qRcmd,${hexText('nonsense')}`);
    expect(Buffer.from(client.replies[0].slice(1), 'hex').toString()).toMatch(/unknown command: 'nonsense'/);
    expect(await client.ask('qRcmd,zz')).toBe('E16');
  });
});
