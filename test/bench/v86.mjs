/** Runs a multiboot guest on an installed v86: `node v86.mjs PACKAGE_FOLDER GUEST`; COM1 goes to stdout. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, guest] = process.argv.slice(2);
const { V86 } = await import(pathToFileURL(path.join(folder, 'build/libv86.mjs')).href);
const image = readFileSync(guest);
const emulator = new V86({
  wasm_path: path.join(folder, 'build/v86.wasm'),
  memory_size: 128 << 20,
  vga_memory_size: 2 << 20,
  autostart: true,
  disable_keyboard: true,
  disable_mouse: true,
  disable_speaker: true,
  multiboot: { buffer: image.buffer.slice(image.byteOffset, image.byteOffset + image.length) },
});
emulator.add_listener('serial0-output-byte', (byte) => process.stdout.write(String.fromCharCode(byte)));
