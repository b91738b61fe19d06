/** iced-x86 reads one file, its own wasm; here it is embedded by the bundler. */
import wasm from 'iced-x86/iced_x86_bg.wasm';

export function readFileSync() {
  return wasm;
}
