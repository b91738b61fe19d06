/** Firmware called by a kernel that a loader started: the same answers as SeaBIOS gives under QEMU's loader. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine } from '../../core/index.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { guestImage, guestPath, workFolder } from '../guests/build.ts';

/** What the guest sends to port E9h. */
function ours(): string {
  const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
  const image = { name: 'real-calls', bytes: guestImage('real-calls'), append: '', modules: [] };
  const machine = new Machine({ ...DEFAULT_CONFIG, image }, tier0);
  let text = '';
  machine.onOutput((channel, byte) => {
    if (channel === 'debugcon') text += String.fromCharCode(byte);
  });
  expect(machine.run(5_000_000)).toMatchObject({ kind: 'exit' });
  return text;
}

function qemus(): string {
  const output = join(workFolder(), 'real-calls.txt');
  const machine = [
    '-m',
    '128',
    '-display',
    'none',
    '-monitor',
    'none',
    '-serial',
    'null',
    '-no-reboot',
    '-net',
    'none',
  ];
  const ports = ['-debugcon', `file:${output}`, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
  spawnSync('qemu-system-i386', [...machine, ...ports, '-kernel', guestPath('real-calls')], { timeout: 60_000 });
  // SeaBIOS speaks to the same port; the guest's lines are hexadecimal words.
  return readFileSync(output, 'latin1').replace(/^(?![0-9A-F]{4} ).*\n/gm, '');
}

it('a kernel in real mode has vectors, data area and services', () => {
  const text = ours();
  expect(text.split('\n')).toHaveLength(14);
  expect(text).toBe(qemus());
});
