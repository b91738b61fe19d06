/**
 * A budget is invisible: random code laid across a page's end, in 16- and 32-bit code and on both tiers, ends
 * in the same state at the same step whether it runs in one go or in slices of any size.
 */
import { expect, it } from 'vitest';
import { CS } from '../../core/isa/registers.ts';
import { CTX_FPU, FPU_CONTROL, FPU_DATA_SELECTOR, FPU_EMPTY } from '../../core/memory/layout.ts';
import { EXIT_BUDGET } from '../../core/vcpu/exit.ts';
import { seeded } from '../seeded.ts';
import { engineRig } from './flat-space.ts';
import { type RandomBlock, randomBlock } from './random-blocks.ts';

const PROGRAMS = Number(process.env.TRAPGATE_PROGRAMS ?? 500);
const PAGE_END = 0x9000;
const MEMORY = 64 << 12;
const FPU_END = FPU_DATA_SELECTOR + 4;
const BUDGET = 400;
/** The largest runs in the hot loop, which the others do not reach. */
const SLICES = [BUDGET, 1, 7, 130];

function machine(tier: 0 | 1, bits16: boolean) {
  const flat = engineRig(tier);
  flat.space.absent.add(0x14);
  flat.space.readOnly.add(0x15);
  flat.space.slow.add(0x13);
  // A limit just behind the code, so that branches and straight execution reach it.
  if (bits16) flat.context.setSegment(CS, { selector: 0, base: 0, limit: PAGE_END + 0x7f, access: 0x9b00 });
  return flat;
}

/** Blocks one after the other, with a short branch of any direction between them instead of the HLT. */
function program(random: () => number): { code: Uint8Array; block: RandomBlock } {
  const blocks = [randomBlock(random), randomBlock(random), randomBlock(random)];
  const code = blocks.flatMap((block) => [
    ...block.code.subarray(0, -1),
    random() < 0.5 ? 0xeb : 0x70 + Math.floor(random() * 16),
    Math.floor(random() * 256),
  ]);
  return { code: Uint8Array.from([...code, 0xf4]), block: blocks[0] };
}

function outcome(m: ReturnType<typeof machine>, start: number, code: Uint8Array, block: RandomBlock, slice: number) {
  const { engine, context, memory, space } = m;
  engine.flush();
  memory.u8.fill(block.fill, space.host(0), space.host(MEMORY));
  memory.u8.fill(0x90, space.host(PAGE_END - 0x1000), space.host(PAGE_END + 0x1000));
  memory.u8.set(code, space.host(start));
  block.registers.forEach((value, r) => context.setRegister(r, value));
  memory.u8.fill(0, context.base + CTX_FPU, context.base + FPU_END);
  context.setWord(FPU_CONTROL, 0x37f);
  context.setWord(FPU_EMPTY, 0xff);
  context.eflags = block.eflags;
  context.eip = start;
  if (engine.blocks) engine.translateNow([start, start + 10, PAGE_END], context);
  context.eip = start;
  let steps = 0;
  let reason = EXIT_BUDGET;
  while (steps < BUDGET && reason === EXIT_BUDGET) {
    const exit = engine.run(context, Math.min(slice, BUDGET - steps));
    steps += exit.steps;
    reason = exit.reason;
  }
  const fpu = Buffer.from(memory.u8.subarray(context.base + CTX_FPU, context.base + FPU_END)).toString('hex');
  const registers = Array.from({ length: 8 }, (_, i) => context.register(i).toString(16)).join(' ');
  return `${registers} fl ${context.eflags.toString(16)} ip ${context.eip.toString(16)} exit ${reason} steps ${steps} fpu ${fpu}`;
}

for (const bits16 of [false, true]) {
  it(`${PROGRAMS} programs of ${bits16 ? 16 : 32}-bit code end alike in slices of any size`, () => {
    const random = seeded(bits16 ? 16 : 32);
    const machines = [machine(0, bits16), machine(1, bits16)];
    for (let i = 0; i < PROGRAMS; i++) {
      const { code, block } = program(random);
      const start = PAGE_END - 1 - Math.floor(random() * Math.min(code.length, 0x60));
      let memory: Buffer | undefined;
      const ends = machines.flatMap((m) =>
        SLICES.map((slice) => {
          const text = outcome(m, start, code, block, slice);
          const now = Buffer.from(m.memory.u8.subarray(m.space.host(0), m.space.host(MEMORY)));
          memory ??= now;
          return now.equals(memory) ? text : `${text} and other memory`;
        }),
      );
      const odd = ends.findIndex((end) => end !== ends[0]);
      if (odd < 0) continue;
      const which = `tier ${odd < SLICES.length ? 0 : 1}, slices of ${SLICES[odd % SLICES.length]}`;
      expect.fail(`${which} at ${start.toString(16)}: ${Buffer.from(code).toString('hex')}\n${ends[0]}\n${ends[odd]}`);
    }
  });
}
