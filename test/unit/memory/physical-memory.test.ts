import { describe, expect, it } from 'vitest';
import { layoutFor } from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { FRAME_CODE, FRAME_ROM, PhysicalMemory } from '../../../core/memory/physical-memory.ts';

function ram(pages = 8): PhysicalMemory {
  return new PhysicalMemory(new LinearMemory(layoutFor(pages, 1)), pages * 4096);
}

describe('physical memory', () => {
  it('comes into being where it is used, and counts as zero until then', () => {
    const linear = new LinearMemory(layoutFor(64 * 256, 1));
    const memory = new PhysicalMemory(linear, 64 << 20);
    const [first, size] = [memory.presentPages, linear.size];
    expect(size).toBeLessThan(64 << 20);
    expect(memory.word((40 << 20) + 4)).toBe(0);
    expect(memory.presentPages).toBe(first);
    const address = (first << 12) - 2;
    expect(memory.write('loader', address, Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect([...memory.read(address, 4)]).toEqual([1, 2, 3, 4]);
    expect(linear.size).toBe(2 * size);
    expect(memory.read((64 << 20) - 2, 4)).toEqual(new Uint8Array(2));
    expect(linear.size).toBe(linear.layout.total);
    expect(memory.presentPages).toBe(64 * 256);
  });

  it('reads and writes across pages and stops where RAM ends', () => {
    const memory = ram();
    expect(memory.write('loader', 0xffe, Uint8Array.of(1, 2, 3, 4))).toBe(4);
    expect([...memory.read(0xfff, 2)]).toEqual([2, 3]);
    expect(memory.word(0x1000)).toBe(0x0403);
    expect(memory.write('dma', 0x7ffe, new Uint8Array(8))).toBe(2);
    expect(memory.read(0x7ffe, 8).length).toBe(2);
    expect(memory.read(0x8000, 8).length).toBe(0);
    expect(memory.read(-4, 8).length).toBe(0);
    expect(memory.write('dma', 2 ** 32, new Uint8Array(8))).toBe(0);
    expect(memory.word(0x8000)).toBe(0xffffffff);
    expect(memory.hostPage(8)).toBe(0);
  });

  it('tells the listeners of each piece that was written', () => {
    const memory = ram();
    const heard: [number, number, number, string][] = [];
    memory.onWrite((hostPage, offset, length, who) => heard.push([hostPage, offset, length, who]));
    memory.write('dma', 0x1ffc, new Uint8Array(6));
    expect(heard).toEqual([
      [memory.hostPage(1), 0xffc, 4, 'dma'],
      [memory.hostPage(2), 0, 2, 'dma'],
    ]);
  });

  it('guards ROM against the processor, devices and debuggers, page by page', () => {
    const memory = ram();
    memory.setRom(0x2000, 0x1800);
    expect([1, 2, 3, 4].map((page) => memory.isRom(page))).toEqual([false, true, true, false]);
    for (const who of ['cpu', 'dma', 'debugger'] as const)
      expect(memory.write(who, 0x1fff, Uint8Array.of(7, 7))).toBe(1);
    for (const who of ['loader', 'firmware', 'load'] as const)
      expect(memory.write(who, 0x1fff, Uint8Array.of(7, 7))).toBe(2);
    memory.setRom(0x2000, 0x1000, false);
    expect(memory.write('cpu', 0x2000, Uint8Array.of(8))).toBe(1);
  });

  it('announces a flag when it is new', () => {
    const memory = ram();
    const frame = memory.hostPage(3);
    const heard: number[] = [];
    memory.onProtect((hostPage) => heard.push(hostPage));
    memory.setFlag(frame, FRAME_CODE);
    memory.setFlag(frame, FRAME_CODE);
    memory.clearFlag(frame, FRAME_CODE);
    memory.setFlag(frame, FRAME_CODE | FRAME_ROM);
    expect(heard).toEqual([frame, frame]);
  });

  it('is zeroed by a power-on, and code is told', () => {
    const memory = ram();
    memory.write('loader', 0x3000, Uint8Array.of(1));
    memory.setFlag(memory.hostPage(3), FRAME_CODE);
    const heard: number[] = [];
    memory.onWrite((hostPage) => heard.push(hostPage));
    memory.clear();
    expect(memory.word(0x3000)).toBe(0);
    expect(heard).toEqual([memory.hostPage(3)]);
  });
});
