/**
 * Random straight blocks through both tiers: registers, flags, memory and step counts must agree, whatever
 * faults on the way. Blocks come from the opcode table, so a new row is tested without a line here.
 */
import { describe, expect, it } from 'vitest';
import { CODE_TABLE_HEADER } from '../../core/memory/layout.ts';
import { FORMS } from '../../core/vcpu/interpreter/handlers.ts';
import { HANDLER_TRAP, REC_HANDLER, REC_IMMEDIATE } from '../../core/vcpu/interpreter/record.ts';
import { seeded } from '../seeded.ts';
import { engineRig } from './flat-space.ts';
import { randomBlock } from './random-blocks.ts';

const CODE = 0x8000;
const DATA = 0x10000;
const SIZE = 0x6000;
const BLOCKS = Number(process.env.TRAPGATE_BLOCKS ?? 100_000);
/** With less than HOT_BUDGET of direct-engine.ts blocks are not entered at all. */
const BUDGET = 300;

function machine(tier: 0 | 1) {
  const flat = engineRig(tier);
  flat.space.absent.add(0x14);
  flat.space.readOnly.add(0x15);
  return flat;
}

/** Everything the architecture shows, as text. */
function outcome(
  m: ReturnType<typeof machine>,
  exit: { reason: number; steps: number; vector: number; linear: number },
) {
  const { context } = m;
  const registers = Array.from({ length: 8 }, (_, i) => context.register(i).toString(16)).join(' ');
  const fault = exit.reason === 2 ? ` fault ${exit.vector} at ${exit.linear.toString(16)}` : '';
  return `${registers} fl ${context.eflags.toString(16)} ip ${context.eip.toString(16)} exit ${exit.reason} steps ${exit.steps}${fault}`;
}

describe('both tiers', () => {
  it('are really two: a translated block runs without the records it was made of', () => {
    const { engine, context, memory, space } = machine(1);
    // inc eax; inc ecx; hlt
    memory.u8.set([0x40, 0x41, 0xf4], space.host(CODE));
    engine.translateNow([CODE], context);
    const table = memory.word(memory.layout.codeIndex + (space.host(CODE) >>> 12) * 4);
    const entry = memory.word(table + CODE_TABLE_HEADER + (CODE & 0xfff) * 4);
    memory.u16[(memory.word(entry + REC_IMMEDIATE) + REC_HANDLER) >>> 1] = HANDLER_TRAP;
    context.eip = CODE;
    const exit = engine.run(context, BUDGET);
    expect([exit.instruction?.mnemonic, context.register(0), context.register(1)]).toEqual(['hlt', 1, 1]);
  });

  it(`agree on ${BLOCKS} random blocks of ${FORMS.length} forms`, () => {
    const random = seeded(20261123);
    const a = machine(0);
    const b = machine(1);
    const batch = 200;
    let translated = 0;
    for (let done = 0; done < BLOCKS; done += batch) {
      const blocks = Array.from({ length: batch }, () => randomBlock(random));
      for (const m of [a, b]) {
        m.engine.flush();
        blocks.forEach(({ code }, i) => m.memory.u8.set(code, m.space.host(CODE + i * 128)));
      }
      b.engine.translateNow(
        blocks.map((_, i) => CODE + i * 128),
        b.context,
      );
      translated += b.engine.blocks?.size ?? 0;
      blocks.forEach((block, i) => {
        const results = [a, b].map((m) => {
          block.registers.forEach((value, r) => m.context.setRegister(r, value));
          m.context.eflags = block.eflags;
          m.context.eip = CODE + i * 128;
          m.memory.u8.fill(block.fill, m.space.host(DATA), m.space.host(DATA + SIZE));
          const exit = m.engine.run(m.context, BUDGET);
          return outcome(m, exit);
        });
        if (results[0] !== results[1]) expect.fail(`${Buffer.from(block.code).toString('hex')}\n${results.join('\n')}`);
        const data = [a, b].map((m) =>
          Buffer.from(m.memory.u8.subarray(m.space.host(DATA), m.space.host(DATA + SIZE))),
        );
        if (!data[0].equals(data[1])) expect.fail(`memory after ${Buffer.from(block.code).toString('hex')}`);
      });
    }
    expect(translated).toBeGreaterThan(BLOCKS / 2);
  }, 600_000);
});
