/**
 * Decoded code stays true: a toy decoder keeps a copy of what it decoded and forgets lines that it is
 * told were written. Whoever writes (the same page, an alias, the debugger, a device, an A bit), the
 * copy is never stale.
 */
import { describe, expect, it } from 'vitest';
import { seeded } from '../../seeded.ts';
import { CR0_PG, Rig } from './shadow-driver.ts';

const P_W_U = 7;
const DIRECTORY = 0x1000;
const TABLE = 0x2000;

/** Linear pages 0–31 are frames 0–31; pages 32–63 are frames 0–31 again. */
function aliased(): Rig {
  const rig = new Rig(64);
  rig.poke(DIRECTORY, TABLE | P_W_U);
  for (let page = 0; page < 64; page++) rig.poke(TABLE + 4 * page, ((page & 31) << 12) | P_W_U);
  rig.set({ cr0: CR0_PG | 1, cr3: DIRECTORY });
  return rig;
}

/** Keeps 16-byte lines of frames as a decoder keeps records. */
class ToyDecoder {
  readonly lines = new Map<number, Uint8Array>();
  readonly rig: Rig;

  constructor(rig: Rig) {
    this.rig = rig;
    rig.physical.onWrite((hostPage, offset, length) => {
      for (let at = offset & ~15; at < offset + length; at += 16) this.lines.delete(hostPage * 4096 + at);
    });
  }

  decode(physical: number): void {
    const hostPage = this.rig.physical.hostPage(physical >>> 12);
    const at = hostPage * 4096 + (physical & 0xff0);
    this.rig.space.protectCode(hostPage);
    this.lines.set(at, this.rig.memory.u8.slice(at, at + 16));
  }

  /** Host addresses of lines that no longer hold what was decoded. */
  stale(): number[] {
    const { u8 } = this.rig.memory;
    return [...this.lines].filter(([at, line]) => line.some((byte, i) => u8[at + i] !== byte)).map(([at]) => at);
  }
}

describe('writes to code', () => {
  const writers: [string, (rig: Rig) => void][] = [
    ['through the same page', (rig) => rig.write(0x5008, 4, 0x12345678)],
    ['through an alias', (rig) => rig.write(0x25008, 4, 0x12345678)],
    ['by a user through an alias', (rig) => rig.write(0x25009, 1, 0x55, true)],
    ['across pages', (rig) => rig.write(0x4ffe, 4, -1)],
    ['by the debugger', (rig) => rig.space.writeLinear('debugger', 0x25008, Uint8Array.of(1))],
    ['by a device', (rig) => rig.physical.write('dma', 0x4ffe, Uint8Array.of(1, 2, 3))],
    ['by the monitor', (rig) => rig.space.write(rig.context, 0x5004, 2, 0xffff, false)],
    ['by a power-on', (rig) => rig.physical.clear()],
  ];
  for (const [name, write] of writers) {
    it(`${name} invalidate what was decoded, though both mappings had been written before`, () => {
      const rig = aliased();
      const decoder = new ToyDecoder(rig);
      rig.write(0x5000, 4, 0x11);
      rig.write(0x25000, 4, 0x11);
      rig.write(0x4ffc, 4, 0x11, true);
      decoder.decode(0x5000);
      write(rig);
      expect(decoder.lines.size).toBe(0);
    });
  }

  it('an accessed bit that is set in a page of code invalidates it', () => {
    const rig = aliased();
    const decoder = new ToyDecoder(rig);
    decoder.decode(TABLE + 4 * 9);
    rig.read(0x9000, 1);
    expect(decoder.lines.size).toBe(0);
  });

  it('reading or running code is not slowed by its flag, and a cleared flag gives writes back', () => {
    const rig = aliased();
    rig.write(0x5000, 4, 1);
    const frame = rig.physical.hostPage(5);
    rig.space.protectCode(frame);
    expect(rig.entry(0x5000) & 0x3f).toBe(0x35);
    rig.space.releaseCode(frame);
    rig.write(0x5000, 4, 2);
    expect(rig.entry(0x5000) & 0x3f).toBe(0x3f);
  });

  it('of any kind, in any order, leave no stale copy', () => {
    for (let seed = 1; seed <= 3; seed++) {
      const rng = seeded(seed);
      const rig = aliased();
      const decoder = new ToyDecoder(rig);
      const below = (limit: number) => Math.floor(rng() * limit);
      for (let i = 0; i < 1500; i++) {
        // Frames 8–15 only: frames 1 and 2 are the tables.
        const physical = (8 + below(8)) * 4096 + below(0x1000 - 4);
        const linear = physical + (rng() < 0.5 ? 0x20000 : 0);
        const roll = rng();
        if (roll < 0.3) decoder.decode(physical);
        else if (roll < 0.7) rig.write(linear, 1 + below(4), below(2 ** 32), rng() < 0.5);
        else if (roll < 0.8) rig.space.writeLinear('debugger', linear, Uint8Array.of(below(256)));
        else if (roll < 0.9) rig.physical.write('dma', physical, Uint8Array.of(below(256), 1, 2));
        else if (roll < 0.95) rig.space.dropRandom(rng);
        else rig.read(linear, 4);
        if (i % 50 === 0) expect(decoder.stale()).toEqual([]);
      }
    }
  });
});

describe('exec blocks', () => {
  it('withhold the EXEC bits of stored entries and nothing else', () => {
    const rig = aliased();
    rig.write(0x6000, 4, 1);
    expect(rig.entry(0x6000) & 0x30).toBe(0x30);
    rig.space.setExecBlocked(new Set([6]));
    expect(rig.entry(0x6000) & 0x3f).toBe(0x0f);
    const answer = rig.space.fill(rig.context, 0x6000, 1, 2, true, false);
    expect(answer & 0x30).toBe(0x30);
    expect(rig.entry(0x6000) & 0x3f).toBe(0x0f);
    expect(rig.space.fill(rig.context, 0x26000, 1, 2, true, false)).not.toBe(0);
    expect(rig.entry(0x26000) & 0x30).toBe(0x30);
    rig.space.setExecBlocked(new Set());
    rig.space.fill(rig.context, 0x6000, 1, 2, false, false);
    expect(rig.entry(0x6000) & 0x30).toBe(0x30);
  });
});
