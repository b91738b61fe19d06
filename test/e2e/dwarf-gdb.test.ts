/** Locals, arguments, types and expressions of the debug adapter equal those of stock gdb on our stub. */
import { describe, expect, test } from 'vitest';
import { tool } from '../guests/build.ts';
import { buildGuest, type Look, type SeenStop, sampledAddresses, seenByAdapter, seenByGdb } from './dwarf-session.ts';

const FUNCTIONS = ['walk', 'mix', 'factorial', 'start_c', 'twice'];
const EXPRESSIONS = [
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
];

const VARIANTS = [2, 3, 4, 5].flatMap((version) => [0, 2].map((level) => [version, level] as const));

describe('what gdb shows', () => {
  test.each(VARIANTS)('gcc -gdwarf-%i -O%i', { timeout: 120_000 }, async (version, level) => {
    const image = buildGuest('shapes.c', `shapes-${version}-${level}`, 'gcc', [`-gdwarf-${version}`, `-O${level}`]);
    const look: Look = {
      addresses: sampledAddresses(image, FUNCTIONS, level === 0 ? 17 : 7),
      stops: 12,
      depth: 3,
      expressions: EXPRESSIONS,
    };
    const [gdb, ours] = [await seenByGdb(image, look), await seenByAdapter(image, look)];
    expect(gdb).toHaveLength(look.stops);
    expect(ours).toEqual(gdb);
  });
});

const CPP_EXPRESSIONS = [
  'geometry::Square::made',
  'sink',
  'hidden',
  'enabled',
  'sizeof(geometry::Square)',
  'sizeof(struct geometry::Colour)',
];

test.each([4, 5])('what gdb shows of C++, DWARF %i', { timeout: 120_000 }, async (version) => {
  const flags = [`-gdwarf-${version}`, '-O0', '-std=c++14', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'];
  const image = buildGuest('shapes.cpp', `shapes-cpp-${version}`, 'g++', flags);
  const functions = tool('nm', [image]).match(/\S*(?:grow|area|sum|at|start_c|SquareC2|done)\S*$/gm) ?? [];
  const look: Look = {
    addresses: sampledAddresses(image, functions, 11),
    stops: 20,
    depth: 3,
    expressions: CPP_EXPRESSIONS,
  };
  const [gdb, ours] = [await seenByGdb(image, look), await seenByAdapter(image, look)];
  // gdb writes C++ names as people do; we leave symbols as the file has them.
  const comparable = (stops: readonly SeenStop[]) =>
    stops.map(({ pc, expressions, frames }) => ({
      pc,
      expressions,
      frames: frames.map(({ line, arguments: args, locals }) => ({
        line,
        args: args.map(plain),
        locals: locals.map(plain),
      })),
    }));
  expect(comparable(ours)).toEqual(comparable(gdb));
});

function plain(text: string): string {
  // Static members are among the globals here.
  return text.replace(/static \w+ = \d+, /g, '').replace(/<(?:vtable for |_ZTV)[^>]*>/g, '<table>');
}
