import { describe, expect, it } from 'vitest';
import { PT_LOAD, parseElf } from '../../core/image/elf.ts';
import { guestImage, guestPath, tool } from '../guests/build.ts';

describe('the ELF reader', () => {
  it('finds the segments that readelf finds', () => {
    const elf = parseElf(guestImage('high-half'));
    const oracle = tool('readelf', ['-lW', guestPath('high-half')]);
    const lines = [...oracle.matchAll(/LOAD +0x(\w+) 0x(\w+) 0x(\w+) 0x(\w+) 0x(\w+)/g)].map((m) =>
      m.slice(1).map((text) => Number.parseInt(text, 16)),
    );
    const loads = elf.segments.filter((segment) => segment.type === PT_LOAD);
    expect(loads.map((s) => [s.offset, s.virtual, s.physical, s.fileSize, s.memorySize])).toEqual(lines);
  });

  it('finds the sections that readelf finds', () => {
    const elf = parseElf(guestImage('high-half'));
    const oracle = tool('readelf', ['-SW', guestPath('high-half')]);
    const lines = [...oracle.matchAll(/\[ *\d+\] (\S+) +\w+ +([0-9a-f]{8}) (\w+) (\w+)/g)].map((m) => [
      m[1],
      ...m.slice(2).map((text) => Number.parseInt(text, 16)),
    ]);
    const sections = elf.sections.filter((section) => section.name !== '');
    expect(sections.map((s) => [s.name, s.address, s.offset, s.size])).toEqual(lines);
  });

  it('finds the symbols that nm finds', () => {
    const elf = parseElf(guestImage('high-half'));
    const oracle = tool('nm', [guestPath('high-half')])
      .trim()
      .split('\n')
      .sort();
    const named = elf.symbols.filter(
      (symbol) => symbol.name !== '' && symbol.kind !== 'section' && symbol.kind !== 'file',
    );
    const mine = named.map((symbol) => `${symbol.value.toString(16).padStart(8, '0')} ${symbol.name}`).sort();
    expect(mine).toEqual(oracle.map((line) => line.replace(/ \w /, ' ')));
  });

  it.each([
    ['something else', Uint8Array.of(1, 2, 3, 4), 'not an ELF file'],
    ['only the magic number', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46), 'truncated file'],
    ['a 64-bit file', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, ...new Uint8Array(58)), '64-bit'],
    ['another processor', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 1, 1, ...new Uint8Array(46)), 'another processor'],
  ])('refuses %s with one sentence', (_what, bytes, message) => {
    expect(() => parseElf(bytes)).toThrow(message);
  });

  it('refuses every truncation of a file or reads it whole', () => {
    const whole = guestImage('hello-serial');
    for (let length = 0; length < whole.length; length += 7)
      expect(() => parseElf(whole.subarray(0, length))).toThrow();
  });
});
