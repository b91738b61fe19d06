/** Mangled names: what is understood, what is not, and what would never end. */
import { expect, it } from 'vitest';
import { demangled } from '../../../../core/debug/demangle/index.ts';
import { demangleItanium } from '../../../../core/debug/demangle/itanium.ts';

it.each([
  ['_ZN8geometry6Square4growEi', 'geometry::Square::grow', 'geometry::Square::grow(int)'],
  ['_ZNK8geometry6Square4areaEv', 'geometry::Square::area', 'geometry::Square::area() const'],
  ['_ZN8geometry6SquareC2Ei', 'geometry::Square::Square', 'geometry::Square::Square(int)'],
  ['_ZTVN8geometry6SquareE', 'vtable for geometry::Square', 'vtable for geometry::Square'],
  ['_ZN6VectorIsLi3EE2atEi', 'Vector<short, 3>::at', 'Vector<short, 3>::at(int)'],
  ['_ZZ7start_cENK3$_0clEi', 'start_c::$_0::operator()', 'start_c::$_0::operator()(int) const'],
  ['_Z3runPFviEPA4_KcM1AFivE', 'run', 'run(void (*)(int), char const (*) [4], int (A::*)())'],
  ['_Z3maxIiET_S0_S0_', 'max<int>', 'max<int>(int, int)'],
  ['_ZN12_GLOBAL__N_15countE', '(anonymous namespace)::count', '(anonymous namespace)::count'],
  ['_Z4workv.cold', 'work', 'work() [clone .cold]'],
  ['_Z4workv.part.0.cold.1', 'work', 'work() [clone .part.0] [clone .cold.1]'],
  ['_Z4pickIL8toString3EEvv', 'pick<(toString)3>', 'pick<(toString)3>()'],
  ['_ZN6shapes8geometry5Point5moved17h0123456789abcdefE', 'shapes::geometry::Point::moved', undefined],
  ['_ZN4core3ptr28drop_in_place$LT$$RF$str$GT$17h0123456789abcdefE', 'core::ptr::drop_in_place<&str>', undefined],
  ['_ZN1a10$toString$17h0123456789abcdefE', 'a::$toString$', undefined],
])('%s', (mangled, name, full) => {
  expect(demangled(mangled)).toMatchObject({ name, full: full ?? name });
});

it.each(['main', '_Z', '_ZN', '_ZN3fooE3', '_Z1fS5_', '_Z99x', '_Z1fIXadL_Z1gEE', '_ZN1AD9Ev', ''])(
  '%j is none',
  (name) => {
    expect(demangled(name)).toBeUndefined();
  },
);

it('ends, whatever substitutions stand for', () => {
  // Each type is a list of the one before it, twice.
  const doubling = Array.from({ length: 30 }, (_, i) => `1aIS${i === 0 ? '' : (i - 1).toString(36).toUpperCase()}_S_E`);
  expect(demangleItanium(`_Z1f1b${doubling.join('')}`)?.full.length ?? 0).toBeLessThan(100_000);
  expect(demangleItanium(`_Z1f${'P'.repeat(5000)}i`)).toBeUndefined();
  expect(demangleItanium(`_Z${'N1a'.repeat(3000)}`)).toBeUndefined();
  // Many pointers to many types, and suffixes that could be divided in many ways.
  expect(demangleItanium(`_Z1fIJ${'c'.repeat(4000)}EEv${'PT_'.repeat(1600)}`)).toBeUndefined();
  expect(demangleItanium(`_Z1fv${'.a.1'.repeat(2000)}!`)).toBeUndefined();
});
