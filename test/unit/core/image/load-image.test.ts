import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { BootPlan, LoadOptions } from '../../../../core/image/boot-plan.ts';
import { loadImage } from '../../../../core/image/load-image.ts';
import { textAt } from '../../../../core/util/bytes.ts';
import { UserError } from '../../../../core/util/errors.ts';

const MIB = 2 ** 20;
/** A multiboot ELF kernel with a high half. */
const DEMO = new Uint8Array(readFileSync(new URL('../../../../server/demo/demo.elf', import.meta.url)));
const OPTIONS: LoadOptions = { name: 'kernel', append: '', modules: [], memoryBytes: 16 * MIB };

/** The plan applied to zeroed memory. */
function memoryOf(plan: BootPlan): DataView {
  const memory = new Uint8Array(OPTIONS.memoryBytes);
  for (const segment of plan.segments) memory.set(segment.bytes, segment.physical);
  return new DataView(memory.buffer);
}

function text(memory: DataView, address: number): string | undefined {
  return textAt(new Uint8Array(memory.buffer), address);
}

/** A multiboot image of the given header words, from offset `at` in the file. */
function withHeader(at: number, flags: number, more: readonly number[] = [], size = 8192): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  [0x1badb002, flags, -(0x1badb002 + flags), ...more].forEach((word, i) => {
    view.setUint32(at + 4 * i, word >>> 0, true);
  });
  return bytes;
}

function mistake(bytes: Uint8Array, options: Partial<LoadOptions> = {}): string {
  try {
    loadImage(bytes, { ...OPTIONS, ...options });
  } catch (error) {
    if (error instanceof UserError) return error.line;
    throw error;
  }
  return 'loaded';
}

describe('a multiboot ELF kernel', () => {
  it('is loaded at its physical addresses and entered as the specification says', () => {
    const plan = loadImage(DEMO, OPTIONS);
    const memory = memoryOf(plan);
    expect(plan.kind).toBe('multiboot');
    expect(memory.getUint32(0x10_0000, true)).toBe(0x1badb002);
    expect(plan.entry.eax).toBe(0x2badb002);
    expect(memory.getUint8(plan.entry.eip)).toBe(0xfc); // cld
    expect(memory.getUint32(plan.entry.gdt.base + 8, true)).toBe(0xffff);
    expect(plan.entry.gdt.limit).toBe(23);
  });

  it('gets command line, memory sizes, memory map, modules and loader name', () => {
    const modules = [
      { name: 'first arg', bytes: Uint8Array.of(1, 2, 3) },
      { name: 'second', bytes: new Uint8Array(5000).fill(9) },
    ];
    const plan = loadImage(DEMO, { ...OPTIONS, append: 'console=com0', modules });
    const memory = memoryOf(plan);
    const info = plan.entry.ebx;
    const word = (offset: number) => memory.getUint32(info + offset, true);
    expect(word(0)).toBe(0b10_0110_1101);
    expect([word(4), word(8)]).toEqual([639, 15 * 1024]);
    expect(text(memory, word(16))).toBe('kernel console=com0');
    expect(text(memory, word(64))).toBe('Trapgate');
    expect(word(20)).toBe(2);
    const [first, second] = [0, 16].map((offset) =>
      [0, 4, 8].map((field) => memory.getUint32(word(24) + offset + field, true)),
    );
    expect([first[0] % 4096, second[0] % 4096]).toEqual([0, 0]);
    expect([first[1] - first[0], second[1] - second[0]]).toEqual([3, 5000]);
    expect([text(memory, first[2]), text(memory, second[2])]).toEqual(['first arg', 'second']);
    expect(memory.getUint8(first[0] + 2)).toBe(3);
    expect(word(44) % 24).toBe(0);
    const ranges = Array.from({ length: word(44) / 24 }, (_, i) =>
      [4, 12, 20].map((field) => memory.getUint32(word(48) + 24 * i + field, true)),
    );
    expect(ranges).toContainEqual([0x10_0000, 15 * MIB, 1]);
    expect(memory.getUint32(word(48), true)).toBe(20);
  });

  it('gets its section headers with the symbol table in memory', () => {
    const plan = loadImage(DEMO, OPTIONS);
    const memory = memoryOf(plan);
    const word = (offset: number) => memory.getUint32(plan.entry.ebx + offset, true);
    const section = (index: number, field: number) => memory.getUint32(word(36) + 40 * index + field, true);
    const names = section(word(40), 12);
    const found = Array.from({ length: word(28) }, (_, i) => text(memory, names + section(i, 0)));
    const strings = section(found.indexOf('.strtab'), 12);
    expect(found).toContain('.symtab');
    expect(
      new TextDecoder().decode(new Uint8Array(memory.buffer, strings, section(found.indexOf('.strtab'), 20))),
    ).toContain('trap_dispatch');
  });

  it('is not given tables that overlap it or each other', () => {
    const plan = loadImage(DEMO, {
      ...OPTIONS,
      modules: [{ name: 'm', bytes: new Uint8Array(9000) }],
    });
    const sorted = [...plan.segments].sort((a, b) => a.physical - b.physical);
    sorted.slice(1).forEach((segment, i) => {
      expect(segment.physical).toBeGreaterThanOrEqual(sorted[i].physical + sorted[i].size);
    });
  });
});

