import { expect, test } from 'vitest';
import type { DebugInfo } from '../../../extension/debug-info.ts';
import { Debuggee } from '../../../extension/debuggee.ts';
import { parseHitCondition } from '../../../extension/hit-condition.ts';
import { type SourceMap, Sources } from '../../../extension/sources.ts';
import { ToyTarget } from '../server/toy-target.ts';

function sources(files: readonly string[], map: SourceMap = {}, program = '/out/kernel.elf'): Sources {
  const info = { files: () => files } as unknown as DebugInfo;
  return new Sources(new Debuggee(new ToyTarget(), [info]), map, program);
}

test('a client path finds the file with the longest common tail', () => {
  const files = ['/build/kernel/main.c', '/build/user/main.c', 'lib/print.c'];
  expect(sources(files).resolve('/home/me/os/user/main.c')).toEqual(['/build/user/main.c']);
  expect(sources(files).resolve('C:\\os\\lib\\print.c')).toEqual(['lib/print.c']);
  expect(sources(files).resolve('vscode-vfs://github/me/os/kernel/main.c')).toEqual(['/build/kernel/main.c']);
  expect(sources(files).resolve('/x/main.c')).toEqual(['/build/kernel/main.c', '/build/user/main.c']);
  expect(sources(files).resolve('/x/other.c')).toEqual([]);
});

test('the client sees its own name for a file, else the mapped one, else one beside the program', () => {
  const files = ['/build/kernel/main.c', '/build/user/main.c', 'lib/print.c'];
  const named = sources(files, { '/build': '/home/me/os' });
  expect(named.present('/build/kernel/main.c')).toEqual({ name: 'main.c', path: '/home/me/os/kernel/main.c' });
  expect(named.present('lib/print.c').path).toBe('/out/lib/print.c');
  expect(named.present('/elsewhere/x.c').path).toBe('/elsewhere/x.c');
  named.resolve('/links/os/user/main.c');
  expect(named.present('/build/user/main.c').path).toBe('/links/os/user/main.c');
});

test('a map is used in both directions and only at whole folders', () => {
  const mapped = sources(['/build/a/x.c', '/build/b/x.c'], { '/build/a': '/src/one', '/build/b': '/src/two' });
  expect(mapped.resolve('/src/two/x.c')).toEqual(['/build/b/x.c']);
  expect(sources(['/builder/x.c'], { '/build': '/src' }).present('/builder/x.c').path).toBe('/builder/x.c');
});

test('hit conditions', () => {
  const hits = (text: string) => [1, 2, 3, 4, 5, 6].filter(parseHitCondition(text));
  expect(hits('3')).toEqual([3]);
  expect(hits('== 3')).toEqual([3]);
  expect(hits('>4')).toEqual([5, 6]);
  expect(hits('>= 5')).toEqual([5, 6]);
  expect(hits('<2')).toEqual([1]);
  expect(hits('<=2')).toEqual([1, 2]);
  expect(hits('%3')).toEqual([3, 6]);
  expect(() => parseHitCondition('often')).toThrow('not a hit count: often');
});
