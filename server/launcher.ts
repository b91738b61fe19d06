/**
 * dist/trapgate.js: loads the command from the files beside it, with the bytecode V8 made of them when they
 * were built. Compiling is most of what a short run costs, and this leaves most of it out. Bytecode that is
 * missing or of another V8 is ignored. The names of the files hold a hash of their content, because V8 itself
 * compares no more than the length of a source with its bytecode.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

type Require = (name: string) => unknown;
type Body = (
  exports: object,
  require: Require,
  module: { exports: object },
  dirname: string,
  loadPart: (part: string) => object,
) => void;

/** Those of the files that were read, by part. */
const bodies = new Map<string, Body>();
const loaded = new Map<string, { exports: object }>();

/** What was read, by file: the build asks each for its bytecode after a run. */
export const scripts = new Map<string, vm.Script>();

/** Reads the file of a part and of the parts that come with it. */
function read(part: string): void {
  const name = part.replace(/\.js$/, `-${process.env.TRAPGATE_STAMP}.js`);
  const file = path.join(__dirname, name);
  const bytecode = `${file}.bytecode`;
  // esbuild writes ASCII: as Latin-1 it need not be decoded.
  const script = new vm.Script(readFileSync(file, 'latin1'), {
    // Not the whole path: the bytecode holds this name, and is not to tell where it was made.
    filename: name,
    cachedData: existsSync(bytecode) ? readFileSync(bytecode) : undefined,
  });
  scripts.set(file, script);
  for (const [each, body] of Object.entries<Body>(script.runInThisContext())) bodies.set(each, body);
}

/** @param part as the parts name each other: `./trapgate-….js` */
function load(part: string): object {
  const known = loaded.get(part);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(part, module);
  if (!bodies.has(part)) read(part);
  const body = bodies.get(part);
  if (body === undefined) throw new Error(`internal error: ${part} is not in its file`);
  body(module.exports, requirePart, module, __dirname, load);
  return module.exports;
}

function requirePart(name: string): unknown {
  return name.startsWith('./trapgate-') ? load(name) : require(name);
}

load('./trapgate-main.js');
