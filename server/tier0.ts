/** The interpreter's wasm module, emitted at build time and read from beside the bundle. */
import { readFileSync } from 'node:fs';
import path from 'node:path';

export function loadTier0(): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(path.join(__dirname, 'tier0.wasm')));
}