describe('a multiboot image with its own addresses', () => {
  it('is loaded by them: part of the file, bss, entry', () => {
    const bytes = withHeader(0x40, 0x1_0000, [0x20_0040, 0x20_0000, 0x20_0100, 0x20_3000, 0x20_0080]);
    bytes[0x80] = 0xf4;
    const plan = loadImage(bytes, OPTIONS);
    expect(plan.segments[0]).toMatchObject({ physical: 0x20_0000, size: 0x3000 });
    expect(plan.segments[0].bytes.length).toBe(0x100);
    expect(memoryOf(plan).getUint8(plan.entry.eip)).toBe(0xf4);
  });

  it('is refused when the addresses contradict each other or the file', () => {
    expect(mistake(withHeader(0, 0x1_0000, [0x20_0000, 0x20_0100, 0, 0, 0]))).toContain('load_addr');
    expect(mistake(withHeader(0, 0x1_0000, [0x20_0000, 0x20_0000, 0x1f_0000, 0, 0]))).toContain('load_end_addr');
    expect(mistake(withHeader(0, 0x1_0000, [0x20_0000, 0x20_0000, 0x20_9000, 0, 0]))).toContain('truncated');
    expect(mistake(withHeader(0, 0x1_0000, [0x20_0000, 0x20_0000, 0x20_1000, 0x20_0800, 0]))).toContain('bss_end_addr');
  });

  it('is refused when the file ends within the header', () => {
    const whole = withHeader(0, 0x1_0000, [0x20_0000, 0x20_0000, 0, 0, 0x20_0020]);
    for (const length of [12, 16, 31]) expect(mistake(whole.subarray(0, length))).toContain('truncated');
  });

  it('gets the text screen when it asks for graphics, and the user hears of it', () => {
    const plan = loadImage(withHeader(0, 0x1_0004, [0x20_0000, 0x20_0000, 0, 0, 0x20_0000, 0, 640, 480, 32]), OPTIONS);
    expect(plan.notes[0]).toContain('graphics');
    expect(memoryOf(plan).getUint32(plan.entry.ebx, true) & (1 << 12)).not.toBe(0);
  });
});

describe('a flat ELF file', () => {
  it('starts at its entry with nothing in the registers', () => {
    const bytes = Uint8Array.from(DEMO);
    const header = new DataView(bytes.buffer);
    for (let offset = 0; offset + 4 <= Math.min(8192, bytes.length); offset += 4)
      if (header.getUint32(offset, true) === 0x1badb002) header.setUint32(offset, 0, true);
    const plan = loadImage(bytes, OPTIONS);
    expect(plan.kind).toBe('flat-elf');
    expect(plan.entry).toMatchObject({ eax: 0, ebx: 0, esp: 0x7c00, mode: 'protected-flat' });
  });
});

describe('what cannot be booted', () => {
  it('is named in one line', () => {
    const sector = new Uint8Array(512);
    sector.set([0x55, 0xaa], 510);
    const linux = new Uint8Array(4096);
    linux.set(new TextEncoder().encode('HdrS'), 0x202);
    const iso = new Uint8Array(0x9000);
    iso.set(new TextEncoder().encode('CD001'), 0x8001);
    const multiboot2 = new Uint8Array(512);
    new Uint32Array(multiboot2.buffer).set([0xe85250d6, 0, 16, -(0xe85250d6 + 16)]);
    expect(mistake(sector)).toMatch(/a disk image, not a kernel/);
    expect(mistake(linux)).toBe('not supported yet: Linux bzImage kernels');
    expect(mistake(iso)).toBe('not supported yet: ISO images');
    expect(mistake(multiboot2)).toMatch(/the image is not ELF/);
    expect(mistake(new Uint8Array(0))).toBe('kernel: the file is empty');
    expect(mistake(Uint8Array.of(0x1f, 0x8b, 8))).toContain('gunzip');
    expect(mistake(new TextEncoder().encode('#!/bin/sh\n'))).toContain('no image that can be booted');
  });

  it('is a kernel that does not fit into memory, or demands what nobody defined', () => {
    expect(mistake(DEMO, { memoryBytes: MIB })).toContain('beyond the 1 MiB of memory');
    expect(mistake(DEMO, { modules: [{ name: 'm', bytes: new Uint8Array(16 * MIB) }] })).toContain('do not fit');
    expect(mistake(withHeader(0, 0x1_0008, [0x20_0000, 0x20_0000, 0, 0, 0x20_0000]))).toContain('demands');
  });
});
