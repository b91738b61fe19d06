/**
 * Frames, arguments, locals, types and expressions of the debug adapter equal those of stock gdb on our stub:
 * C, C++ and Rust, of GNU's and LLVM's compilers, with and without optimization, in every version of DWARF.
 */
import { expect, test } from 'vitest';
import { compileGuest, type Recipe } from '../guests/compile.ts';
import { type Look, sampledAddresses, seenByAdapter, seenByGdb } from './dwarf-session.ts';

const C_EXPRESSIONS = [
  'first',
  'first.corners[1].y + 2',
  '&first.word',
  'first.next',
  '*first.name',
  'first.bits.high',
  'first.twice',
  'matrix',
  'matrix[1]',
  '&matrix[1][2]',
  'ratio * 3',
  'ratio',
  'extended',
  'wide',
  'truth',
  'pointer',
  '*pointer',
  'unknown_colour',
  'BLUE',
  '(colour)7',
  '(enum flags)3',
  '(enum flags)9',
  'sink',
  '-sink % 7',
  'sink > 3 && truth',
  '((struct record *)&first)->corners[2]',
  'sizeof(struct record)',
  'flexible',
  'first.b == 12 ? 5 : 6',
  '(u8)first.bits.tail',
  '(short)0x18000',
  'first.text',
  'record',
  '*record',
  'point',
  'total',
  'numbers',
  'corner',
  'sum',
  'letters',
  'sum + total',
];

const CPP_EXPRESSIONS = [
  'geometry::Square::made',
  'sink',
  'sink == 3',
  'hidden',
  'square',
  'square.made',
  'square.id',
  '&square',
  'alias.side',
  'vector.items[1]',
  'vector',
  'add',
  'total',
  '*this',
  'side',
  'geometry::Square::Kind::fancy',
  'sizeof(geometry::Square)',
  'sizeof(struct geometry::Colour)',
];

const RUST_EXPRESSIONS = [
  'shapes::SINK',
  'shapes::TABLE',
  'here',
  'here.x == 3',
  '!here.x',
  '-here.y',
  'tuple.1',
  'left.0',
  'shapes::STEPS',
  '&here',
  '&tuple.1',
  'pointer',
  '*pointer',
  'left',
  'numbers[1]',
  'numbers',
  'maybe',
  'maybe.0',
  'shapes::SEGMENT',
  'shapes::SEGMENT.from.x',
  'shapes::NAMED',
  'shapes::GREETING',
  'shapes::GREETING.length',
  'word.halves[1]',
  'outcome',
  'outcome.0',
  'points[1]',
  'here.x as i64',
  'colour',
  'add',
  'here.x > 2 && tuple.2',
  'chosen',
  '*chosen.0',
  '*left',
  '(*left).0',
  'shapes::geometry::Colour::Blue',
  'sizeof(shapes::geometry::Point)',
];

interface Program {
  readonly source: string;
  /** Of the functions whose code is sampled, as the file has them. */
  readonly functions: RegExp;
  readonly expressions: readonly string[];
  /** More, which gdb does not know in optimized code. */
  readonly unoptimized?: readonly string[];
  readonly stops: number;
  /** Instructions from one sample to the next, without and with optimization. */
  readonly every: readonly [number, number];
}

const C: Program = {
  source: 'shapes.c',
  functions: /^(?:walk|mix|factorial|start_c|twice)$/,
  expressions: C_EXPRESSIONS,
  stops: 12,
  every: [17, 7],
};
const CPP: Program = {
  source: 'shapes.cpp',
  functions: /grow|area|sum|at|start_c|Square|Shape|done/,
  expressions: CPP_EXPRESSIONS,
  unoptimized: ['made', 'enabled'],
  stops: 25,
  every: [11, 3],
};
const RUST: Program = {
  source: 'shapes.rs',
  functions: /^(?:measure|total|largest|factorial|start_c|done)$|moved|area|clamp|closure/,
  expressions: RUST_EXPRESSIONS,
  stops: 40,
  every: [7, 5],
};

/** Every compiler and language at both levels; the versions before the last take turns. */
const LOOKS: readonly (readonly [what: string, program: Program, recipe: Recipe])[] = [
  look(C, 'gcc', 2, 0),
  look(C, 'clang', 2, 2),
  look(C, 'gcc', 3, 2),
  look(C, 'clang', 3, 0),
  look(C, 'gcc', 4, 0),
  look(C, 'gcc', 4, 2),
  look(C, 'clang', 4, 2),
  look(C, 'gcc', 5, 0),
  look(C, 'gcc', 5, 2),
  look(C, 'clang', 5, 0),
  look(C, 'clang', 5, 2),
  look(CPP, 'g++', 4, 2),
  look(CPP, 'g++', 5, 0),
  look(CPP, 'g++', 5, 2),
  look(CPP, 'clang++', 4, 0),
  look(CPP, 'clang++', 5, 2),
  look(RUST, 'rustc', 4, 0),
  look(RUST, 'rustc', 4, 2),
  look(RUST, 'rustc', 5, 0),
  look(RUST, 'rustc', 5, 2),
];

function look(program: Program, compiler: Recipe['compiler'], version: number, level: 0 | 2) {
  const what = `${compiler}, DWARF ${version}, -O${level}`;
  return [what, program, { compiler, version, level }] as const;
}

test.each(LOOKS)('%s', { timeout: 120_000 }, async (what, program, recipe) => {
  const image = compileGuest(program.source, what.replaceAll(/[ ,]/g, ''), recipe);
  const look: Look = {
    addresses: sampledAddresses(image, program.functions, program.every[recipe.level === 0 ? 0 : 1]),
    stops: program.stops,
    depth: 3,
    expressions: [...program.expressions, ...(recipe.level === 0 ? (program.unoptimized ?? []) : [])],
    compiler: recipe.compiler,
  };
  const [gdb, ours] = await Promise.all([seenByGdb(image, look), seenByAdapter(image, look)]);
  expect(gdb).toHaveLength(look.stops);
  expect(ours).toEqual(gdb);
});
