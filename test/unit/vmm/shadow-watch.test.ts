import { describe, expect, it } from 'vitest';
import type { Watch } from '../../../core/vmm/shadow-paging.ts';
import { CR0_PG, Rig } from './shadow-driver.ts';

const ALONE = { kind: 'alone' };

function watching(...list: Partial<Watch>[]): Rig {
  const rig = new Rig(64);
  rig.write(0x5000, 4, 0x1234);
  rig.space.setWatches(
    list.map((w, id) => ({ id, space: 'linear', address: 0x5004, length: 4, access: 'write', ...w })),
  );
  return rig;
}

describe('data points', () => {
  it('stop before an access that touches the range, then let the step through and record it', () => {
    const rig = watching({});
    expect(rig.write(0x5006, 4, 0xaabbccdd)).toEqual(ALONE);
    expect(rig.peek(0x5004)).toBe(0);
    expect(rig.space.takeWatchHits()).toEqual([]);
    rig.write(0x5006, 4, 0xaabbccdd, false, true);
    expect(rig.peek(0x5008)).toBe(0xaabb);
    expect(rig.space.takeWatchHits()).toEqual([{ id: 0, address: 0x5006, size: 4, kind: 'write', value: 0xaabbccdd }]);
    expect(rig.space.takeWatchHits()).toEqual([]);
  });

  it('leave neighbours on the page alone', () => {
    const rig = watching({});
    expect(rig.write(0x5000, 4, 1)).toMatchObject({ kind: 'value' });
    expect(rig.write(0x5008, 1, 1)).toMatchObject({ kind: 'value' });
    expect(rig.read(0x5004, 4)).toMatchObject({ kind: 'value' });
    expect(rig.space.takeWatchHits()).toEqual([]);
  });

  it('of the guest come and go in the same page', () => {
    const rig = watching({});
    const own: Watch = { id: 2, space: 'linear', address: 0x5008, length: 4, access: 'access' };
    rig.space.setBreakpoints([own, { ...own, id: 3, address: 0x6000, access: 'write' }]);
    expect([rig.read(0x5008, 4), rig.write(0x6003, 1, 1)]).toEqual([ALONE, ALONE]);
    rig.space.setBreakpoints([]);
    for (const at of [0x5008, 0x6003]) expect(rig.read(at, 4)).toMatchObject({ kind: 'value' });
    expect(rig.write(0x6003, 1, 1)).toMatchObject({ kind: 'value' });
    expect(rig.write(0x5004, 4, 1)).toEqual(ALONE);
    rig.space.setBreakpoints([own]);
    rig.space.setWatches([]);
    expect(rig.read(0x5008, 4)).toEqual(ALONE);
    expect(rig.write(0x5004, 4, 1)).toMatchObject({ kind: 'value' });
  });

  it('a read point sees reads; a write stops for it only to be looked at, since it may read too', () => {
    const rig = watching({ access: 'read' });
    expect(rig.read(0x5007, 1)).toEqual(ALONE);
    expect(rig.write(0x5004, 4, 9)).toEqual(ALONE);
    rig.write(0x5004, 4, 9, false, true);
    expect(rig.space.takeWatchHits()).toEqual([]);
    rig.read(0x5004, 4, false, true);
    expect(rig.space.takeWatchHits()).toEqual([{ id: 0, address: 0x5004, size: 4, kind: 'read', value: 9 }]);
  });

  it('across a page boundary each page tells its part', () => {
    const rig = watching({ address: 0x5ffe, length: 4, access: 'access' });
    expect(rig.read(0x5fff, 2)).toEqual(ALONE);
    rig.write(0x5ffd, 4, 0x11223344, false, true);
    const hits = rig.space.takeWatchHits();
    expect(hits.map(({ address, size }) => [address, size])).toEqual([
      [0x5ffd, 3],
      [0x6000, 1],
    ]);
  });

  it('in physical space hold for every alias, and for dirty bits that the monitor sets', () => {
    const rig = watching({ space: 'physical', address: 0x5004 }, { space: 'physical', address: 0x2038, id: 7 });
    rig.poke(0x1000, 0x2007);
    for (let page = 0; page < 16; page++) rig.poke(0x2000 + 4 * page, ((page & 7) << 12) | 7);
    rig.set({ cr0: CR0_PG, cr3: 0x1000 });
    expect(rig.write(0xd004, 4, 1)).toEqual(ALONE);
    expect(rig.write(0xe000, 4, 1)).toEqual(ALONE);
    expect(rig.peek(0x2038) & 0x60).toBe(0);
    rig.write(0xe000, 4, 1, false, true);
    expect(rig.space.takeWatchHits()).toMatchObject([{ id: 7, address: 0x2038, kind: 'write' }]);
    expect(rig.write(0xe000, 4, 2)).toMatchObject({ kind: 'value' });
  });

  it('cost nothing once they are gone', () => {
    const rig = watching({ access: 'access' });
    rig.write(0x5000, 4, 1);
    expect(rig.entry(0x5000) & 0xf).toBe(0);
    rig.space.setWatches([]);
    rig.write(0x5004, 4, 1);
    expect(rig.entry(0x5000) & 0xf).toBe(0xf);
  });

  it('are recorded when the monitor itself touches them, and never by the debugger', () => {
    const rig = watching({ access: 'access' });
    rig.space.readLinear(0x5000, 64);
    rig.space.writeLinear('debugger', 0x5004, Uint8Array.of(1));
    expect(rig.space.takeWatchHits()).toEqual([]);
    expect(rig.space.read(rig.context, 0x5004, 2, false)).toBe(1);
    expect(rig.space.write(rig.context, 0x5006, 2, 5, false)).toBe(true);
    expect(rig.space.takeWatchHits().map(({ kind }) => kind)).toEqual(['read', 'write']);
  });

  it('a range as large as memory is armed and disarmed', () => {
    const rig = watching({ address: 0, length: 2 ** 32 });
    expect(rig.write(0x9000, 1, 1)).toEqual(ALONE);
    rig.space.setWatches([]);
    expect(rig.write(0x9000, 1, 1)).toMatchObject({ kind: 'value' });
  });
});
