/**
 * dist/trapgate.js: loads the command from the files beside it, with the bytecode V8 made of them when they
 * were built. Compiling is most of what a short run costs, and this leaves most of it out. Bytecode that is
 * missing or of another V8 is ignored. The names of the files hold a hash of their content, because V8 itself
 * compares no more than the length of a source with its bytecode.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

type Body = (exports: object, require: (name: string) => unknown, module: { exports: object }) => void;

const loaded = new Map<string, { exports: object }>();

/** What was loaded, by file: the build asks each for its bytecode after a run. */
export const scripts = new Map<string, vm.Script>();

/** @param part as the parts name each other: `./trapgate-….js` */
function load(part: string): object {
  const known = loaded.get(part);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(part, module);
  const file = path.join(__dirname, part);
  const bytecode = `${file}.bytecode`;
  // esbuild writes ASCII: as Latin-1 it need not be decoded.
  const script = new vm.Script(readFileSync(file, 'latin1'), {
    // Not the whole path: the bytecode holds this name, and is not to tell where it was made.
    filename: part,
    cachedData: existsSync(bytecode) ? readFileSync(bytecode) : undefined,
  });
  scripts.set(file, script);
  const requirePart = (name: string) => (name.startsWith('./trapgate-') ? load(name) : require(name));
  (script.runInThisContext() as (...parts: [...Parameters<Body>, string]) => void)(
    module.exports,
    requirePart,
    module,
    __dirname,
  );
  return module.exports;
}

load(`./${process.env.TRAPGATE_MAIN ?? ''}`);
