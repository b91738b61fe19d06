/** Debug information that is split over files, packed, or in the 64-bit format: what stock gdb shows of it, too. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseElf } from '../../core/image/elf.ts';
import { Program } from '../../core/index.ts';
import { NODE_SERVICES } from '../../extension/node-host.ts';
import { readSplitFiles } from '../../extension/split-files.ts';
import { tool } from '../guests/build.ts';
import { compileGuest, type Recipe } from '../guests/compile.ts';
import { type Look, sampledAddresses, seenByAdapter, seenByGdb } from './dwarf-session.ts';

const FUNCTIONS = /^(?:walk|mix|factorial|start_c|twice)$/;
const EXPRESSIONS = ['first', 'matrix', 'ratio', 'unknown_colour', 'sizeof(struct record)', '(enum flags)3', 'pointer'];

function look(image: string): Look {
  const addresses = sampledAddresses(image, FUNCTIONS, 7);
  return { addresses, stops: 9, depth: 3, expressions: EXPRESSIONS, compiler: 'gcc' };
}

/** The image, and the .dwo file that belongs to it. */
function splitGuest(name: string, recipe: Partial<Recipe> = {}): { image: string; half: string } {
  const flags = ['-gsplit-dwarf', ...(recipe.flags ?? [])];
  const image = compileGuest('shapes.c', name, { compiler: 'gcc', version: 5, level: 2, ...recipe, flags });
  const half = image.replace(/\.elf$/, '-c.dwo');
  expect(existsSync(half)).toBe(true);
  return { image, half };
}

describe('gdb and the debug adapter agree on', () => {
  test.each([4, 5])('64-bit DWARF %i', { timeout: 120_000 }, async (version) => {
    const recipe = { compiler: 'gcc', version, level: 2, flags: ['-gdwarf64'] } as const;
    const image = compileGuest('shapes.c', `wide-${version}`, recipe);
    expect(tool('readelf', ['-wi', image])).toContain('(64-bit)');
    const wanted = look(image);
    expect(await seenByAdapter(image, wanted)).toEqual(await seenByGdb(image, wanted));
  });

  test.each([4, 5])('split DWARF %i', { timeout: 120_000 }, async (version) => {
    const { image } = splitGuest(`split-${version}`, { version });
    const wanted = look(image);
    expect(await seenByAdapter(image, wanted)).toEqual(await seenByGdb(image, wanted));
  });
});

/** Everything the debug information says of the sampled addresses. */
async function told(image: string): Promise<{ problems: readonly string[]; names: readonly string[] }> {
  const bytes = new Uint8Array(readFileSync(image));
  const program = Program.fromBytes(bytes, 0, await readSplitFiles(bytes, image, NODE_SERVICES));
  const names = sampledAddresses(image, FUNCTIONS, 5).flatMap((pc) =>
    (program.variables?.scopesAt(pc) ?? []).flatMap((scope) => [
      scope.name,
      ...(program.variables?.argumentsOf(scope) ?? []).map(({ name }) => name),
      ...(program.variables?.localsOf(scope) ?? []).map(({ name }) => name),
    ]),
  );
  return { problems: program.problems, names };
}

/** Numbers of the columns in the index of a package (DWARF 5, 7.3.5.3). */
const COLUMNS = { info: 1, abbrev: 3, line: 4, loclists: 5, str_offsets: 6, rnglists: 8 };
const JUNK = 16;

/** A package of one unit whose part of each section does not begin where the section does. */
function packed(half: string, out: string): void {
  const elf = parseElf(new Uint8Array(readFileSync(half)));
  const contents = (name: string) => {
    const section = elf.section(`.debug_${name}.dwo`);
    return section === undefined ? new Uint8Array(0) : elf.contents(section);
  };
  const words = (...values: number[]) => [...new Uint8Array(Uint32Array.from(values).buffer)];
  const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
  const id = contents('info').subarray(12, 20);
  const index = [
    ...[...words(5, names.length, 1, 2), ...new Uint8Array(8), ...id, ...words(0, 1)],
    ...words(...names.map((name) => COLUMNS[name])),
    ...words(...names.map(() => JUNK)),
    ...words(...names.map((name) => contents(name).length)),
  ];
  const updates = names.flatMap((name) => {
    writeFileSync(`${out}.${name}`, Uint8Array.from([...new Uint8Array(JUNK).fill(0xee), ...contents(name)]));
    return ['--update-section', `.debug_${name}.dwo=${out}.${name}`];
  });
  writeFileSync(`${out}.index`, Uint8Array.from(index));
  tool('objcopy', [...updates, '--add-section', `.debug_cu_index=${out}.index`, half, out]);
}

describe('the other half is found', () => {
  test.each([
    [4, (image: string, half: string) => tool('dwp', ['-e', image, '-o', `${image}.dwp`], dirname(half))],
    [5, (image: string, half: string) => packed(half, `${image}.dwp`)],
  ])('in a package of DWARF %i', async (version, pack) => {
    const { image, half } = splitGuest(`packed-${version}`, { version });
    const unpacked = await told(image);
    expect(unpacked.problems).toEqual([]);
    expect(unpacked.names.length).toBeGreaterThan(20);
    pack(image, half);
    rmSync(half);
    expect(await told(image)).toEqual(unpacked);
    rmSync(`${image}.dwp`);
    expect((await told(image)).problems.join()).toContain(`${basename(half)}, which is not there`);
  });

  test('beside a program that was moved, unless it is of another build', async () => {
    const { image, half } = splitGuest('moved');
    const whole = await told(image);
    expect(whole.names.length).toBeGreaterThan(20);
    const elsewhere = join(dirname(image), 'elsewhere');
    mkdirSync(elsewhere, { recursive: true });
    const moved = join(elsewhere, basename(image));
    copyFileSync(image, moved);
    copyFileSync(half, join(elsewhere, basename(half)));
    rmSync(half);
    expect(await told(moved)).toEqual(whole);
    const other = splitGuest('other', { level: 1, flags: ['-DOTHER'] });
    copyFileSync(other.half, join(elsewhere, basename(half)));
    const stale = await told(moved);
    expect(stale.problems.join()).toContain('is of another build');
    expect(stale.names).toEqual([]);
  });
});
