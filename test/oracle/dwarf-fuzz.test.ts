/**
 * Damaged debug information: whatever it says, every question about scopes, variables, types, values and
 * callers ends in an answer. Seeded; a failure names its round.
 */
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { childCount, childrenOf } from '../../core/debug/children.ts';
import { formatObject } from '../../core/debug/format-value.ts';
import { Program } from '../../core/debug/program.ts';
import { FrameScope } from '../../core/debug/program-scope.ts';
import { StorageError } from '../../core/debug/storage.ts';
import { typeName } from '../../core/debug/type-name.ts';
import { applyFrameRow } from '../../core/debug/unwind-rules.ts';
import type { DataObject } from '../../core/debug/value.ts';
import { parseElf } from '../../core/image/elf.ts';
import { UserError } from '../../core/util/errors.ts';
import { tool } from '../guests/build.ts';
import { compileGuest, type Recipe } from '../guests/compile.ts';

const ROUNDS = 10_000;
const SLOWEST_ROUND_MS = 2000;
const SECTIONS =
  /^\.(debug_(info|abbrev|loc|loclists|ranges|rnglists|types|frame|str_offsets|addr|cu_index)(\.dwo)?|eh_frame)$/;
const INTERESTING = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];

/** xorshift32 */
function generator(seed: number): (limit: number) => number {
  let state = seed >>> 0 || 1;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

function damaged(original: Uint8Array, below: (limit: number) => number): Uint8Array {
  const bytes = Uint8Array.from(original);
  const spans = parseElf(original).sections.filter((section) => SECTIONS.test(section.name) && section.size > 0);
  for (let n = 1 + below(6); n > 0; n--) {
    const section = spans[below(spans.length)];
    const at = section.offset + below(section.size);
    const kind = below(4);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at] ^= 1 << below(8);
    else if (kind === 2) bytes[at] = INTERESTING[below(5)];
    else if (at + 4 <= bytes.length)
      new DataView(bytes.buffer).setUint32(at, INTERESTING[below(INTERESTING.length)], true);
  }
  return bytes;
}

/** Memory that holds something everywhere below 2 MiB. */
const readMemory = async (linear: number, length: number) =>
  Uint8Array.from({ length: Math.max(0, Math.min(length, 0x20_0000 - linear, 65_536)) }, (_, i) => (linear + i) * 37);
const reader = { readMemory, registerBytes: (name: string) => new Uint8Array(name.startsWith('st') ? 10 : 4).fill(9) };
const registers = [1, 2, 3, 4, 0x1000, 0x1010, 0x2000, 0x3000];
const savedAt = new Array<undefined>(8).fill(undefined);

async function lookAt(object: DataObject, depth: number): Promise<void> {
  typeName(object.type);
  await formatObject(object, { reader, symbolAt: () => undefined });
  const { named, indexed } = childCount(object.type);
  if (depth === 0 || named + indexed === 0) return;
  try {
    for (const child of await childrenOf(object, reader, 0, 4)) await lookAt(child.object, depth - 1);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
  }
}

async function ask(program: Program, addresses: readonly number[]): Promise<void> {
  const { variables } = program;
  if (variables === undefined) return;
  for (const pc of addresses) {
    const row = program.frameRow(pc);
    if (row !== undefined) await applyFrameRow(row, { registers, savedAt, pc, base: 0, readMemory });
    const alone = { pc, registers, savedAt, frameAddress: 0x1018, dataBase: 0, readMemory };
    const frame = { ...alone, caller: { variables, frame: { ...alone, pc: addresses[0] } } };
    for (const scope of variables.scopesAt(pc)) {
      const names = new FrameScope([variables], { variables, scope, frame });
      const all = [...(await names.arguments()), ...(await names.locals()), ...(await names.globals())];
      for (const object of all) await lookAt(object, 2);
      program.fileOf(scope.entry, scope.call?.file ?? 1);
      await names.global('first');
      names.type('struct record');
    }
  }
}

test('damaged debug information never breaks or hangs the debugger', { timeout: 600_000 }, async () => {
  const variants: readonly (readonly [source: string, recipe: Recipe])[] = [
    ...[2, 3, 4, 5].map((version) => ['shapes.c', { compiler: 'gcc', version, level: 2 }] as const),
    ['shapes.c', { compiler: 'gcc', version: 4, level: 1, flags: ['-fdebug-types-section'] }],
    ['entry-values.c', { compiler: 'gcc', version: 5, level: 2, flags: ['-gdwarf64'] }],
    ['shapes.c', { compiler: 'gcc', version: 4, level: 2, flags: ['-gsplit-dwarf'] }],
    ['shapes.cpp', { compiler: 'g++', version: 5, level: 1, flags: ['-fasynchronous-unwind-tables'] }],
    ['shapes.rs', { compiler: 'rustc', version: 5, level: 2 }],
  ];
  const originals = variants.map(([source, recipe], i) => {
    const path = compileGuest(source, `fuzz-${i}`, recipe);
    const bytes = new Uint8Array(readFileSync(path));
    if (recipe.flags?.includes('-gsplit-dwarf')) tool('dwp', ['-e', path, '-o', `${path}.dwp`]);
    const half = existsSync(`${path}.dwp`) ? new Uint8Array(readFileSync(`${path}.dwp`)) : undefined;
    const { functions } = Program.fromBytes(bytes, 0, { files: new Map(), package: half });
    const entries = functions.names.flatMap((name) => functions.named(name));
    return { bytes, half, addresses: entries.map(({ start, end }) => start + ((end - start) >> 1)) };
  });
  let problems = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const below = generator(0x9e37_79b9 ^ (round * 2_654_435_761));
    const { bytes, half, addresses } = originals[round % originals.length];
    const began = performance.now();
    try {
      const split = half && { files: new Map<string, Uint8Array>(), package: damaged(half, below) };
      const program = Program.fromBytes(split === undefined ? damaged(bytes, below) : bytes, 0, split);
      problems += program.problems.length > 0 ? 1 : 0;
      await ask(program, [addresses[below(addresses.length)], addresses[below(addresses.length)]]);
    } catch (error) {
      if (!(error instanceof UserError)) throw new Error(`round ${round}: ${String(error)}`, { cause: error });
    }
    const took = performance.now() - began;
    if (took > SLOWEST_ROUND_MS) throw new Error(`round ${round} took ${took} ms`);
  }
  expect(problems).toBeGreaterThan(ROUNDS / 100);
});
