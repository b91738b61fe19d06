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
import { spawn } from 'node:child_process';
import {
  chmodSync,
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
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { demoDisk } from './demo-disk.mjs';
import { notices } from './notices.mjs';
import { dist, root } from './root.mjs';

const source = (file) => path.join(root, file);

const { version } = JSON.parse(readFileSync(source('package.json'), 'utf8'));

/** `node20` and `es2022` keep esbuild's binary loader from using Uint8Array.fromBase64, which Node 20 lacks. */
const COMMON = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  minifySyntax: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'silent',
  external: ['vscode'],
};

/**
 * The disassembler is 1.3 MB and takes a third of a second to come up, so it is a file of its own beside
 * the bundles and only the first disassembly requires it.
 */
const icedApart = {
  name: 'iced-apart',
  setup(build) {
    build.onResolve({ filter: /^iced-x86$/ }, () => ({ path: './iced-x86.js', external: true }));
  },
};

/**
 * commander can run subcommands that are programs of their own; ours are not. Without this, node:child_process
 * and all of Node's networking behind it would be loaded at every start.
 */
const noSubcommandPrograms = {
  name: 'no-subcommand-programs',
  setup(build) {
    build.onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'none', namespace: 'no-subcommand-programs' } : undefined,
    );
    build.onLoad({ filter: /.*/, namespace: 'no-subcommand-programs' }, () => ({ contents: '' }));
  },
};

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

/**
 * The command is cut into parts by file, and core/index.ts reaches every file. Here each import from it becomes
 * one from the file that has the name, so that a plain run does not load what only debuggers use.
 */
const throughTheFace = {
  name: 'through-the-face',
  setup(build) {
    const homes = new Map();
    const face = readFileSync(source('core/index.ts'), 'utf8');
    for (const [, names, from] of face.matchAll(/export \{([^}]*)\} from '\.\/([^']*)'/g)) {
      for (const name of names.split(',')) homes.set(name.trim(), from);
    }
    build.onLoad({ filter: /[\\/]server[\\/].*\.ts$/ }, ({ path: file }) => ({
      loader: 'ts',
      contents: readFileSync(file, 'utf8').replace(
        /import \{([^}]*)\} from '([./]*)core\/index\.ts'/g,
        (_, names, up) =>
          names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== '' && !name.startsWith('type '))
            .map((name) => `import { ${name} } from '${up}core/${homes.get(name) ?? 'index.ts'}'`)
            .join(';'),
      ),
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

/**
 * The command line is cut at its dynamic imports, so that what a plain `run` does not need (debugging, pictures)
 * is not even read. esbuild splits ES modules only; each part is then made CommonJS by itself. The launcher
 * (server/launcher.ts) loads the parts.
 */
async function bundleCommand() {
  const result = await esbuild.build({
    ...COMMON,
    entryPoints: { main: source('server/main.ts') },
    outdir: dist,
    entryNames: 'trapgate-[name]-[hash]',
    chunkNames: 'trapgate-[name]-[hash]',
    format: 'esm',
    splitting: true,
    write: false,
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    plugins: [icedApart, noSubcommandPrograms, throughTheFace, readyTables],
    define: { 'process.env.TRAPGATE_VERSION': JSON.stringify(version) },
  });
  const parts = new Set();
  for (const { path: file, text } of result.outputFiles) {
    const { code } = await esbuild.transform(takeByValue(text), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minifyWhitespace: true,
      // import() becomes require(), which the launcher sees.
      supported: { 'dynamic-import': false },
    });
    // As the launcher calls it.
    writeFileSync(file, `(function(exports,require,module,__dirname){${code}\n})`);
    parts.add(path.basename(file));
  }
  for (const name of readdirSync(dist)) {
    // Bytecode too: what is left from before would be taken for that of the new part.
    if (/^trapgate-.*\.js/.test(name) && !parts.has(name)) rmSync(path.join(dist, name));
  }
  const main = [...parts].find((name) => name.startsWith('trapgate-main-'));
  await esbuild.build({
    ...COMMON,
    entryPoints: [source('server/launcher.ts')],
    outfile: path.join(dist, 'trapgate.js'),
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    define: { 'process.env.TRAPGATE_MAIN': JSON.stringify(main) },
  });
  chmodSync(path.join(dist, 'trapgate.js'), 0o755);
  return result;
}

