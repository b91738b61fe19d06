/** Arguments that are known only by what the caller passed: the debug adapter's values equal those of stock gdb. */
import { expect, test } from 'vitest';
import { compileGuest } from '../guests/compile.ts';
import { type Look, sampledAddresses, seenByAdapter, seenByGdb } from './dwarf-session.ts';

const FUNCTIONS = /^(?:eater|middle|deep|ping|pong|indirect)$/;

test.each([4, 5])('gcc -gdwarf-%i -O2', { timeout: 120_000 }, async (version) => {
  const image = compileGuest('entry-values.c', `entry-${version}`, { compiler: 'gcc', version, level: 2 });
  const look: Look = {
    addresses: sampledAddresses(image, FUNCTIONS, 3),
    stops: 75,
    depth: 1,
    expressions: [],
    compiler: 'gcc',
  };
  const [gdb, ours] = [await seenByGdb(image, look), await seenByAdapter(image, look)];
  expect(gdb).toHaveLength(look.stops);
  expect(ours).toEqual(gdb);
  // Where the first argument is lost for good, what the call says of the others is all there is.
  const late = ours.map(({ frames }) => frames[0]).filter(({ arguments: [first] }) => first === 'a = <optimized out>');
  expect(late.map(({ arguments: [, ...rest] }) => rest.join())).toContain('b = 11,c = 7');
  expect(ours.map(({ frames }) => frames[0].name)).toContain('indirect');
});
