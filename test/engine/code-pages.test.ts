/**
 * A page that held code and is data now is written directly again; one that holds both is not thrown back and
 * forth. Counted are the stores that had to be reported.
 */
import { describe, expect, it } from 'vitest';
import { EXIT_TRAP } from '../../core/vcpu/exit.ts';
import { seeded } from '../seeded.ts';
import { engineRig } from './flat-space.ts';

const MAIN = 0x1000;
const OTHER = 0x8000;
const EAX = 0;
const ECX = 1;
const EDI = 7;
const STORES = 100_000;

const dword = (value: number) => Array.from({ length: 4 }, (_, i) => (value >>> (8 * i)) & 0xff);

function build(tier: 0 | 1) {
  const rig = engineRig(tier);
  const { space, engine, context, memory } = rig;
  const seen = { slow: 0, protections: 0 };
  const report = space.onWrite;
  space.onWrite = (page, offset, length) => {
    seen.slow++;
    report(page, offset, length);
  };
  const { protectCode } = space;
  space.protectCode = (page) => {
    seen.protections++;
    protectCode.call(space, page);
  };
  const load = (at: number, bytes: readonly number[]) => {
    memory.u8.set(bytes, space.host(at));
    engine.invalidate(space.host(at) >>> 12, at & 0xfff, bytes.length);
  };
  const run = (at: number) => {
    context.eip = at;
    expect(engine.run(context, 10 * STORES).reason).toBe(EXIT_TRAP);
  };
  return { ...rig, seen, load, run };
}

for (const tier of [0, 1] as const) {
  describe(`stores to a page of code, tier ${tier}`, () => {
    it('are fast again once the page is data', () => {
      const { context, seen, load, run } = build(tier);
      // mov eax,1; hlt at both ends of the page; then mov [edi],al; dec ecx; jnz; hlt in another.
      load(OTHER, [0xb8, 1, 0, 0, 0, 0xf4]);
      load(OTHER + 0xffa, [0xb8, 1, 0, 0, 0, 0xf4]);
      load(MAIN, [0x88, 0x07, 0x49, 0x75, 0xfb, 0xf4]);
      run(OTHER);
      run(OTHER + 0xffa);
      seen.slow = 0;
      context.setRegister(ECX, STORES);
      context.setRegister(EDI, OTHER + 0x800);
      run(MAIN);
      expect(seen.slow).toBe(64);
      // Code again: slow again, and true to what was written meanwhile.
      load(OTHER + 1, [2]);
      run(OTHER);
      expect(context.register(EAX)).toBe(2);
      context.setRegister(ECX, STORES);
      context.setRegister(EDI, OTHER + 1);
      context.setRegister(EAX, 0x77);
      run(MAIN);
      // It came back once, so it is given twice the time.
      expect(seen.slow).toBe(64 + 128);
      run(OTHER);
      expect(context.register(EAX)).toBe(0x77);
    });

    it('whose code runs on lose it ever more rarely', () => {
      const { context, seen, load, run } = build(tier);
      // mov [MAIN+0x800],eax; dec ecx; jnz; hlt
      load(MAIN, [0xa3, ...dword(MAIN + 0x800), 0x49, 0x75, 0xf8, 0xf4]);
      context.setRegister(ECX, STORES);
      seen.protections = 0;
      run(MAIN);
      // 64, 128, 256, … writes apart.
      expect(seen.protections).toBeLessThanOrEqual(2 + Math.log2(STORES / 64));
      expect(seen.slow).toBeGreaterThan(STORES - 20);
    });

    it('in any order are seen by the code that runs next', () => {
      const { context, memory, space, load, run } = build(tier);
      const rng = seeded(7);
      const random = (limit: number) => Math.floor(rng() * limit);
      // mov [edi],eax; dec ecx; jnz; hlt
      load(MAIN, [0x89, 0x07, 0x49, 0x75, 0xfb, 0xf4]);
      const slots = Array.from({ length: 16 }, (_, i) => OTHER + 0xff + 0x1f7 * i);
      for (const slot of slots) load(slot, [0xb8, 0, 0, 0, 0, 0xf4]);
      for (let i = 0; i < 3000; i++) {
        const slot = slots[random(slots.length)];
        if (random(2) === 0) {
          const value = random(2 ** 31);
          context.setRegister(ECX, 1 + random(200));
          context.setRegister(EDI, slot + 1);
          context.setRegister(EAX, value);
          run(MAIN);
        } else {
          run(slot);
          expect(context.register(EAX)).toBe(memory.view.getUint32(space.host(slot + 1), true));
        }
      }
    });
  });
}
