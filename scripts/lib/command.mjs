/** The command line in parts, with the bytecode V8 makes of them. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { COMMON, icedApart, source, version } from './esbuild.mjs';
import { dist, root } from './root.mjs';
import { readyTables } from './tables.mjs';

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

/**
 * What a start seldom needs though much imports it: parts of their own, loaded when one of these names is first
 * called. Their modules are entries of the bundle, and a stand-in takes their place where they are imported.
 */
const LATER = new Map([
  ['core/vcpu/jit/translator.ts', 'translate'],
  ['core/image/firmware/firmware.ts', 'Firmware'],
]);

const partOf = (file) => `trapgate-${path.basename(file, '.ts')}`;

const later = {
  name: 'later',
  setup(build) {
    build.onResolve({ filter: /[\\/](translator|firmware)\.ts$/ }, ({ path: to, resolveDir, kind }) => {
      const file = path.relative(root, path.resolve(resolveDir, to)).replaceAll('\\', '/');
      return kind !== 'entry-point' && LATER.has(file) ? { path: file, namespace: 'later' } : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'later' }, ({ path: file }) => {
      const name = LATER.get(file);
      const part = JSON.stringify(`./${partOf(file)}.js`);
      return {
        contents: `export function ${name}(...args) {
          const { ${name}: real } = loadPart(${part});
          return new.target ? new real(...args) : real(...args);
        }`,
      };
    });
  },
};

/**
 * The command line is cut at its dynamic imports and at LATER, so that what a plain `run` does not need (debugging,
 * pictures) is not even read; what it does need is one file. esbuild splits ES modules only; each part is then
 * made CommonJS by itself, a function of a table that the launcher (server/launcher.ts) reads.
 */
export async function bundleCommand() {
  const entries = [source('server/main.ts'), ...[...LATER.keys()].map(source)];
  const result = await esbuild.build({
    ...COMMON,
    entryPoints: Object.fromEntries(entries.map((file) => [partOf(file), file])),
    outdir: dist,
    chunkNames: 'trapgate-[name]-[hash]',
    format: 'esm',
    splitting: true,
    write: false,
    platform: 'node',
    target: 'node20',
    minifyWhitespace: true,
    plugins: [later, icedApart, noSubcommandPrograms, throughTheFace, readyTables],
    define: { 'process.env.TRAPGATE_VERSION': JSON.stringify(version) },
  });
  const bodies = new Map();
  for (const { path: file, text } of result.outputFiles) {
    const { code } = await esbuild.transform(byValue(text), {
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      minifyWhitespace: true,
      // import() becomes require(), which the launcher sees.
      supported: { 'dynamic-import': false },
    });
    bodies.set(path.basename(file), `function(exports,require,module,__dirname,loadPart){${code}\n}`);
  }
  // V8 compares no more than the length of a source with its bytecode, so the names change with the content.
  const stamp = createHash('sha256')
    .update([...bodies.values()].join())
    .digest('hex')
    .slice(0, 8);
  const together = importedBy('trapgate-main.js', result.metafile);
  const parts = new Map([...bodies.keys()].filter((name) => !together.has(name)).map((name) => [name, [name]]));
  parts.set('trapgate-main.js', [...together]);
  // Bytecode too: what is left from before would be taken for that of the new part.
  for (const name of readdirSync(dist)) if (/^trapgate-.*\.js/.test(name)) rmSync(path.join(dist, name));
  for (const [file, names] of parts) {
    const table = names.map((name) => `${JSON.stringify(`./${name}`)}:${bodies.get(name)}`);
    writeFileSync(path.join(dist, file.replace('.js', `-${stamp}.js`)), `({${table.join(',\n')}})`);
  }
  await esbuild.build({
    ...COMMON,
    entryPoints: [source('server/launcher.ts')],
    outfile: path.join(dist, 'trapgate.js'),
    platform: 'node',
    target: 'node20',
    banner: { js: '#!/usr/bin/env node' },
    define: { 'process.env.TRAPGATE_STAMP': JSON.stringify(stamp) },
  });
  chmodSync(path.join(dist, 'trapgate.js'), 0o755);
  return result;
}

/** The part and all that its import statements reach, by file name. */
function importedBy(part, { outputs }) {
  const files = new Map(Object.entries(outputs).map(([file, { imports }]) => [path.basename(file), imports]));
  const found = new Set([part]);
  for (const name of found) {
    for (const { path: file, kind } of files.get(name) ?? []) {
      if (kind === 'import-statement' && files.has(path.basename(file))) found.add(path.basename(file));
    }
  }
  return found;
}

/**
 * What one part takes from another, as constants; esbuild's CommonJS asks a getter at every use, in hot loops too,
 * and makes the getters at every start.
 */
function byValue(text) {
  return text
    .replace(
      /import\s*\{([^}]*)\}\s*from\s*"(\.\/trapgate-[^"]*)";/g,
      (_, names, from) => `const {${names.replace(/ as /g, ':')}} = require("${from}");`,
    )
    .replace(/export\s*\{([^}]*)\};\s*$/, (_, names) => {
      const pairs = names.split(',').map((name) => name.trim().split(' as '));
      return `Object.assign(exports, {${pairs.map(([own, outer = own]) => `${outer}: ${own}`)}});`;
    });
}

/** Boots the demo once in a process of its own and keeps the bytecode V8 made; without it the command is only slower. */
export function writeBytecode() {
  if (!existsSync(path.join(dist, 'demo.elf'))) return;
  const warm = spawn(process.execPath, [source('scripts/lib/warm-command.cjs'), dist], { stdio: 'ignore' });
  return new Promise((resolve) => warm.on('exit', resolve));
}