/** Imports of one part from another as constants: esbuild's CommonJS asks a getter at every use, hot loops too. */
function takeByValue(text) {
  return text.replace(
    /import\s*\{([^}]*)\}\s*from\s*"(\.\/trapgate-[^"]*)";/g,
    (_, names, from) => `const {${names.replace(/ as /g, ':')}} = require("${from}");`,
  );
}

/** Boots the demo once in a process of its own and keeps the bytecode V8 made; without it the command is only slower. */
function writeBytecode() {
  if (!existsSync(path.join(dist, 'demo.elf'))) return;
  const warm = spawn(process.execPath, [source('scripts/lib/warm-command.cjs'), dist], { stdio: 'ignore' });
  return new Promise((resolve) => warm.on('exit', resolve));
}

/** Texts that stand in for modules of pure tables in every bundle, by file name. */
const tables = {};

/**
 * Runs our own emitter once; the wasm is the same for every machine, so nobody has to emit it at start-up. With
 * it come the numbering of its handlers and the opcode table by place, which would otherwise be derived from the
 * opcode table at every start.
 */
async function buildTier0() {
  const emitter = path.join(dist, '.build/tier0.mjs');
  const contents = `export { buildTier0 } from './build.ts'; export * from './handlers.ts'; export { FIRST_FORM } from './record.ts';
    export * from '../../isa/opcode-texts.ts'; export * from '../../image/firmware/rom-image.ts';`;
  await esbuild.build({
    ...COMMON,
    stdin: { contents, resolveDir: source('core/vcpu/interpreter'), loader: 'ts' },
    outfile: emitter,
    format: 'esm',
    platform: 'node',
    target: 'node20',
  });
  const made = await import(`${pathToFileURL(emitter)}?${statSync(emitter).mtimeMs}`);
  const bytes = made.buildTier0();
  if (!WebAssembly.validate(bytes)) {
    writeFileSync(path.join(dist, '.build/tier0-invalid.wasm'), bytes);
    new WebAssembly.Module(bytes); // throws with the place of the mistake
  }
  writeFileSync(path.join(dist, 'tier0.wasm'), bytes);
  const keys = made.FORMS.map((form) => form.key).join(' ');
  tables['handlers.ts'] = `
    const numbers = new Map(${JSON.stringify(keys)}.split(' ').map((key, i) => [key, ${made.FIRST_FORM} + i]));
    export const handlerOf = (key) => numbers.get(key);
    export const FIRST_RARE = ${made.FIRST_RARE};
    export const HANDLERS = ${made.HANDLERS};
    export const BLOCK_SLOTS = ${made.BLOCK_SLOTS};
    export const RARE = '${made.RARE}';`;
  tables['rom-image.ts'] = `
    export const ROM_PIECES = ${JSON.stringify(made.ROM_PIECES)};
    export const VECTOR_OFFSETS = ${JSON.stringify(made.VECTOR_OFFSETS)};`;
  const list = (texts) => `${JSON.stringify(texts.join('\n'))}.split('\\n')`;
  tables['opcode-texts.ts'] = `
    export const OPCODE_TEXTS = ${list(made.OPCODE_TEXTS)};
    export const ESCAPE_TEXTS = ${list(made.ESCAPE_TEXTS)};`;
}

const readyTables = {
  name: 'ready-tables',
  setup(build) {
    build.onLoad(
      { filter: /[\\/](interpreter[\\/]handlers|isa[\\/]opcode-texts|firmware[\\/]rom-image)\.ts$/ },
      ({ path: file }) => ({
        contents: tables[path.basename(file)],
        loader: 'js',
      }),
    );
  },
};

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
