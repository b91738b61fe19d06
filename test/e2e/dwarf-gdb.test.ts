/** Locals, arguments, types and expressions of the debug adapter equal those of stock gdb on our stub. */
import { describe, expect, test } from 'vitest';
import { buildGuest, type Look, sampledAddresses, seenByAdapter, seenByGdb } from './dwarf-session.ts';

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
