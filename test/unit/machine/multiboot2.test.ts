/** Multiboot 2: what a kernel is told, and what a loader refuses. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_CONFIG, loadImage, Machine, UserError } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { guestImage } from '../../guests/build.ts';

const OPTIONS = { name: 'kernel', append: '', modules: [], memoryBytes: 2 ** 24 };

/** A file that is one header of these tags, then zeros. */
function withTags(...tags: readonly (readonly number[])[]): Uint8Array {
  const image = new Uint8Array(8192);
  const view = new DataView(image.buffer);
  const length = 16 + 8 * Math.ceil((4 * tags.flat().length) / 8) + 8;
  [0xe85250d6, 0, length, -(0xe85250d6 + length)].forEach((word, i) => view.setUint32(4 * i, word >>> 0, true));
  let at = 16;
  for (const words of [...tags, [0, 8]]) {
    words.forEach((word, i) => view.setUint32(at + 4 * i, word >>> 0, true));
    at += (4 * words.length + 7) & ~7;
  }
  return image;
}

function mistake(image: Uint8Array): string {
  try {
    return loadImage(image, OPTIONS).kind;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

describe('a multiboot 2 kernel', () => {
  it('finds its command line, modules, memory and sections', () => {
    const image = {
      name: 'kernel',
      bytes: guestImage('multiboot2'),
      append: 'a=1 b',
      modules: [{ name: 'first mod', bytes: Uint8Array.of(1, 2) }],
    };
    const machine = new Machine(
      { ...DEFAULT_CONFIG, memory: 16, image },
      new WebAssembly.Module(buildTier0() as BufferSource),
    );
    let said = '';
    machine.onOutput((_, byte) => {
      said += String.fromCharCode(byte);
    });
    expect(machine.run(100_000).kind).toBe('exit');
    expect(said).toBe('\x89\x62\xd7\x36\x01a=1 b\0\x02\x03first mod\0\x04\x06\x08\x09\0');
  });

  it('may be loaded by addresses of its own', () => {
    const image = withTags([2, 24, 0x100000, 0x100000, 0, 0x108000], [3, 12, 0x100040]);
    const plan = loadImage(image, OPTIONS);
    expect([plan.kind, plan.entry.eip, plan.entry.eax]).toEqual(['multiboot2', 0x100040, 0x36d76289]);
    expect(plan.segments[0]).toMatchObject({ physical: 0x100000, size: 0x8000 });
  });

  it.each([
    [[[2, 24, 0x100000, 0x100000, 0, 0]], /no entry address/],
    [[[1, 12, 77]], /demands information .*77/],
    [[[50, 8]], /demands a feature/],
    [[[3, 4]], /has size 4/],
    [
      [
        [2, 24, 0x100000, 0x200000, 0, 0],
        [3, 12, 0],
      ],
      /load_addr/,
    ],
    [[[3, 12, 0]], /not ELF/],
  ])('is refused with tags %j', (tags, message) => {
    expect(mistake(withTags(...tags))).toMatch(message);
  });
});
