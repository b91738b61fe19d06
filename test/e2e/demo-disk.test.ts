/** The demo guest from its disk: our firmware, its own boot sector, protected mode, ring 3; and under QEMU's firmware. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { workFolder } from '../guests/build.ts';
import { trapgate } from './command.ts';
import { gdb, trapgateStub } from './gdb-tools.ts';

const dist = (name: string) => fileURLToPath(new URL(`../../dist/${name}`, import.meta.url));
const LAST_LINE = 'All done, powering off.';
const FLOPPY_BYTES = 1_474_560;

describe('the demo disk', () => {
  it('boots by its own boot sector and does what the kernel alone does', async () => {
    const fromDisk = await trapgate(['run', dist('demo.img')]);
    const alone = await trapgate(['run', dist('demo.elf')]);
    expect(fromDisk.status).toBe(0);
    expect(fromDisk.stdout).toBe(alone.stdout);
    expect(fromDisk.stdout).toContain(LAST_LINE);
  });

  it('boots as a floppy and as a hard disk', async () => {
    for (const options of [
      ['--fda', dist('demo.img')],
      ['--hda', dist('demo.img'), '--boot', 'c'],
    ]) {
      const { stdout, status } = await trapgate(['run', ...options]);
      expect([status, stdout.includes(LAST_LINE)]).toEqual([0, true]);
    }
  });

  it('boots under another firmware', () => {
    const floppy = join(workFolder(), 'demo-floppy.img');
    const bytes = new Uint8Array(FLOPPY_BYTES);
    bytes.set(readFileSync(dist('demo.img')));
    writeFileSync(floppy, bytes);
    const drive = `file=${floppy},format=raw,if=floppy`;
    const args = ['-drive', drive, '-display', 'none', '-serial', 'stdio', '-m', '64', '-no-reboot'];
    const { stdout } = spawnSync('qemu-system-i386', args, { encoding: 'utf8', timeout: 60_000 });
    expect(stdout).toContain(LAST_LINE);
  });

  it('is followed by gdb from 7C00h to user mode', async () => {
    const stub = await trapgateStub(dist('demo.img'), ['--serial', 'null']);
    const { output } = await gdb(stub, dist('demo.elf'), [
      `source ${dist('trapgate-gdb.py')}`,
      `add-symbol-file ${dist('loader.elf')}`,
      '@CONNECT',
      'break *0x7c00',
      'break loader',
      'break enter_kernel',
      'break kmain',
      'break user_main',
      'continue',
      'continue',
      'x/i $pc',
      'continue',
      'x/i $pc',
      'continue',
      'p/x magic',
      'continue',
      'p $cpl',
      'delete',
      'continue',
    ]);
    stub.kill();
    const places = output.match(/Breakpoint \d, .*/g)?.map((line) => line.replace(/ at .*/, ''));
    expect(places).toEqual([
      'Breakpoint 1, _start ()',
      'Breakpoint 2, loader ()',
      'Breakpoint 3, enter_kernel ()',
      expect.stringContaining('Breakpoint 4, kmain (magic=732803074'),
      expect.stringContaining('Breakpoint 5, user_main'),
    ]);
    expect(output).toMatch(/<loader>:\s+cli/);
    expect(output).toMatch(/<enter_kernel>:\s+mov\s+\$0x10,%ax/);
    expect(output).toContain('$1 = 0x2badb002');
    expect(output).toContain('$2 = 3');
    expect(output).toContain('exited normally');
  });
});
