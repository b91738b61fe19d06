/** The smallest ELF files that have certain sections, for debug information that no tool writes. */
import { EM_386, ET_EXEC, SECTION_SIZE } from '../../../../core/image/elf.ts';

const HEADER = 52;
const STRTAB = 3;

/** @param sections contents by name */
export function elfOf(sections: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const names = `\0${Object.keys(sections).join('\0')}\0.shstrtab\0`;
  const all = [...Object.entries(sections), ['.shstrtab', new TextEncoder().encode(names)] as const];
  const table = HEADER + all.reduce((sum, [, contents]) => sum + contents.length, 0);
  const bytes = new Uint8Array(table + SECTION_SIZE * (all.length + 1));
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  view.setUint16(16, ET_EXEC, true);
  view.setUint16(18, EM_386, true);
  view.setUint32(32, table, true);
  view.setUint16(46, SECTION_SIZE, true);
  view.setUint16(48, all.length + 1, true);
  view.setUint16(50, all.length, true);
  let at = HEADER;
  all.forEach(([name, contents], i) => {
    const header = table + SECTION_SIZE * (i + 1);
    view.setUint32(header, names.indexOf(`\0${name}\0`) + 1, true);
    view.setUint32(header + 4, name === '.shstrtab' ? STRTAB : 1, true);
    view.setUint32(header + 16, at, true);
    view.setUint32(header + 20, contents.length, true);
    bytes.set(contents, at);
    at += contents.length;
  });
  return bytes;
}
