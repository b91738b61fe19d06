/** Disk images on the command line: what the guest writes reaches the file only when the user said so. */
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bootSector } from '../guests/build.ts';
import { TRAPGATE, trapgate, workFile } from './command.ts';

/** Writes itself to the third sector of its own disk, whatever that is, and powers off. */
const WRITER = bootSector(`
  xor %ax, %ax; mov %ax, %ds; mov %ax, %es; mov %ax, %ss; mov $0x7000, %sp
  mov $0x0301, %ax; mov $3, %cx; xor %dh, %dh; mov $0x7c00, %bx; int $0x13
  mov $0x2000, %ax; mov $0x604, %dx; out %ax, %dx; hlt`);

/** The same, but then it prints for ever. */
const TALKER = bootSector(`
  xor %ax, %ax; mov %ax, %ds; mov %ax, %es; mov %ax, %ss; mov $0x7000, %sp
  mov $0x0301, %ax; mov $3, %cx; xor %dh, %dh; mov $0x7c00, %bx; int $0x13
  mov $0x3f8, %dx; mov $0x78, %al; more: out %al, %dx; jmp more`);

function image(name: string, bytes: number, sector = WRITER): string {
  const disk = new Uint8Array(bytes);
  disk.set(sector);
  writeFileSync(workFile(name), disk);
  return workFile(name);
}

describe('a disk that the guest writes', () => {
  it('stays as it was', async () => {
    const path = image('kept.img', 1_474_560);
    const before = readFileSync(path);
    expect((await trapgate(['run', '--fda', path])).status).toBe(0);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it.each([
    ['--fda', 1_474_560],
    ['--hda', 8 << 20],
  ])('is changed in the sectors written, with %s FILE,write', async (option, bytes) => {
    const path = image('written.img', bytes);
    expect((await trapgate(['run', option, `${path},write`])).status).toBe(0);
    const after = new Uint8Array(readFileSync(path));
    expect(after.length).toBe(bytes);
    expect(after.subarray(1024, 1536)).toEqual(WRITER);
    expect(after.subarray(512, 1024)).toEqual(new Uint8Array(512));
  });

  it.each([
    ['the reader of COM1 goes away', []],
    ['COM1 cannot be written', ['--serial', 'file:/dev/full']],
    ['the terminal is closed', []],
  ])('is changed also when %s', async (how, options) => {
    const path = image('talker.img', 1_474_560, TALKER);
    const picture = workFile('talker.txt');
    const args = [TRAPGATE, 'run', '--fda', `${path},write`, '--screen-out', picture, ...options];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    // It writes before it talks.
    child.stdout?.once('data', () => {
      if (how.startsWith('the terminal')) child.kill('SIGHUP');
      else child.stdout?.destroy();
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(new Uint8Array(readFileSync(path)).subarray(1024, 1536)).toEqual(TALKER);
    expect(readFileSync(picture).length).toBeGreaterThan(0);
  });

  it('is named when it cannot be read', async () => {
    const { status, stderr } = await trapgate(['run', '--hda', 'nowhere.img,write']);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/cannot read disk nowhere.img: no such file/)]);
  });
});

describe('a scenario on a boot sector', () => {
  it('is met when the guest powers off at the last key typed', async () => {
    const guest = bootSector(`
      mov $0x0e3f, %ax; int $0x10
      mov $0, %ah; int $0x16
      mov $0x2000, %ax; mov $0x604, %dx; out %ax, %dx; hlt`);
    writeFileSync(workFile('key.img'), guest);
    writeFileSync(workFile('key.steps'), 'screen \\?\ntype x\npoweroff\n');
    const result = await trapgate(['run', workFile('key.img'), '--scenario', workFile('key.steps')]);
    expect([result.status, result.stderr]).toEqual([0, '']);
  });
});
