/** What the build works out once so that no start has to: the interpreter's module, and tables in place of their derivation. */
import { statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as esbuild from 'esbuild';
import { COMMON, source } from './esbuild.mjs';
import { dist } from './root.mjs';

/** Columns of a handler's entry: the key of its form, its number. */
const KEY = 16;
const NUMBER = 5;

/** Texts that stand in for modules of pure tables in every bundle, by file name. */
const tables = {};

/**
 * Runs our own emitter once; the wasm is the same for every machine, so nobody has to emit it at start-up. With
 * it come the numbering of its handlers and the opcode table by place, which would otherwise be derived from the
 * opcode table at every start.
 */
export async function buildTier0() {
  const emitter = path.join(dist, '.build/tier0.mjs');
  const contents = `export { buildTier0 } from './build.ts'; export * from './handlers.ts';
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
  // Sorted and of one width: looking one up needs no map, whose making would cost every start more.
  const numbers = made.FORMS.map(({ key }) => key.padEnd(KEY) + String(made.handlerOf(key)).padStart(NUMBER)).sort();
  if (numbers.some((entry) => entry.length !== KEY + NUMBER)) throw new Error('a form has a key longer than KEY');
  tables['handlers.ts'] = `
    const NUMBERS = ${JSON.stringify(numbers.join(''))};
    export function handlerOf(key) {
      const wanted = key.padEnd(${KEY});
      let low = 0;
      let high = ${numbers.length};
      while (low < high) {
        const middle = (low + high) >>> 1;
        const at = middle * ${KEY + NUMBER};
        const found = NUMBERS.slice(at, at + ${KEY});
        if (found === wanted) return Number(NUMBERS.slice(at + ${KEY}, at + ${KEY + NUMBER}));
        if (found < wanted) low = middle + 1;
        else high = middle;
      }
    }
    export const FIRST_RARE = ${made.FIRST_RARE};
    export const HANDLERS = ${made.HANDLERS};
    export const BLOCK_SLOTS = ${made.BLOCK_SLOTS};
    export const RARE = '${made.RARE}';`;
  tables['rom-image.ts'] = `
    export const ROM_PIECES = ${JSON.stringify(made.ROM_PIECES)};
    export const VECTOR_OFFSETS = ${JSON.stringify(made.VECTOR_OFFSETS)};`;
  const reader = (name, texts) => `
    let ${name}s;
    export function ${name}(index) {
      ${name}s ??= ${JSON.stringify(texts.join('\n'))}.split('\\n');
      return ${name}s[index];
    }`;
  tables['opcode-texts.ts'] = reader('opcodeText', made.OPCODE_TEXTS) + reader('escapeText', made.ESCAPE_TEXTS);
}

export const readyTables = {
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
