/** The committed demo guest is what its sources say. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseElf } from '../../core/image/elf.ts';
import { loadImage } from '../../core/image/load-image.ts';
import { tool, workFolder } from '../guests/build.ts';

const FOLDER = fileURLToPath(new URL('../../server/demo/', import.meta.url));

/** Names a user sets breakpoints on; the README and the tests rely on them. */
const FUNCTIONS = [
  '_start',
  'kmain',
  'page_fault',
  'syscall_dispatch',
  'timer_interrupt',
  'trap_dispatch',
  'user_main',
];

function read(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

describe('the demo guest', () => {
  it('is rebuilt to the same image by the toolchain that made it, and to an equivalent one by another', () => {
    const rebuiltPath = join(workFolder(), 'demo.elf');
    tool(join(FOLDER, 'build.sh'), [rebuiltPath]);
    const committed = read(join(FOLDER, 'demo.elf'));
    const rebuilt = read(rebuiltPath);
    const recorded = readFileSync(join(FOLDER, 'demo.toolchain'), 'utf8');
    const present = readFileSync(join(workFolder(), 'demo.toolchain'), 'utf8');
    // Another compiler makes other code; what must hold is the layout and the names.
    if (recorded === present) expect(Buffer.compare(rebuilt, committed)).toBe(0);
    const shape = (bytes: Uint8Array) => parseElf(bytes).segments.map((segment) => segment.virtual >>> 20);
    expect(shape(rebuilt)).toEqual(shape(committed));
    const loader = [read(join(workFolder(), 'loader.elf')), read(join(FOLDER, 'loader.elf'))];
    if (recorded === present) expect(Buffer.compare(loader[0], loader[1])).toBe(0);
    const names = (bytes: Uint8Array) => parseElf(bytes).symbols.map((symbol) => symbol.name);
    for (const image of [committed, rebuilt]) expect(names(image)).toEqual(expect.arrayContaining(FUNCTIONS));
  });

  it('is a multiboot image that fits into 4 MiB', () => {
    const plan = loadImage(read(join(FOLDER, 'demo.elf')), {
      name: 'demo',
      append: '',
      modules: [],
      memoryBytes: 4 * 2 ** 20,
    });
    expect(plan.kind).toBe('multiboot');
    expect(plan.notes).toEqual([]);
  });
});
