/** The benchmark guests, a part of their rounds: every checksum is QEMU's, in both tiers. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { trapgate } from './command.ts';

interface Guests {
  readonly WORKLOADS: readonly string[];
  buildGuests(names: readonly string[], divisor: number): Record<string, string>;
}

const SHARE = 64;
const { WORKLOADS, buildGuests } = (await import(
  fileURLToPath(new URL('../bench/guests.mjs', import.meta.url))
)) as Guests;
const guests = buildGuests(WORKLOADS, SHARE);

/** The line `BENCH name rounds checksum` without the ticks, which are nobody's business. */
function result(output: string): string {
  return /^BENCH \S+ \S+ \S+/m.exec(output)?.[0] ?? output;
}

function qemu(image: string): Promise<string> {
  const exit = ['-device', 'isa-debug-exit,iobase=0xf4,iosize=4'];
  const display = ['-display', 'none', '-monitor', 'none', '-serial', 'stdio', '-no-reboot'];
  return new Promise((resolve) => {
    const child = execFile('qemu-system-i386', [...display, ...exit, '-kernel', image], { timeout: 60_000 }, (_, out) =>
      resolve(out),
    );
    child.stdin?.end();
  });
}

describe('a workload ends with the checksum of QEMU', () => {
  it.each(WORKLOADS)('%s', async (name) => {
    const expected = result(await qemu(guests[name]));
    expect(expected).toMatch(/^BENCH /);
    for (const tier of ['0', '1']) {
      const run = await trapgate(['run', guests[name], '--tier', tier]);
      expect(result(run.stdout)).toBe(expected);
      expect(run.stdout).toMatch(/^DONE$/m);
      expect(run.status).toBe(1);
    }
  });
});
