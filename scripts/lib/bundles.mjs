/**
 * What dist/ is made of. Everything is CommonJS: VS Code loads extensions that way, and one file that is
 * required at once starts faster than a tree of modules.
 *
 *   trapgate.js        launches the command line, which is trapgate-*.js and V8's bytecode of it
 *   debug-adapter.js   the debug adapter on stdio or TCP, for other editors
 *   extension.js       VS Code, Node host          extension.web.js   VS Code, browser host (self-contained)
 *   index.js           the library                 iced-x86.js        the disassembler, required on first use
 *   tier0.wasm         the interpreter, emitted by core/vcpu/interpreter
 *   demo.elf           the bundled demo guest      THIRD-PARTY-NOTICES.txt
 *   demo.img           the same on a disk, booted by loader.elf, whose symbols are there
 *   assembly.tmLanguage.json   how VS Code colours assembly
 *   trapgate-gdb.py    for gdb: follows a guest between 16-bit and 32-bit code
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { bundleCommand, writeBytecode } from './command.mjs';
import { demoDisk } from './demo-disk.mjs';
import { COMMON, icedApart, source, version } from './esbuild.mjs';
import { notices } from './notices.mjs';
import { dist } from './root.mjs';
import { buildTier0, readyTables } from './tables.mjs';

/**
 * A browser has no Node modules. iced-x86 asks for util, path and fs only to read its own wasm, and
 * debugadapter for events, url, path, fs and net; scripts/web holds just what they use.
 */
const browserModules = {
  name: 'browser-modules',
  setup(build) {
    build.onResolve({ filter: /^(node:)?(events|fs|net|path|url|util)$/ }, (args) => ({
      path: source(`scripts/web/${args.path.replace('node:', '')}.mjs`),
    }));
  },
};

const BUNDLES = [
  { entry: 'extension/debug-adapter.ts', out: 'debug-adapter.js', platform: 'node', banner: '#!/usr/bin/env node' },
  { entry: 'extension/extension.ts', out: 'extension.js', platform: 'node' },
  { entry: 'extension/extension-web.ts', out: 'extension.web.js', platform: 'browser' },
  { entry: 'core/index.ts', out: 'index.js', platform: 'node' },
  { entry: 'node_modules/iced-x86/iced_x86.js', out: 'iced-x86.js', platform: 'node', foreign: true },
];

function bundle({ entry, out, platform, banner, foreign }) {
  const web = platform === 'browser';
  const plugins = [readyTables, ...(web ? [browserModules] : foreign ? [] : [icedApart])];
  return esbuild.build({
    ...COMMON,
    entryPoints: [source(entry)],
    outfile: path.join(dist, out),
    platform,
    target: web ? 'es2022' : 'node20',
    plugins,
    minifyWhitespace: foreign === true,
    loader: { '.wasm': 'binary' },
    define: {
      'process.env.TRAPGATE_VERSION': JSON.stringify(version),
      ...(web ? { __dirname: '""' } : {}),
    },
    ...(web ? { mainFields: ['browser', 'module', 'main'] } : {}),
    ...(banner ? { banner: { js: banner } } : {}),
  });
}

/** Bundles a tool of the project (tests, benchmarks) into one file that Node runs. */
export function bundleTool(entry, outfile) {
  return esbuild.build({ ...COMMON, entryPoints: [entry], outfile, platform: 'node', target: 'node20' });
}

function copy(from, to) {
  if (existsSync(source(from))) copyFileSync(source(from), path.join(dist, to));
}

export async function build() {
  mkdirSync(path.join(dist, '.build'), { recursive: true });
  const stamp = newestSource();
  // A build that is cut short leaves parts of two: the next user of dist is to build again.
  rmSync(path.join(dist, '.build/stamp'), { force: true });
  await buildTier0();
  const present = BUNDLES.filter(({ entry }) => existsSync(source(entry)));
  const results = await Promise.all([bundleCommand(), ...present.map(bundle)]);
  copy('node_modules/iced-x86/iced_x86_bg.wasm', 'iced_x86_bg.wasm');
  copy('server/demo/demo.elf', 'demo.elf');
  copy('server/demo/loader.elf', 'loader.elf');
  const [loader, kernel] = ['loader.elf', 'demo.elf'].map((name) => readFileSync(source(`server/demo/${name}`)));
  writeFileSync(path.join(dist, 'demo.img'), demoDisk(loader, kernel));
  copy('server/gdb/trapgate-gdb.py', 'trapgate-gdb.py');
  copy('extension/assembly.tmLanguage.json', 'assembly.tmLanguage.json');
  writeFileSync(path.join(dist, 'THIRD-PARTY-NOTICES.txt'), notices(results.map((result) => result.metafile)));
  await writeBytecode();
  writeFileSync(path.join(dist, '.build/stamp'), String(stamp));
}

/** Time of the newest file that dist is made from, in milliseconds. */
export function newestSource() {
  let newest = statSync(source('package.json')).mtimeMs;
  for (const folder of ['core', 'server', 'extension', 'scripts']) {
    for (const entry of readdirSync(source(folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) newest = Math.max(newest, statSync(path.join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return newest;
}
