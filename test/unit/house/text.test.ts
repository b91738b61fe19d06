/** Rules about the text of the project that no linter knows. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
const FOLDERS = ['.ci', '.githooks', 'core', 'server', 'extension', 'scripts', 'test'];
/** These hold the very texts that are forbidden elsewhere. */
const HOUSE = path.join('test', 'unit', 'house');

const files: [name: string, text: string][] = [];
for (const folder of FOLDERS) {
  for (const entry of readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })) {
    const place = path.join(entry.parentPath, entry.name);
    const name = path.relative(root, place);
    if (
      entry.isFile() &&
      !name.startsWith(HOUSE) &&
      /\.(ts|mjs|mts|c|h|S|asm|inc|sh|ld|json|md)$|run$|pre-commit$/.test(name)
    ) {
      files.push([name, readFileSync(place, 'utf8')]);
    }
  }
}
for (const name of readdirSync(root)) {
  if (/\.(md|json|mts)$/.test(name) && name !== 'package-lock.json') {
    files.push([name, readFileSync(path.join(root, name), 'utf8')]);
  }
}

/** `file:line` of every match. */
function places(pattern: RegExp, only = /./): string[] {
  return files
    .filter(([name]) => only.test(name))
    .flatMap(([name, text]) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${name}:${index + 1} ${line.trim()}`] : [])),
    );
}

/** Paths that `git ls-files` answers. */
function listed(...options: readonly string[]): string[] {
  const paths = execFileSync('git', ['ls-files', '-z', ...options], { cwd: root, encoding: 'utf8' });
  return paths.split('\0').filter((name) => name !== '');
}

/** Bytes; 0 when it is no longer there. */
function sizeOf(name: string): number {
  return statSync(path.join(root, name), { throwIfNoEntry: false })?.size ?? 0;
}

describe('the text of the project', () => {
  it('is what this test thinks it is', () => {
    expect(files.length).toBeGreaterThan(100);
  });

  it('names no place of one machine and no package registry', () => {
    // `/home/me` is anybody's.
    expect(places(/(^|[\s'"`(=])\/(work|root|home\/(?!me\/)[^/]+)\//)).toEqual([]);
    expect(places(/\.\.\/shared\b|registry\.npmjs|npmjs\.(org|com)/)).toEqual([]);
  });

  it('has no notes to self', () => {
    expect(places(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([]);
  });

  it('silences no check', () => {
    expect(places(/@ts-(ignore|expect-error|nocheck)|\bas any\b|eslint-disable/)).toEqual([]);
    expect(places(/\.(todo|skip|skipIf|runIf|fails)\(|\.only\(/, /^test\//)).toEqual([]);
  });

  it('keeps randomness out of core', () => {
    expect(places(/Math\.random|crypto\./, /^core\//)).toEqual([]);
  });

  it('keeps files of code to 400 lines', () => {
    const long = files
      .filter(([name]) => /^(core|server|extension|scripts|test)\/.*\.(ts|mjs|c|S)$/.test(name))
      .filter(([, text]) => text.split('\n').length - 1 > 400)
      .map(([name]) => name);
    expect(long).toEqual([]);
  });

  it('is in no place that .gitignore hides', () => {
    expect(listed('--cached', '--ignored', '--exclude-standard')).toEqual([]);
  });

  it('holds no dump or disk image by mistake', () => {
    const tracked = listed('--cached');
    expect(tracked.length).toBeGreaterThan(100);
    const large = tracked.filter((name) => sizeOf(name) > 512 * 1024);
    expect(large).toEqual([]);
  });
});
