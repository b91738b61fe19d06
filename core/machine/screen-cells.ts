/** The text screen as cells: what a picture of it is drawn from. */
import type { VgaText } from '../devices/vga-text.ts';

export interface ScreenCells {
  readonly columns: number;
  readonly rows: number;
  /** Code (code page 437) and attribute of each cell, row by row. */
  readonly bytes: Uint8Array;
  /** Index of the cell with the cursor, or -1. */
  readonly cursor: number;
}

const COLUMNS = 80;
const ROWS = 25;

/** A machine without a display has a blank screen of the usual size. */
export function screenCells(vga: VgaText | undefined): ScreenCells {
  if (vga === undefined) return { columns: COLUMNS, rows: ROWS, bytes: new Uint8Array(COLUMNS * ROWS * 2), cursor: -1 };
  const cells = vga.cells();
  const { row, column, visible } = vga.cursor();
  return { ...cells, cursor: visible ? row * cells.columns + column : -1 };
}
