/** Code on more pages than there are code tables: the memory grows for the tables, then all are made anew. */
import { describe, expect, it } from 'vitest';
import { EXIT_TRAP } from '../../core/vcpu/exit.ts';
import { engineRig } from './flat-space.ts';

const PAGES = 1500;
const EAX = 0;

for (const tier of [0, 1] as const) {
  describe(`a walk over ${PAGES} pages of code, tier ${tier}`, () => {
    it('executes each page as often as it comes by', () => {
      const { memory, space, engine, context } = engineRig(tier, true, PAGES + 0x40);
      const { codeTableCount, total } = memory.layout;
      expect(PAGES).toBeGreaterThan(codeTableCount);
      const begun = memory.size;
      expect(begun).toBeLessThan(total);
      // inc eax; jmp to the same place of the next page; hlt on the last one.
      for (let page = 1; page < PAGES; page++) {
        memory.ensure(space.host((page + 1) * 4096));
        const host = space.host(page * 4096);
        memory.u8.set(page === PAGES - 1 ? [0x40, 0xf4] : [0x40, 0xe9, 0xfa, 0x0f, 0, 0], host);
        engine.invalidate(host >>> 12, 0, 6);
      }
      for (let round = 1; round <= 3; round++) {
        context.eip = 0x1000;
        expect(engine.run(context, 1_000_000).reason).toBe(EXIT_TRAP);
        expect(context.register(EAX)).toBe(round * (PAGES - 1));
      }
      expect(memory.size).toBeGreaterThan(begun);
    });
  });
}
