import { describe, expect, it } from 'vitest';
import { FRAME_TABLE } from '../../../core/memory/physical-memory.ts';
import { CR0_PG, CR0_WP, CR4_PSE, Rig } from './shadow-driver.ts';

const P = 1;
const W = 2;
const U = 4;
const A = 0x20;
const D = 0x40;
const PS = 0x80;
const DIRECTORY = 0x1000;
const TABLE = 0x2000;

/** Directory at 1000h; linear 0–3FFFFFh by the table at 2000h, identity, all rights. */
function paged(pages = 64): Rig {
  const rig = new Rig(pages);
  rig.poke(DIRECTORY, TABLE | P | W | U);
  for (let page = 0; page < 64; page++) rig.poke(TABLE + 4 * page, (page << 12) | P | W | U);
  rig.set({ cr0: CR0_PG | 1, cr3: DIRECTORY });
  return rig;
}

describe('without paging', () => {
  it('linear is physical, and the second access needs no fill', () => {
    const rig = new Rig(64);
    rig.write(0x5004, 4, 0x11223344);
    expect(rig.peek(0x5004)).toBe(0x11223344);
    expect(rig.read(0x5005, 2)).toEqual({ kind: 'value', value: 0x2233 });
    expect(rig.hits).toBe(1);
  });

  it('a hole reads as all ones and swallows writes', () => {
    const rig = new Rig(64);
    expect(rig.write(0x7f000000, 4, 5)).toMatchObject({ kind: 'value' });
    expect(rig.read(0x7f000000, 4)).toEqual({ kind: 'value', value: 0xffffffff });
    expect(rig.read(0x3fffe, 4)).toEqual({ kind: 'value', value: 0xffff0000 });
  });

  it('with A20 off the second megabyte is the first', () => {
    const rig = new Rig(512);
    rig.poke(0x3000, 1);
    rig.poke(0x103000, 2);
    rig.set({ a20: false });
    expect(rig.read(0x103000, 4)).toEqual({ kind: 'value', value: 1 });
    rig.set({ a20: true });
    expect(rig.read(0x103000, 4)).toEqual({ kind: 'value', value: 2 });
  });

  it('drops writes to ROM and lets the loader fill it', () => {
    const rig = new Rig(64);
    rig.write(0x8000, 4, 7);
    rig.physical.setRom(0x8000, 0x1000);
    rig.write(0x8000, 4, 8);
    expect(rig.peek(0x8000)).toBe(7);
    expect(rig.space.writeLinear('debugger', 0x8000, Uint8Array.of(9))).toBe(0);
    rig.poke(0x8000, 10);
    expect(rig.read(0x8000, 4)).toEqual({ kind: 'value', value: 10 });
  });
});

