/**
 * A guest that debugs itself with DR0–DR3: the same #DBs as under QEMU 7.2, and where QEMU is known to differ those
 * of the manual.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_CONFIG, Machine } from '../../core/index.ts';
import { buildTier0 } from '../../core/vcpu/interpreter/build.ts';
import { guestImage, guestPath, workFolder } from '../guests/build.ts';

/** Low words of EIP and DR6 of every #DB, by test. */
type Told = Map<string, string[]>;

/** DR6 where QEMU goes its own way, by test of the guest. */
const BY_THE_MANUAL: Record<string, readonly string[]> = {
  // LENn masks the address (SDM vol. 3, 17.2.5); QEMU watches from the unaligned one.
  T04: ['0FF4', '0FF4'],
  // One #DB behind the instruction says both; QEMU's comes at the handler of the step, and Bn again later.
  T07: ['4FF1', '4FF0', '4FF0', '4FF0'],
  // The trap says what the instruction met; QEMU adds the execution breakpoint of the next one.
  T08: ['0FF1'],
  // An instruction that faults has no trap; QEMU traps at the handler of the fault.
  T11: ['0FF1'],
  // An access that meets two breakpoints reports both; QEMU one, and the other with the next #DB.
  T12: ['0FF3', '0FF2', '0FF1'],
  T16: ['0FF3', '0FF2', '0FF1'],
  // INS and OUTS trap behind an iteration (17.3.1.2); QEMU behind the last one only.
  T13: ['0FF1', '0FF1', '0FF2', '0FF2', '0FF1', '0FF1', '0FF1', '0FF1', '0FF1'],
  // R/Wn of ports is undefined without CR4.DE; QEMU does not look at that.
  T14: [],
  // A load of SS holds off code breakpoints and delays its own data breakpoint (6.8.3); not in QEMU.
  T17: [],
  T18: ['0FF1'],
};

function parse(text: string): Told {
  const told: Told = new Map();
  let current: string[] = [];
  for (const line of text.split('\n')) {
    if (/^T\d\d$/.test(line)) {
      current = [];
      told.set(line, current);
    } else if (/^[0-9A-F]{4} [0-9A-F]{4}$/.test(line)) current.push(line);
  }
  return told;
}

function ours(tier: 0 | 1): Told {
  const tier0 = new WebAssembly.Module(buildTier0() as BufferSource);
  const image = { name: 'breakpoints', bytes: guestImage('breakpoints'), append: '', modules: [] };
  const machine = new Machine({ ...DEFAULT_CONFIG, tier, image }, tier0);
  let text = '';
  machine.onOutput((channel, byte) => {
    if (channel === 'debugcon') text += String.fromCharCode(byte);
  });
  expect(machine.run(1_000_000)).toMatchObject({ kind: 'exit' });
  return parse(text);
}

function qemus(): Told {
  const output = join(workFolder(), 'breakpoints.txt');
  const machine = '-m 128 -display none -monitor none -serial null -no-reboot -net none'.split(' ');
  const ports = ['-debugcon', `file:${output}`, '-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
  spawnSync('qemu-system-i386', [...machine, ...ports, '-kernel', guestPath('breakpoints')], { timeout: 60_000 });
  return parse(readFileSync(output, 'latin1'));
}

it('a guest gets the debug exceptions that it asked for', () => {
  const told = ours(0);
  expect(told.size).toBe(18);
  expect(ours(1)).toEqual(told);
  const reference = qemus();
  for (const [test, lines] of told) {
    const own = BY_THE_MANUAL[test];
    if (own === undefined) expect([test, ...lines]).toEqual([test, ...(reference.get(test) ?? [])]);
    else expect([test, ...lines.map((line) => line.slice(5))]).toEqual([test, ...own]);
  }
});
