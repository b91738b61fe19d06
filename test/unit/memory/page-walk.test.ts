import { describe, expect, it } from 'vitest';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import {
  a20Mask,
  newWalk,
  WALK_ABSENT,
  WALK_MAPPED,
  WALK_RESERVED,
  walkTables,
} from '../../../core/memory/page-walk.ts';
import { PhysicalMemory } from '../../../core/memory/physical-memory.ts';

const walk = newWalk();

function tables(words: Record<number, number>): PhysicalMemory {
  const physical = new PhysicalMemory(new LinearMemory(layoutFor(16, 1)), 16 * 4096);
  for (const [at, value] of Object.entries(words)) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    physical.write('loader', Number(at), bytes);
  }
  return physical;
}

describe('page walk', () => {
  it('goes through both levels and ands the rights', () => {
    const physical = tables({ [0x1000 + 4 * 0x300]: 0x2005, [0x2000 + 4 * 5]: 0xabcde003 });
    expect(walkTables(physical, 0x1018, false, -1, 0xc0005678, walk)).toBe(WALK_MAPPED);
    expect(walk).toMatchObject({ physicalPage: 0xabcde, large: false, directoryAt: 0x1c00, tableAt: 0x2014 });
    expect(walk.rights & 7).toBe(1);
  });

  it('a large page needs PSE; its reserved bits fault', () => {
    const physical = tables({ 4096: 0xc00087, 4100: 0x202087, 4104: 0x86 });
    expect(walkTables(physical, 0x1000, true, -1, 0x123456, walk)).toBe(WALK_MAPPED);
    expect(walk).toMatchObject({ physicalPage: 0xd23, large: true });
    expect(walkTables(physical, 0x1000, true, -1, 0x400000, walk)).toBe(WALK_RESERVED);
    expect(walkTables(physical, 0x1000, true, -1, 0x800000, walk)).toBe(WALK_ABSENT);
    // Without PSE bit 7 means nothing: C00000h is a page table where no memory is, all ones.
    expect(walkTables(physical, 0x1000, false, -1, 0x123456, walk)).toBe(WALK_MAPPED);
    expect(walk.physicalPage).toBe(0xfffff);
  });

  it('A20 masks the tables and the page', () => {
    const physical = tables({ 4096: 0x102007, 8192: 0x304007 });
    expect(walkTables(physical, 0x101000, false, a20Mask(false), 0, walk)).toBe(WALK_MAPPED);
    expect(walk.physicalPage).toBe(0x204);
    expect(walk.tableAt).toBe(0x2000);
  });
});
