/**
 * Random code with breakpoints of its own (DR0–DR3) where it runs and where its data are ends alike on both tiers,
 * in slices of any size and under a debugger's points at the same places.
 */
import { expect, it } from 'vitest';
import { seeded } from '../seeded.ts';
import { randomBlock } from './random-blocks.ts';
import { pokeWord, prepare, type TrapRig, trapRig } from './trap-rig.ts';

/** `FUZZ_SEEDS=10000` for the long run. */
const SEEDS = Number(process.env.FUZZ_SEEDS ?? 60);
const STEPS = 400;
const BLOCKS = [0x4000, 0x4200];
const DATA = 0x10000;
const DATA_END = 0x17000;
/** #DB returns; whatever else happens begins again with the second block. */
const DEBUG_HANDLER = 0x3f00;
const HANDLER = 0x3f10;
const STACK = 0x13800;

const jump = (from: number, to: number) => [0xe9, ...new Uint8Array(Int32Array.of(to - from - 5).buffer)];

/** Two blocks in a circle in the surroundings of `prepare`, with the vectors led to handlers. */
function build(rig: TrapRig, seed: number): void {
  prepare(rig, seed);
  const { physical, context, cpu, interrupts, vmm } = rig;
  const random = seeded(seed);
  const pick = (n: number) => Math.floor(random() * n);
  const blocks = [randomBlock(random), randomBlock(random)];
  const load = (at: number, bytes: ArrayLike<number>) => physical.write('loader', at, Uint8Array.from(bytes));
  interrupts.pending = false;
  load(DATA, new Uint8Array(DATA_END - DATA).fill(blocks[0].fill));
  for (const [i, { code }] of blocks.entries()) {
    const body = code.subarray(0, -1);
    load(BLOCKS[i], [...body, ...jump(BLOCKS[i] + body.length, BLOCKS[1 - i])]);
  }
  load(DEBUG_HANDLER, [0xcf]);
  load(HANDLER, [0xbc, STACK & 0xff, (STACK >> 8) & 0xff, STACK >> 16, 0, ...jump(HANDLER + 5, BLOCKS[1])]);
  for (let vector = 0; vector < 32; vector++) {
    const handler = vector === 1 ? DEBUG_HANDLER : HANDLER;
    if (cpu.protectedMode) {
      pokeWord(rig, 0x2000 + vector * 8, (8 << 16) | handler);
      pokeWord(rig, 0x2004 + vector * 8, 0x8e00);
    } else pokeWord(rig, vector * 4, handler);
  }
  blocks[0].registers.forEach((value, register) => context.setRegister(register, value));
  context.eip = BLOCKS[0];
  // TF now and then.
  context.eflags = blocks[0].eflags | (pick(4) === 0 ? 0x100 : 0);
  const view = new DataView(blocks[0].code.buffer, blocks[0].code.byteOffset);
  const targets = [...blocks[0].registers.map((value) => value - 8 + pick(16)), HANDLER, 0x2008];
  for (let at = 0; at + 4 <= view.byteLength; at++) {
    const word = view.getUint32(at, true);
    if (word >= DATA && word < DATA_END) targets.push(word, word, word);
  }
  for (let n = 0; n < 4; n++) {
    const code = BLOCKS[n & 1] + pick(20);
    cpu.dr[n] = n < 2 ? code : targets[pick(targets.length)];
    // Executions in the blocks, writes and accesses outside them, of any length.
    const field = n < 2 ? 0 : (pick(2) * 2 + 1) | (pick(4) << 2);
    cpu.dr[7] |= ((random() < 0.8 ? 1 : 0) << (2 * n)) | (field << (16 + 4 * n));
  }
  vmm.monitor.breakpoints.update();
}

interface How {
  readonly slice: number;
  /** Hidden points where the guest has its own. */
  readonly hidden: boolean;
}

function outcome(rig: TrapRig, seed: number, { slice, hidden }: How): string {
  const { vmm, cpu, context, space, physical } = rig;
  vmm.setCodePoints(new Set());
  space.setWatches([]);
  build(rig, seed);
  // The time-stamp counter begins anew.
  vmm.steps = 0;
  const { dr } = cpu;
  if (hidden) {
    vmm.setCodePoints(new Set([dr[0], dr[1], context.eip + 3]));
    space.setWatches([2, 3].map((id) => ({ id, space: 'linear', address: dr[id] & ~7, length: 8, access: 'access' })));
  }
  let reason = 'budget';
  // Behind a watch stop the guest's own #DB is still to be delivered.
  for (let skipBreak = false; vmm.steps < STEPS || reason === 'watch'; ) {
    ({ reason } = vmm.run(Math.max(0, Math.min(slice, STEPS - vmm.steps)), { skipBreak }));
    if (reason === 'watch') space.takeWatchHits();
    skipBreak = reason === 'break' || (skipBreak && reason === 'watch');
    if (!['budget', 'break', 'watch'].includes(reason)) break;
  }
  const registers = Array.from({ length: 8 }, (_, i) => context.register(i).toString(16)).join(' ');
  const ram = physical.read(0, DATA_END).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0);
  const state = [registers, context.eip, context.eflags, [...dr], cpu.cr2, cpu.pendingDebug, cpu.deliveries, ram];
  return `${reason} after ${vmm.steps}: ${JSON.stringify(state)}`;
}

it(`${SEEDS} random guests`, () => {
  const rigs = [trapRig(0), trapRig(1)];
  const ways: How[] = [
    { slice: STEPS, hidden: false },
    { slice: 1, hidden: false },
    { slice: 7, hidden: true },
  ];
  let trapped = 0;
  for (let seed = 0; seed < SEEDS; seed++) {
    const { faults } = rigs[0].vmm.statistics;
    const before = faults[1];
    const ends = rigs.flatMap((rig) => ways.map((way) => outcome(rig, seed, way)));
    for (const end of ends) expect(end, `seed ${seed}`).toBe(ends[0]);
    if (faults[1] > before) trapped++;
  }
  expect(trapped).toBeGreaterThan(SEEDS / 2);
}, 300_000);
