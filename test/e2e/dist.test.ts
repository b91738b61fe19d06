/** What is built and shipped: every bundle is there, loads where it should, and carries its notices. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import vm from 'node:vm';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const dist = (name: string) => path.join(root, 'dist', name);
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string;
  main: string;
  browser: string;
  bin: { trapgate: string };
  exports: Record<string, string | { types: string; default: string }>;
  dependencies?: object;
};

describe('dist', () => {
  it('has every file that package.json names', () => {
    const named = [manifest.main, manifest.browser, manifest.bin.trapgate];
    for (const entry of Object.values(manifest.exports)) {
      named.push(typeof entry === 'string' ? entry : entry.default);
    }
    expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
    expect(manifest.dependencies).toBeUndefined();
  });

  it('has a command that knows its version', () => {
    const result = spawnSync(process.execPath, [dist('trapgate.js'), '--version'], { encoding: 'utf8' });
    expect(result.stdout.trim()).toContain(manifest.version);
    expect(result.status).toBe(0);
  });

  it('has parts of the command in ASCII, as the launcher reads them', () => {
    const parts = readdirSync(path.join(root, 'dist')).filter((name) => /^trapgate-.*\.js$/.test(name));
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      const bytes = readFileSync(dist(part));
      expect(
        bytes.every((byte) => byte < 0x80),
        part,
      ).toBe(true);
    }
  });

  it('has a library that makes a machine', () => {
    const library = createRequire(import.meta.url)(dist('index.js')) as typeof import('../../core/index.ts');
    const tier0 = new WebAssembly.Module(readFileSync(dist('tier0.wasm')));
    const image = { name: 'demo', bytes: new Uint8Array(readFileSync(dist('demo.elf'))), append: '', modules: [] };
    const machine = new library.Machine({ ...library.DEFAULT_CONFIG, image }, tier0);
    let text = '';
    machine.onOutput((channel, byte) => {
      if (channel === 'serial') text += String.fromCharCode(byte);
    });
    for (let slices = 0; slices < 100 && !text.includes('\n'); slices++) machine.run(100_000);
    expect(text).toContain('Trapgate demo kernel');
  });

  it('has a browser bundle that asks for nothing but vscode', () => {
    const text = readFileSync(dist('extension.web.js'), 'utf8');
    const module = { exports: {} as { activate?: unknown } };
    const asked: string[] = [];
    const require = (name: string) => {
      asked.push(name);
      return {};
    };
    // What a web worker has, and no more: a Node global that slipped in is a ReferenceError here.
    const { WebAssembly, TextDecoder, TextEncoder, URL, atob, setTimeout, clearTimeout, MessageChannel } = globalThis;
    const worker = {
      module,
      exports: module.exports,
      require,
      WebAssembly,
      TextDecoder,
      TextEncoder,
      URL,
      atob,
      MessageChannel,
    };
    vm.runInNewContext(text, { ...worker, setTimeout, clearTimeout, console });
    expect(typeof module.exports.activate).toBe('function');
    expect(asked.filter((name) => name !== 'vscode')).toEqual([]);
  });

  it('names no place of the machine it was built on', () => {
    for (const name of readdirSync(path.join(root, 'dist'), { recursive: true, encoding: 'utf8' })) {
      if (!name.startsWith('.build') && statSync(dist(name)).isFile())
        expect(readFileSync(dist(name), 'latin1').includes(root), name).toBe(false);
    }
  });

  it('quotes the licence of every package inside it', () => {
    const notices = readFileSync(dist('THIRD-PARTY-NOTICES.txt'), 'utf8');
    for (const name of ['iced-x86', '@vscode/debugadapter']) expect(notices).toContain(`${name} `);
    expect(notices).toContain('Permission is hereby granted');
  });
});

describe('a build that is cut short', () => {
  it('is not taken for a whole one', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'trapgate-build-'));
    try {
      for (const name of ['core', 'server', 'extension', 'scripts', 'package.json'])
        cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
      symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
      const stamp = path.join(folder, 'dist/.build/stamp');
      // A folder where a file is to be stops the build half way.
      for (const name of ['.build', 'demo.elf']) mkdirSync(path.join(folder, 'dist', name), { recursive: true });
      writeFileSync(stamp, '0');
      const build = spawnSync(process.execPath, [path.join(folder, 'scripts/build.mjs')], { encoding: 'utf8' });
      expect([build.status, build.stderr]).toEqual([1, expect.stringContaining('build failed')]);
      expect(existsSync(stamp)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the npm package', () => {
  it('holds dist and the documents, and no sources', () => {
    const npm = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' });
    const [{ files }] = JSON.parse(npm.stdout) as { files: { path: string }[] }[];
    const names = files.map((file) => file.path);
    expect(names).toEqual(expect.arrayContaining(['dist/trapgate.js', 'dist/tier0.wasm', 'README.md', 'LICENSE']));
    const folders = new Set(names.filter((name) => name.includes('/')).map((name) => name.split('/')[0]));
    expect([...folders]).toEqual(['dist']);
  });

  it('works from an empty folder: the command, and the library with its types', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'trapgate-package-'));
    try {
      const run = (command: string, words: readonly string[]) =>
        spawnSync(command, words, {
          cwd: folder,
          encoding: 'utf8',
          shell: command === 'npm' && process.platform === 'win32',
        });
      const quiet = ['--ignore-scripts', '--offline', '--no-audit', '--no-fund', '--loglevel=error'];
      expect(run('npm', ['pack', root, ...quiet]).stderr).not.toContain('error');
      const [archive] = readdirSync(folder);
      writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "module" }');
      expect(run('npm', ['install', `./${archive}`, ...quiet]).status).toBe(0);

      const command = path.join(folder, 'node_modules/.bin/trapgate');
      expect(run(command, ['--version']).stdout.trim()).toBe(manifest.version);
      const booted = run(command, ['run', 'node_modules/trapgate/dist/demo.img']);
      expect([booted.status, booted.stdout]).toEqual([0, expect.stringContaining('All done, powering off.')]);

      writeFileSync(path.join(folder, 'library.mts'), LIBRARY);
      const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
      const options = ['--strict', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
      const types = ['--typeRoots', path.join(root, 'node_modules/@types')];
      expect(run(process.execPath, [tsc, ...options, ...types, 'library.mts']).stdout).toBe('');
      expect(run(process.execPath, ['library.mjs']).stdout).toContain('All done, powering off.');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

/** Boots the demo as a program of somebody else would. */
const LIBRARY = `
import { readFileSync } from 'node:fs';
import { DEFAULT_CONFIG, Machine } from 'trapgate';

const tier0 = new WebAssembly.Module(readFileSync('node_modules/trapgate/dist/tier0.wasm'));
const bytes = new Uint8Array(readFileSync('node_modules/trapgate/dist/demo.elf'));
const machine: Machine = new Machine({ ...DEFAULT_CONFIG, image: { name: 'demo', bytes, append: '', modules: [] } }, tier0);
machine.onOutput((channel, byte) => {
  if (channel === 'serial') process.stdout.write(String.fromCharCode(byte));
});
while (machine.run(1_000_000).kind !== 'poweroff');
`;
