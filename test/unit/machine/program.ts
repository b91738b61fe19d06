/** Machine code as a bootable file: the smallest ELF that loads it at 1 MiB and starts there. */
const LOAD = 0x100000;
const HEADER = 52 + 32;

export function program(code: readonly number[]): Uint8Array {
  const file = new Uint8Array(HEADER + code.length);
  const view = new DataView(file.buffer);
  const words = (at: number, ...values: number[]) =>
    values.forEach((value, i) => view.setUint32(at + 4 * i, value, true));
  file.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  // ET_EXEC, EM_386, version, entry, program headers at 52.
  view.setUint16(16, 2, true);
  view.setUint16(18, 3, true);
  words(20, 1, LOAD, 52, 0, 0);
  for (const [i, value] of [52, 32, 1, 40, 0, 0].entries()) view.setUint16(40 + 2 * i, value, true);
  // PT_LOAD: offset, virtual, physical, file size, memory size, R+W+X, alignment.
  words(52, 1, HEADER, LOAD, LOAD, code.length, code.length, 7, 4096);
  file.set(code, HEADER);
  return file;
}
