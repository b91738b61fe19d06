import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UserError } from '../../../core/index.ts';
import { ByteFile } from '../../../server/byte-file.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'trapgate-bytes-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('bytes on their way to a file', () => {
  it('the first after a flush is written at once, the others with the next flush', () => {
    const name = path.join(folder, 'out');
    const file = ByteFile.create(name);
    const written = () => readFileSync(name, 'latin1');
    for (const byte of Buffer.from('abc')) file.put(byte);
    expect(written()).toBe('a');
    file.flush();
    expect(written()).toBe('abc');
    for (const byte of Buffer.from('de')) file.put(byte);
    expect(written()).toBe('abcd');
    file.close();
    expect(written()).toBe('abcde');
  });

  it('a full buffer is written before a flush', () => {
    const name = path.join(folder, 'much');
    const file = ByteFile.create(name);
    for (let i = 0; i < 40_000; i++) file.put(i & 0xff);
    expect(readFileSync(name).length).toBeGreaterThan(30_000);
    file.close();
    expect([...readFileSync(name)]).toEqual(Array.from({ length: 40_000 }, (_, i) => i & 0xff));
  });

  it('what goes wrong is told by flush, never to the guest', () => {
    const file = ByteFile.create('/dev/full');
    for (let i = 0; i < 40_000; i++) file.put(0x61);
    expect(() => file.flush()).toThrow(UserError);
    expect(() => file.flush()).toThrow('cannot write /dev/full: no space left on the device');
  });
});
