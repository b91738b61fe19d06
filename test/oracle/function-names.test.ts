/** Functions by their names of C++, qualified or not, are those that gdb finds. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Program } from '../../core/debug/program.ts';
import { buildGuest } from '../e2e/dwarf-session.ts';
import { gdbAddresses, padded } from './gdb-addresses.ts';

const FLAGS = ['-std=c++14', '-fno-exceptions', '-fno-rtti', '-fno-threadsafe-statics'];
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

it.each([0, 2])('-O%i', (level) => {
  const path = buildGuest('shapes.cpp', `names-${level}`, 'g++', ['-g', `-O${level}`, ...FLAGS]);
  const program = Program.fromBytes(new Uint8Array(readFileSync(path)));
  const ours = NAMES.map((name) => padded(program.functionBreakAddresses(name)));
  expect(ours).toEqual(gdbAddresses(path, NAMES));
  expect(ours[0]).toHaveLength(1);
  const grow = program.meaning('geometry::Square::grow');
  expect(grow).toMatchObject({ code: true, address: program.symbols.find('_ZN8geometry6Square4growEi') });
  expect(program.meaning('geometry::Square::shrink')).toBeUndefined();
});
