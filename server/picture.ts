/** The text screen as a picture: cells of 8 by 16 dots in the sixteen colours of a VGA. */
import type { ScreenCells } from '../core/index.ts';
import { CELL_HEIGHT, CELL_WIDTH, glyphLine } from './font.ts';

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue for each dot, row by row. */
  readonly data: Uint8Array;
}

/** The default palette (IBM VGA technical reference, colour registers 0–15 as the BIOS loads them). */
const COLOURS = [
  0x000000, 0x0000aa, 0x00aa00, 0x00aaaa, 0xaa0000, 0xaa00aa, 0xaa5500, 0xaaaaaa, 0x555555, 0x5555ff, 0x55ff55,
  0x55ffff, 0xff5555, 0xff55ff, 0xffff55, 0xffffff,
];

export function renderScreen({ columns, rows, bytes, cursor }: ScreenCells): Picture {
  const width = columns * CELL_WIDTH;
  const height = rows * CELL_HEIGHT;
  const data = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / CELL_HEIGHT);
    const line = y % CELL_HEIGHT;
    for (let column = 0; column < columns; column++) {
      const cell = row * columns + column;
      const code = bytes[2 * cell];
      const attribute = bytes[2 * cell + 1];
      const underline = cursor === cell && line >= CELL_HEIGHT - 2;
      const dots = underline ? 0xff : glyphLine(code, line);
      for (let bit = 0x80; bit !== 0; bit >>= 1) {
        // Attribute bit 7 is the blink bit: shown unlit, as half of the time.
        const colour = COLOURS[dots & bit ? attribute & 15 : (attribute >> 4) & 7];
        data[at++] = colour >> 16;
        data[at++] = (colour >> 8) & 0xff;
        data[at++] = colour & 0xff;
      }
    }
  }
  return { width, height, data };
}

/** Netpbm's binary PPM. */
export function encodePpm({ width, height, data }: Picture): Uint8Array {
  const header = new TextEncoder().encode(`P6\n${width} ${height}\n255\n`);
  const file = new Uint8Array(header.length + data.length);
  file.set(header);
  file.set(data, header.length);
  return file;
}

/** The encoder is loaded on first use: most runs take no picture. */
export async function encodePng({ width, height, data }: Picture): Promise<Uint8Array> {
  const { encode } = await import('fast-png');
  return encode({ width, height, data, channels: 3, depth: 8 });
}