describe('two-level paging', () => {
  it('sets A when read and D only when written', () => {
    const rig = paged();
    rig.read(0x5000, 4);
    expect(rig.peek(DIRECTORY)).toBe(TABLE | P | W | U | A);
    expect(rig.peek(TABLE + 4 * 5)).toBe(0x5000 | P | W | U | A);
    rig.write(0x5000, 4, 1);
    expect(rig.peek(TABLE + 4 * 5)).toBe(0x5000 | P | W | U | A | D);
    expect(rig.peek(DIRECTORY) & D).toBe(0);
  });

  it('raises the error codes of SDM vol. 3, 4.7, with the faulting address', () => {
    const rig = paged();
    rig.poke(TABLE + 4 * 6, 0);
    rig.poke(TABLE + 4 * 7, 0x7000 | P);
    expect(rig.read(0x6123, 4)).toEqual({ kind: 'fault', errorCode: 0, linear: 0x6123 });
    expect(rig.write(0x6123, 4, 0, true)).toEqual({ kind: 'fault', errorCode: 6, linear: 0x6123 });
    expect(rig.read(0x7123, 4, true)).toEqual({ kind: 'fault', errorCode: 5, linear: 0x7123 });
    expect(rig.write(0x7123, 4, 0)).toMatchObject({ kind: 'value' });
    rig.set({ cr0: CR0_PG | CR0_WP | 1 });
    expect(rig.write(0x7123, 4, 0)).toEqual({ kind: 'fault', errorCode: 3, linear: 0x7123 });
    expect(rig.read(0x400000, 1)).toEqual({ kind: 'fault', errorCode: 0, linear: 0x400000 });
  });

  it('an access across pages faults with the second page and sets nothing there', () => {
    const rig = paged();
    rig.poke(TABLE + 4 * 6, 0);
    rig.write(0x5ffc, 4, 0);
    expect(rig.write(0x5ffe, 4, -1)).toEqual({ kind: 'fault', errorCode: 2, linear: 0x6000 });
    expect(rig.peek(0x5ffc)).toBe(0);
  });

  it('maps 4 MiB pages with PSE and refuses reserved bits', () => {
    const rig = paged(2048);
    rig.poke(DIRECTORY + 4, 0x400000 | P | W | U | PS);
    rig.poke(DIRECTORY + 8, 0x402000 | P | W | U | PS);
    rig.set({ cr4: CR4_PSE });
    rig.write(0x654320, 4, 77);
    expect(rig.peek(0x654320)).toBe(77);
    expect(rig.peek(DIRECTORY + 4)).toBe(0x400000 | P | W | U | PS | A | D);
    expect(rig.read(0x800000, 4)).toEqual({ kind: 'fault', errorCode: 9, linear: 0x800000 });
  });

  it('refuses the PAT bits with PSE, since the model has no page attribute table', () => {
    const rig = paged(2048);
    rig.poke(DIRECTORY + 4, 0x401000 | P | W | U | PS);
    rig.poke(TABLE + 4 * 6, 0x6000 | P | W | U | PS);
    expect(rig.read(0x6000, 4)).toEqual({ kind: 'value', value: 0 });
    rig.set({ cr4: CR4_PSE });
    expect(rig.read(0x6000, 4)).toEqual({ kind: 'fault', errorCode: 9, linear: 0x6000 });
    expect(rig.write(0x400000, 4, 1)).toEqual({ kind: 'fault', errorCode: 11, linear: 0x400000 });
  });

  it('a write to a traced table is seen at the next access, and a burst ends the trace', () => {
    const rig = paged();
    rig.write(0x8000, 4, 0xaaaa);
    rig.write(0x9000, 4, 0xbbbb);
    const frame = rig.physical.hostPage(TABLE >>> 12);
    expect(rig.physical.frameFlags[frame] & FRAME_TABLE).toBe(FRAME_TABLE);
    rig.write(TABLE + 4 * 8, 4, 0x9000 | P | W | U);
    expect(rig.read(0x8000, 4)).toEqual({ kind: 'value', value: 0xbbbb });
    for (let i = 0; i < 20; i++) rig.physical.write('dma', TABLE + 4 * 32, Uint8Array.of(0));
    expect(rig.physical.frameFlags[frame] & FRAME_TABLE).toBe(0);
    expect(rig.read(0x8000, 4)).toEqual({ kind: 'value', value: 0xbbbb });
    expect(rig.physical.frameFlags[frame] & FRAME_TABLE).toBe(FRAME_TABLE);
  });

  it('a CR3 reload finds the entries of the space again', () => {
    const rig = paged();
    rig.poke(0x3000, TABLE | P | W | U);
    rig.write(0x5000, 4, 1);
    const table = rig.context.shadow;
    rig.set({ cr3: 0x3000 });
    expect(rig.context.shadow).not.toBe(table);
    rig.set({ cr3: DIRECTORY });
    expect(rig.context.shadow).toBe(table);
    expect(rig.entry(0x5000)).not.toBe(0);
    rig.space.invalidatePage(0x5000);
    expect(rig.entry(0x5000)).toBe(0);
  });

  it('names what is not built', () => {
    const rig = paged();
    expect(rig.space.refusal).toBeUndefined();
    rig.set({ cr4: 0x20 });
    expect(rig.space.refusal).toContain('PAE');
  });
});
