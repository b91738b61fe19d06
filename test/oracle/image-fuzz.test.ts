/**
 * Damaged files: whatever an image or its debug information says, loading it ends in a plan or in a
 * UserError, and what could be read answers every question. Seeded; a failure names its round.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { parseElf } from '../../core/image/elf.ts';
import { loadImage } from '../../core/image/load-image.ts';
import { UserError } from '../../core/util/errors.ts';
import { guestImage } from '../guests/build.ts';
import { buildC, buildNasm } from './sources.ts';

const ROUNDS = 10_000;
const MEMORY = 8 * 2 ** 20;
/** Far above what a damaged file of a few KiB takes; far below a hang. */
const SLOWEST_ROUND_MS = 2000;

class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    // xorshift32
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

/** Changes a few places within [start, end), sometimes cuts the file. */
function damage(
  original: Uint8Array,
  random: Random,
  spans: readonly (readonly [start: number, end: number])[],
): Uint8Array {
  const bytes = Uint8Array.from(original);
  for (let n = 1 + random.below(4); n > 0; n--) {
    const [start, end] = spans[random.below(spans.length)];
    const at = start + random.below(Math.max(1, end - start));
    const kind = random.below(4);
    if (kind === 0) bytes[at] = random.below(256);
    else if (kind === 1) bytes[at] ^= 1 << random.below(8);
    else if (kind === 2) bytes[at] = INTERESTING[random.below(5)];
    else if (at + 4 <= bytes.length)
      new DataView(bytes.buffer).setUint32(at, INTERESTING[random.below(INTERESTING.length)], true);
  }
  return random.below(16) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
}

/** Runs `use` on damaged copies; anything but a result or a UserError fails the test. */
function fuzz(
  originals: readonly Uint8Array[],
  spans: readonly (readonly (readonly [number, number])[])[],
  use: (bytes: Uint8Array) => void,
): void {
  const outcomes = { worked: 0, refused: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const random = new Random(0x9e37_79b9 ^ (round * 2654435761));
    const which = round % originals.length;
    const bytes = damage(originals[which], random, spans[which]);
    const began = performance.now();
    try {
      use(bytes);
      outcomes.worked++;
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`round ${round}: ${String(error)}`, { cause: error });
      outcomes.refused++;
    }
    const took = performance.now() - began;
    if (took > SLOWEST_ROUND_MS) throw new Error(`round ${round} took ${took} ms`);
  }
  // Both outcomes must occur, or the damage is of the wrong kind.
  expect(outcomes.worked).toBeGreaterThan(ROUNDS / 100);
  expect(outcomes.refused).toBeGreaterThan(ROUNDS / 100);
}

function demo(): Uint8Array {
  return new Uint8Array(readFileSync(new URL('../../server/demo/demo.elf', import.meta.url)));
}

describe('damaged files never break the loader', () => {
  it('images', () => {
    const image = demo();
    const table = new DataView(image.buffer).getUint32(32, true);
    const spans = [
      [0, 180],
      [0x1000, 0x1010],
      [table, image.length],
    ] as const;
    // A header with load addresses instead of ELF's.
    const kludge = new Uint8Array(4096);
    new Uint32Array(kludge.buffer).set([
      0x1bad_b002, 0x1_0004, -0x1bae_b006, 0x10_0000, 0x10_0000, 0, 0x10_2000, 0x10_0000, 0, 640,
    ]);
    const second = guestImage('multiboot2');
    const secondSpans = [
      [0, 180],
      [0x1000, 0x1080],
    ] as const;
    fuzz([image, kludge, second], [spans, [[12, 48]], secondSpans], (bytes) => {
      const modules = [{ name: 'module', bytes: new Uint8Array(100) }];
      const plan = loadImage(bytes, { name: 'fuzz', append: 'x', modules, memoryBytes: MEMORY });
      for (const segment of plan.segments) {
        if (segment.physical + segment.size > MEMORY || segment.bytes.length > segment.size)
          throw new Error('outside memory');
      }
    });
  });

  it('debug information of every version', () => {
    const files = [2, 3, 4, 5].map((version) => buildC(`f${version}`, [`-gdwarf-${version}`, '-O2']));
    const paths = [...files, buildC('fz', ['-gz=zlib']), buildC('fs', ['-gsplit-dwarf']), buildNasm('fn', 'dwarf')];
    const originals = paths.map((path) => new Uint8Array(readFileSync(path)));
    const spans = originals.map((bytes) => {
      const elf = parseElf(bytes);
      const wanted = elf.sections.filter((section) =>
        /^\.(debug_(line|info|abbrev|rnglists|ranges|str_offsets|addr|line_str)|symtab)$/.test(section.name),
      );
      const headers = new DataView(bytes.buffer).getUint32(32, true);
      return [
        ...wanted.map((section) => [section.offset, section.offset + section.size] as const),
        [headers, bytes.length] as const,
      ];
    });
    fuzz(originals, spans, (bytes) => {
      const program = Program.fromBytes(bytes);
      for (const file of program.lines.files().slice(0, 8)) {
        for (const line of program.lines.linesWithCode(file).slice(0, 8)) {
          for (const address of program.lines.addressesFor(file, line)) program.lines.locate(address);
        }
      }
      for (const name of [...program.functions.names.slice(0, 8), 'main', '_start']) {
        const address = program.functionBreakAddress(name) ?? 0;
        program.nameAt(address);
        program.lines.locate(address);
      }
      // Broken debug information is told and survived; count it among the refused.
      if (program.problems.length > 0) throw new UserError('problems', program.problems[0]);
    });
  });
});
