import { describe, expect, it } from 'vitest';
import { ByteCursor, nulTerminated, textAt } from '../../../../core/util/bytes.ts';

describe('a byte cursor', () => {
  it('reads little-endian numbers of every size', () => {
    const cursor = new ByteCursor(
      Uint8Array.of(1, 2, 3, 4, 5, 6, 0xff, 0xff, 0xff, 0xff, 0xfe, 1, 0, 0, 0, 0, 0, 0, 0x80),
    );
    expect([cursor.u8(), cursor.u16(), cursor.u24()]).toEqual([1, 0x302, 0x60504]);
    expect([cursor.u32(), cursor.i8()]).toEqual([0xffff_ffff, -2]);
    expect(cursor.u64()).toBe(2 ** 63 + 1);
    expect(cursor.overrun).toBe(false);
  });

  it('yields 0 and stays at the end after a read past it', () => {
    const cursor = new ByteCursor(Uint8Array.of(1, 2, 3));
    expect(cursor.u32()).toBe(0);
    expect([cursor.overrun, cursor.offset, cursor.more, cursor.u8()]).toEqual([true, 3, false, 0]);
  });

  it('reads LEB128 numbers, also ones that never end', () => {
    const cursor = new ByteCursor(Uint8Array.of(0xe5, 0x8e, 0x26, 0x80, 0x7f, 0x3f, 0x40));
    expect([cursor.uleb(), cursor.sleb(), cursor.sleb(), cursor.sleb()]).toEqual([624485, -128, 63, -64]);
    const endless = new ByteCursor(new Uint8Array(1000).fill(0xff));
    endless.uleb();
    expect(endless.overrun).toBe(true);
  });

  it('reads text, and refuses text without an end', () => {
    const cursor = new ByteCursor(new Uint8Array([...nulTerminated('grüße'), 65, 66]));
    expect(cursor.text()).toBe('grüße');
    expect(cursor.text()).toBe('AB');
    expect(cursor.overrun).toBe(true);
    expect(textAt(nulTerminated('abc'), 1)).toBe('bc');
    expect(textAt(nulTerminated('abc'), 9)).toBeUndefined();
  });

  it('never reads outside its window', () => {
    const cursor = new ByteCursor(Uint8Array.of(1, 2, 3, 4), 1, 3);
    expect([...cursor.take(5)]).toEqual([2, 3]);
    expect(cursor.overrun).toBe(true);
    expect(new ByteCursor(Uint8Array.of(1), 5).overrun).toBe(true);
  });
});
