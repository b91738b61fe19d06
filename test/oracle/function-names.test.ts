/** Functions by their names of C++, qualified or not, are those that gdb finds. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { compileGuest } from '../guests/compile.ts';
import { gdbAddresses, padded } from './gdb-addresses.ts';

const NAMES = [
  'geometry::Square::grow',
  'Square::grow',
  'grow',
  'grow(int)',
  'geometry::Square::grow(int)',
  'Shape::grow',
  'try::grow',
  'geometry::Square::area',
  'area',
  'Square::Square',
  'Shape::Shape',
  'Vector::at',
  'geometry::Vector::at',
  'sum',
  'done',
];

it.each([0, 2] as const)('-O%i', (level) => {
  const path = compileGuest('shapes.cpp', `names-${level}`, { compiler: 'g++', version: 5, level });
  const program = Program.fromBytes(new Uint8Array(readFileSync(path)));
  const ours = NAMES.map((name) => padded(program.functionBreakAddresses(name)));
  expect(ours).toEqual(gdbAddresses(path, NAMES));
  expect(ours[0]).toHaveLength(1);
  const grow = program.meaning('geometry::Square::grow');
  expect(grow).toMatchObject({ code: true, address: program.symbols.find('_ZN8geometry6Square4growEi') });
  expect(program.meaning('geometry::Square::shrink')).toBeUndefined();
});
