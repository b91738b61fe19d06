/**
 * `npm run bench [-- --rounds N] [--only hash,sort] [--peers qemu,tier0,tier1,v86] [--v86 FOLDER]`
 *
 * Runs our own benchmark guests (test/bench/guests) on Trapgate, on QEMU (TCG) and, when FOLDER holds an
 * installed npm package v86, on that: interleaved in one run, medians, ratios to QEMU. What counts is the
 * process's own CPU clock (all threads) between the guest's START and BENCH lines, so boot time is left
 * out; the second table is just that, process start to first serial byte; the third is what GDB stubs do in a
 * CPU second of theirs.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureDependencies } from './lib/dependencies.mjs';
import { dist, fail, root, run } from './lib/root.mjs';

function readOptions() {
  const options = {
    rounds: { type: 'string', default: '3' },
    only: { type: 'string' },
    peers: { type: 'string' },
    v86: { type: 'string', default: path.join(root, '.work/v86/node_modules/v86') },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return fail(error.message);
  }
}

const values = readOptions();

ensureDependencies();
if (run(process.execPath, ['scripts/build.mjs']) !== 0) process.exit(1);
const { buildGuests, WORKLOADS } = await import('../test/bench/guests.mjs');
const { measureStubs } = await import('../test/bench/stub.mjs');
const { timeGuest, timeFirstByte } = await import('../test/bench/timing.mjs');

const QEMU = 'qemu-system-i386 -accel tcg -cpu qemu32 -m 128 -display none -monitor none -serial stdio -no-reboot';
const qemu = [...QEMU.split(' '), '-device', 'isa-debug-exit,iobase=0xf4,iosize=4', '-kernel'];
const trapgate = (tier) => [process.execPath, path.join(dist, 'trapgate.js'), 'run', '--tier', tier];
const PEERS = {
  qemu,
  tier0: trapgate('0'),
  tier1: trapgate('1'),
  v86: [process.execPath, path.join(root, 'test/bench/v86.mjs'), values.v86],
};
const peers = values.peers?.split(',') ?? ['qemu', 'tier0', 'tier1', ...(existsSync(values.v86) ? ['v86'] : [])];
const workloads = values.only?.split(',') ?? WORKLOADS;
const rounds = Number(values.rounds);
for (const peer of peers) if (!PEERS[peer]) fail(`no such peer: ${peer}`);
for (const name of workloads) if (!WORKLOADS.includes(name)) fail(`no such workload: ${name}`);

const guests = buildGuests([...workloads, 'hello', 'condition']);
const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const row = (cells) => console.log(`| ${cells.join(' | ')} |`);
const head = (cells) => {
  row(cells);
  row(cells.map(() => '---'));
};

const results = new Map();
for (let round = 0; round < rounds; round++) {
  for (const workload of workloads) {
    for (const peer of peers) {
      const result = await timeGuest([...PEERS[peer], guests[workload]]);
      console.error(`# ${round} ${workload} ${peer} ${result.error ?? `${result.cpu.toFixed(3)} s`}`);
      const key = `${workload} ${peer}`;
      results.set(key, [...(results.get(key) ?? []), result]);
    }
  }
}

/** Medians of the runs of one workload on one peer; undefined when one of them failed. */
function summary(workload, peer) {
  const runs = results.get(`${workload} ${peer}`);
  if (!runs || runs.some((result) => result.error)) return undefined;
  return { cpu: median(runs.map((result) => result.cpu)), sum: runs[0].sum, ticks: runs[0].ticks };
}

const others = peers.filter((peer) => peer !== 'qemu');
head(['workload', 'qemu s', ...others.flatMap((peer) => [`${peer} s`, `${peer} / qemu`]), 'tier 0 MIPS', 'checksums']);
const ratios = new Map(others.map((peer) => [peer, []]));
for (const workload of workloads) {
  const base = summary(workload, 'qemu');
  const sums = new Set();
  const cells = [workload, base ? base.cpu.toFixed(2) : '-'];
  for (const peer of peers) {
    const result = summary(workload, peer);
    if (result) sums.add(result.sum);
    if (peer === 'qemu') continue;
    const ratio = result && base ? result.cpu / base.cpu : undefined;
    if (ratio !== undefined) ratios.get(peer).push(ratio);
    cells.push(result ? result.cpu.toFixed(2) : '-', ratio === undefined ? '-' : ratio.toFixed(2));
  }
  // Trapgate's TSC counts steps, so the guest's own reading is its instruction count.
  const tier0 = summary(workload, 'tier0');
  cells.push(tier0 ? (tier0.ticks / tier0.cpu / 1e6).toFixed(0) : '-', sums.size === 1 ? 'equal' : 'DIFFERENT');
  row(cells);
}
const geometric = (list) => Math.exp(list.reduce((sum, x) => sum + Math.log(x), 0) / list.length);
const means = others.flatMap((peer) => {
  const list = ratios.get(peer);
  return ['', list.length ? geometric(list).toFixed(2) : '-'];
});
row(['geometric mean', '', ...means, '', '']);

console.log('\nProcess start to first serial byte, CPU seconds:\n');
head(['peer', 'median', 'least', 'median / qemu']);
// A user types just `run IMAGE`: tiers differ in nothing that happens before the first byte.
const starters = Object.fromEntries(peers.filter((peer) => peer !== 'tier1').map((peer) => [peer, PEERS[peer]]));
if (starters.tier0) starters.tier0 = [process.execPath, path.join(dist, 'trapgate.js'), 'run'];
// At every start Node reads the certificates this variable names, if it is set: twice the work of all the rest.
const CERTIFICATES = 'NODE_EXTRA_CA_CERTS';
const { [CERTIFICATES]: certificates, ...plain } = process.env;
const withCertificates = `tier0 with ${CERTIFICATES}`;
if (starters.tier0 && certificates) starters[withCertificates] = starters.tier0;
const firsts = new Map(Object.keys(starters).map((peer) => [peer, []]));
for (let round = 0; round < Math.max(rounds, 5); round++) {
  for (const [peer, list] of firsts) {
    const environment = peer === withCertificates ? process.env : plain;
    list.push(await timeFirstByte([...starters[peer], guests.hello], environment));
  }
}
const base = firsts.has('qemu') ? median(firsts.get('qemu')) : Number.NaN;
for (const [peer, list] of firsts) {
  const value = median(list);
  row([peer, value.toFixed(3), Math.min(...list).toFixed(3), (value / base).toFixed(2)]);
}

console.log('\nGDB stub, raw packets, for each CPU second of the stub:\n');
head(['stub', 'single steps', 'false conditions at a hot breakpoint', 'memory read, KiB']);
const gdbOfQemu = ['-display', 'none', '-serial', 'null', '-monitor', 'none', '-S', '-gdb'];
const stubs = await measureStubs(guests.condition, {
  qemu: (guest, socket) => [
    ...['qemu-system-i386', '-accel', 'tcg', '-m', '128', '-kernel', guest, ...gdbOfQemu],
    `unix:${socket},server=on,wait=off`,
  ],
  trapgate: (guest, socket) => [process.execPath, path.join(dist, 'trapgate.js'), 'run', guest, '--gdb', socket],
});
for (const [name, { steps, conditions, kibibytes }] of Object.entries(stubs)) {
  row([name, ...[steps, conditions, kibibytes].map((value) => Math.round(value).toLocaleString('en'))]);
}
