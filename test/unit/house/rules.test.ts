/** The rules of the house hold because the linter enforces them: each is shown to be caught. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trapgate-rules-'));
  for (const file of ['biome.json', '.gitignore']) copyFileSync(path.join(root, file), path.join(folder, file));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Lints a tree of `path -> source` under the project's configuration; answers `file rule` of each finding. */
function lint(files: Record<string, string>): string[] {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  const biome = path.join(root, 'node_modules/@biomejs/biome/bin/biome');
  const result = spawnSync(process.execPath, [biome, 'lint', '--reporter=json', '.'], {
    cwd: folder,
    encoding: 'utf8',
  });
  const report = JSON.parse(result.stdout) as {
    diagnostics: { category: string; location: { path: string | { file: string } } }[];
  };
  return report.diagnostics.map(({ category, location }) => {
    const file = typeof location.path === 'string' ? location.path : location.path.file;
    return `${file} ${category.slice(category.lastIndexOf('/') + 1)}`;
  });
}

const value = 'export const value = 1;\n';
const use = (from: string) => `import { value } from '${from}';\n\nexport const other = value;\n`;

describe('the rank rule', () => {
  const RANKS = ['util', 'memory', 'isa', 'vcpu', 'devices', 'vmm', 'machine', 'debug'];

  it('lets each folder of core import the one below it', () => {
    const files: Record<string, string> = {};
    for (const name of RANKS) files[`core/${name}/value.ts`] = value;
    for (const [low, high] of [
      ['util', 'memory'],
      ['memory', 'isa'],
      ['isa', 'vcpu'],
      ['bus', 'devices'],
      ['vcpu', 'vmm'],
      ['devices', 'machine'],
      ['machine', 'debug'],
    ]) {
      files[`core/${low}/value.ts`] = value;
      files[`core/${high}/use.ts`] = use(`../${low}/value.ts`);
    }
    expect(lint(files)).toEqual([]);
  });

  it('catches an import from the rank above, type-only ones included', () => {
    const files: Record<string, string> = {};
    for (const name of RANKS) files[`core/${name}/value.ts`] = value;
    for (let rank = 0; rank + 1 < RANKS.length; rank++) {
      files[`core/${RANKS[rank]}/deep/use.ts`] = use(`../../${RANKS[rank + 1]}/value.ts`);
    }
    files['core/isa/type.ts'] = "import type { value } from '../vcpu/value.ts';\n\nexport type Other = typeof value;\n";
    expect(lint(files).sort()).toEqual(
      [
        ...RANKS.slice(0, -1).map((name) => `core/${name}/deep/use.ts noRestrictedImports`),
        'core/isa/type.ts noRestrictedImports',
      ].sort(),
    );
  });

  it('catches siblings of one rank, and a device that reaches for anything but bus and util', () => {
    expect(
      lint({
        'core/image/value.ts': value,
        'core/vmm/use.ts': use('../image/value.ts'),
        'core/devices/value.ts': value,
        'core/vmm/device.ts': use('../devices/value.ts'),
        'core/memory/value.ts': value,
        'core/devices/use.ts': use('../memory/value.ts'),
      }).sort(),
    ).toEqual([
      'core/devices/use.ts noRestrictedImports',
      'core/vmm/device.ts noRestrictedImports',
      'core/vmm/use.ts noRestrictedImports',
    ]);
  });

  it('keeps the front ends behind core/index.ts, and core away from the front ends', () => {
    expect(
      lint({
        'core/util/value.ts': value,
        'core/index.ts': "export { value } from './util/value.ts';\n",
        'core/debug/use.ts': use('../../server/good.ts'),
        'server/good.ts': use('../core/index.ts'),
        'server/gdb/good.ts': use('../../core/index.ts'),
        'server/bad.ts': use('../core/util/value.ts'),
        'extension/bad.ts': use('../core/util/value.ts'),
      }).sort(),
    ).toEqual([
      'core/debug/use.ts noRestrictedImports',
      'extension/bad.ts noRestrictedImports',
      'server/bad.ts noRestrictedImports',
    ]);
  });
});

describe('other rules of the house', () => {
  it('catches a cycle', () => {
    expect(
      lint({
        'core/util/a.ts': "import { b } from './b.ts';\n\nexport const a = () => b;\n",
        'core/util/b.ts': "import { a } from './a.ts';\n\nexport const b = () => a;\n",
      }),
    ).toEqual(['core/util/a.ts noImportCycles', 'core/util/b.ts noImportCycles']);
  });

  it('keeps Node, the DOM, the host clock and randomness out of core', () => {
    expect(
      lint({
        'core/util/a.ts': "import { sep } from 'node:path';\n\nexport const a = sep;\n",
        'core/util/b.ts': 'export const b = () => [Date.now(), performance.now()];\n',
        'core/util/c.ts': 'export const c = (text: string) => Buffer.from(text);\n',
        'core/util/d.ts': 'export const d = () => fetch(navigator.userAgent);\n',
        'server/fine.ts': 'export const now = () => Date.now();\n',
      }).sort(),
    ).toEqual([
      'core/util/a.ts noNodejsModules',
      'core/util/b.ts noRestrictedGlobals',
      'core/util/b.ts noRestrictedGlobals',
      'core/util/c.ts noRestrictedGlobals',
      'core/util/d.ts noRestrictedGlobals',
      'core/util/d.ts noRestrictedGlobals',
    ]);
  });

  it('catches what is imported and never used, `any`, and a skipped or lonely test', () => {
    expect(
      lint({
        'core/util/value.ts': value,
        'core/util/a.ts': "import { value } from './value.ts';\n",
        'core/util/b.ts': 'export const b = (x: any) => x;\n',
        'test/unit/a.test.ts': "import { it } from 'vitest';\n\nit.skip('never runs', () => {});\n",
        'test/unit/b.test.ts': "import { it } from 'vitest';\n\nit.only('runs alone', () => {});\n",
      }).sort(),
    ).toEqual([
      'core/util/a.ts noUnusedImports',
      'core/util/b.ts noExplicitAny',
      'test/unit/a.test.ts noSkippedTests',
      'test/unit/b.test.ts noFocusedTests',
    ]);
  });
});
