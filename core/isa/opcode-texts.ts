/**
 * The opcode table by place: text of the row (notation of opcodes.ts) or rows that an opcode means. The decoder
 * parses a text when it first meets the opcode. The build puts the result in place of this module, so that
 * no start walks the table.
 */
import { ROW_TEXTS, ROWS } from './opcodes.ts';

export const OPCODE_TEXTS: readonly string[] = (() => {
  const texts: string[] = new Array(512).fill('');
  ROWS.forEach((row, i) => {
    if (row.opcode >= 0xd8 && row.opcode <= 0xdf) return;
    const slot = row.opcode >= 0xf00 ? 256 + (row.opcode & 0xff) : row.opcode;
    if (row.digit < 0) {
      texts[slot] = ROW_TEXTS[i];
      return;
    }
    const group = texts[slot] === '' ? new Array(8).fill('') : texts[slot].split('|');
    group[row.digit] = ROW_TEXTS[i];
    texts[slot] = group.join('|');
  });
  return texts;
})();

export const ESCAPE_TEXTS: readonly string[] = (() => {
  const texts: string[] = new Array(8 * 72).fill('');
  ROWS.forEach((row, i) => {
    if (row.opcode < 0xd8 || row.opcode > 0xdf) return;
    const at = (row.opcode - 0xd8) * 72;
    const [first, last] = row.escape ?? [row.digit - 8, row.digit - 8];
    for (let modrm = first; modrm <= last; modrm++) texts[at + 8 + (row.escape ? modrm & 63 : modrm)] = ROW_TEXTS[i];
  });
  return texts;
})();

/** Of opcodes 00–FF, then 0F00–0FFF: '' undefined, a row, or the rows of a group by ModRM digit with `|` between. */
export function opcodeText(slot: number): string {
  return OPCODE_TEXTS[slot];
}

/** Of x87 escapes D8–DF: per opcode 8 memory forms by digit, then 64 register forms by the low bits of ModRM. */
export function escapeText(index: number): string {
  return ESCAPE_TEXTS[index];
}
