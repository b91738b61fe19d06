/**
 * Makes the demo disk: the boot sector out of loader.elf, its count of sectors filled in, and behind it as much
 * of the kernel's ELF file as is loaded.
 */
const SECTOR = 512;
const COUNT_OFFSET = 508;
const PT_LOAD = 1;

/** The loadable segments of an ELF32 file: offset and size in the file. */
function loadable(elf) {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const table = view.getUint32(28, true);
  const segments = [];
  for (let i = 0; i < view.getUint16(44, true); i++) {
    const at = table + 32 * i;
    if (view.getUint32(at, true) === PT_LOAD)
      segments.push({ offset: view.getUint32(at + 4, true), size: view.getUint32(at + 16, true) });
  }
  return segments;
}

/** @returns {Uint8Array} the image, a whole number of sectors */
export function demoDisk(loader, kernel) {
  const [boot] = loadable(loader);
  const end = Math.max(...loadable(kernel).map(({ offset, size }) => offset + size));
  const sectors = Math.ceil(end / SECTOR);
  const image = new Uint8Array((1 + sectors) * SECTOR);
  image.set(loader.subarray(boot.offset, boot.offset + SECTOR));
  new DataView(image.buffer).setUint16(COUNT_OFFSET, sectors, true);
  image.set(kernel.subarray(0, end), SECTOR);
  return image;
}
