/** Builds the benchmark guests with the host's gcc into .work/bench. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(here, '../../.work/bench');

export const WORKLOADS = [
  'hash',
  'sort',
  'matrix',
  'bytecode',
  'calls',
  'copy',
  'faults',
  'services',
  'ports',
  'spaces',
];

const FLAGS = (
  '-m32 -march=i686 -mno-sse -O2 -ffreestanding -nostdlib -static -no-pie -fno-pic -fno-stack-protector ' +
  '-fcf-protection=none -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -Wall ' +
  '-Wl,-T,guest.ld -Wl,--build-id=none -Wl,-z,noexecstack entry.S support.c'
).split(' ');

/**
 * @param divisor does only this part of the rounds
 * @returns path of each guest by name; throws with gcc's messages
 */
export function buildGuests(names, divisor = 1) {
  mkdirSync(out, { recursive: true });
  const built = {};
  for (const name of names) {
    built[name] = path.join(out, divisor === 1 ? `${name}.elf` : `${name}-${divisor}.elf`);
    const args = [...FLAGS, `-DDIVISOR=${divisor}`, `${name}.c`, '-o', built[name]];
    const gcc = spawnSync('gcc', args, { cwd: path.join(here, 'guests'), encoding: 'utf8' });
    if (gcc.error) throw new Error('the benchmark guests need gcc with -m32 (Debian: gcc-multilib)');
    if (gcc.status !== 0) throw new Error(`gcc failed on ${name}.c:\n${gcc.stderr}`);
  }
  return built;
}
