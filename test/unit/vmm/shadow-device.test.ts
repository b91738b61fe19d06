import { describe, expect, it } from 'vitest';
import type { MemoryBus } from '../../../core/vmm/memory-bus.ts';
import { CR0_PG, Rig } from './shadow-driver.ts';

/** A device page at F0000000h that answers the address and logs what it is asked. */
class ToyBus implements MemoryBus {
  readonly log: string[] = [];

  covers(physicalPage: number): boolean {
    return physicalPage === 0xf0000 || physicalPage === 0xa;
  }

  read(physical: number, width: number): number {
    this.log.push(`r${width} ${physical.toString(16)}`);
    return physical & (width === 4 ? 0xffffffff : width === 2 ? 0xffff : 0xff);
  }

  write(physical: number, width: number, value: number): void {
    this.log.push(`w${width} ${physical.toString(16)} ${value.toString(16)}`);
  }
}

describe('device pages', () => {
  it('are asked at every access, in natural pieces', () => {
    const bus = new ToyBus();
    const rig = new Rig(64, bus);
    expect(rig.read(0xf0000010, 4, false, true)).toEqual({ kind: 'value', value: 0xf0000010 });
    rig.write(0xf0000010, 4, 0x80000001, false, true);
    rig.write(0xf0000011, 3, 0x030201, false, true);
    expect(bus.log).toEqual(['r4 f0000010', 'w4 f0000010 80000001', 'w2 f0000011 201', 'w1 f0000013 3']);
    expect(rig.hits).toBe(0);
  });

  it('want the instruction run alone before they are asked', () => {
    const bus = new ToyBus();
    const rig = new Rig(64, bus);
    expect([rig.read(0xf0000010, 4), rig.write(0xafff, 2, 0x1122)]).toEqual([{ kind: 'alone' }, { kind: 'alone' }]);
    expect(bus.log).toEqual([]);
  });

  it('cover RAM that lies under them', () => {
    const bus = new ToyBus();
    const rig = new Rig(64, bus);
    rig.write(0xafff, 2, 0x1122, false, true);
    expect(bus.log).toEqual(['w1 afff 22']);
    expect(rig.peek(0xb000)).toBe(0x11);
  });

  it('are never touched by the debugger', () => {
    const bus = new ToyBus();
    const rig = new Rig(64, bus);
    expect(rig.space.readLinear(0x9ff0, 0x40).length).toBe(0x10);
    expect(rig.space.writeLinear('debugger', 0xa000, Uint8Array.of(1))).toBe(0);
    expect(rig.space.readLinear(0xf0000000, 4).length).toBe(0);
    expect(bus.log).toEqual([]);
  });
});

describe('accesses of the monitor', () => {
  it('use supervisor rights at any privilege of the context and fault as data', () => {
    const rig = new Rig(64);
    rig.poke(0x1000, 0x2007);
    rig.poke(0x2000 + 4 * 5, 0x5003);
    rig.poke(0x2000 + 4 * 6, 0x6000);
    rig.set({ cr0: CR0_PG, cr3: 0x1000 });
    rig.context.setPrivilege(true);
    expect(rig.space.write(rig.context, 0x5ffc, 4, 0xdeadbeef, false)).toBe(true);
    expect(rig.space.read(rig.context, 0x5ffc, 4, false)).toBe(0xdeadbeef);
    expect(rig.space.read(rig.context, 0x5ffc, 4, true)).toBeUndefined();
    expect(rig.space.fault).toMatchObject({ vector: 14, errorCode: 5, linear: 0x5ffc });
    expect(rig.space.write(rig.context, 0x5ffe, 4, 0, false)).toBe(false);
    expect(rig.space.fault).toMatchObject({ errorCode: 2, linear: 0x6000 });
    expect(rig.peek(0x5ffc)).toBe(0xdeadbeef);
    expect(rig.space.probeWrite(rig.context, 0x5ff0, 0x10, false)).toBe(true);
    expect(rig.space.probeWrite(rig.context, 0x5ff0, 0x11, false)).toBe(false);
  });

  it('of a debugger walk without setting A, by any CR3, and stop where nothing is mapped', () => {
    const rig = new Rig(64);
    rig.poke(0x1000, 0x2001);
    rig.poke(0x2000 + 4 * 5, 0x7001);
    rig.poke(0x7004, 0x55);
    expect(rig.space.translate(0x5004)).toBe(0x5004);
    expect(rig.space.translate(0x5004, 0x1000)).toBe(0x7004);
    expect(rig.space.readLinear(0x5004, 1, 0x1000)).toEqual(Uint8Array.of(0x55));
    expect(rig.space.readLinear(0x5ffe, 8, 0x1000).length).toBe(2);
    expect(rig.space.writeLinear('debugger', 0x5ffe, new Uint8Array(8).fill(9), 0x1000)).toBe(2);
    expect(rig.space.translate(0x6000, 0x1000)).toBe(-1);
    expect(rig.peek(0x1000)).toBe(0x2001);
    expect(rig.peek(0x2000 + 4 * 5)).toBe(0x7001);
    expect(rig.space.readLinear(0xfffffffe, 16).length).toBe(0);
  });

  it('a store across pages reaches both, although its first half remaps the second', () => {
    const rig = new Rig(64);
    rig.poke(0x1000, 0x2007);
    for (let page = 0; page < 16; page++) rig.poke(0x2000 + 4 * page, (page << 12) | 7);
    // Linear page 3 is the table itself and linear page 4, described by its last word used here, follows.
    rig.poke(0x2000 + 4 * 3, 0x2007);
    rig.poke(0x1000 + 4, 0x2007);
    rig.poke(0x2000 + 4 * 1023, 0x2007);
    rig.poke(0x2000, 0x8007);
    rig.set({ cr0: CR0_PG, cr3: 0x1000 });
    // 3FFFFFh is the table's last byte, 400000h the page that its first entry maps.
    rig.write(0x3ffffe, 4, 0x44332211);
    expect(rig.peek(0x8000)).toBe(0x4433);
    expect(rig.peek(0x2ffc)).toBe(0x22110000 + (0x2067 & 0xffff));
  });
});
