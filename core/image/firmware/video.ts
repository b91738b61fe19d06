/**
 * INT 10h, the text half of it: what boot sectors, loaders and DOS programs write characters with. Positions
 * are kept in the data area; the cursor of the active page is also put into the CRT controller.
 */
import { ES } from '../../isa/registers.ts';
import type { Call, Service } from './call.ts';
import * as area from './data-area.ts';
import type { FirmwareHost } from './host.ts';
import { indexed, setVideoMode } from './video-mode.ts';

const BELL = 7;
const BACKSPACE = 8;
const LINE_FEED = 10;
const RETURN = 13;
const PAGES = 8;
const BLANK = 0x20;
const CRTC_CURSOR_START = 0x0a;
const CRTC_START = 0x0c;
const CRTC_CURSOR = 0x0e;
/** AL and BL of INT 10h AH=1Ah: the call is there; a VGA with a colour display. */
const VGA_COLOR = 0x08;

/** The screen of one call: its size, and its pages in memory. */
class Screen {
  readonly host: FirmwareHost;
  readonly columns: number;
  readonly rows: number;
  readonly pageBytes: number;
  readonly active: number;

  constructor(host: FirmwareHost) {
    this.host = host;
    // A guest may write anything there; a screen has at least one cell and at most what VGA can show.
    this.columns = Math.min(Math.max(host.read(area.VIDEO_COLUMNS, 2), 1), 255);
    this.rows = Math.min(host.read(area.VIDEO_ROWS, 1) + 1, 128);
    this.pageBytes = host.read(area.VIDEO_PAGE_BYTES, 2);
    this.active = host.read(area.VIDEO_PAGE, 1) % PAGES;
  }

  cell(page: number, row: number, column: number): number {
    return area.TEXT_MEMORY + ((page * this.pageBytes + 2 * (row * this.columns + column)) & 0x7fff & ~1);
  }

  /** Row in the high byte, column in the low one. */
  position(page: number): { row: number; column: number } {
    const word = this.host.read(area.CURSOR_POSITIONS + 2 * (page % PAGES), 2);
    return { row: word >>> 8, column: word & 0xff };
  }

  moveTo(page: number, row: number, column: number): void {
    this.host.write(area.CURSOR_POSITIONS + 2 * (page % PAGES), 2, (row << 8) | column);
    if (page % PAGES === this.active) this.#showCursor(row, column);
  }

  #showCursor(row: number, column: number): void {
    const at = (this.host.read(area.VIDEO_PAGE_START, 2) >>> 1) + row * this.columns + column;
    indexed(this.host, area.CRTC, CRTC_CURSOR, (at >>> 8) & 0xff);
    indexed(this.host, area.CRTC, CRTC_CURSOR + 1, at & 0xff);
  }

  /** Moves a window by rows, up for a positive count, and blanks what comes free. 0 blanks all of it. */
  scroll(count: number, attribute: number, top: number, left: number, bottom: number, right: number): void {
    const lastRow = Math.min(bottom, this.rows - 1);
    const lastColumn = Math.min(right, this.columns - 1);
    const height = lastRow - top + 1;
    const shift = count === 0 || Math.abs(count) > height ? height : count;
    const blank = BLANK | (attribute << 8);
    for (let step = 0; step < height; step++) {
      const row = shift > 0 ? top + step : lastRow - step;
      const from = row + shift;
      const copied = from >= top && from <= lastRow;
      for (let column = left; column <= lastColumn; column++) {
        const value = copied ? this.host.read(this.cell(this.active, from, column), 2) : blank;
        this.host.write(this.cell(this.active, row, column), 2, value);
      }
    }
  }

  /** Teletype: the character, or what it controls, and the cursor behind it. @param attribute undefined keeps the cell's */
  type(page: number, character: number, attribute?: number): void {
    let { row, column } = this.position(page);
    switch (character) {
      case BELL:
        return;
      case BACKSPACE:
        if (column > 0) column--;
        break;
      case LINE_FEED:
        row++;
        break;
      case RETURN:
        column = 0;
        break;
      default: {
        const cell = this.cell(page, row, column);
        this.host.write(cell, 1, character);
        if (attribute !== undefined) this.host.write(cell + 1, 1, attribute);
        column++;
      }
    }
    if (column >= this.columns) {
      column = 0;
      row++;
    }
    if (row >= this.rows) {
      row = this.rows - 1;
      const below = this.host.read(this.cell(page, row, 0) + 1, 1);
      if (page === this.active) this.scroll(1, below, 0, 0, this.rows - 1, this.columns - 1);
    }
    this.moveTo(page, row, column);
  }
}

/** Text for the user, from the firmware itself. */
export function print(host: FirmwareHost, text: string): void {
  const screen = new Screen(host);
  for (const character of text) screen.type(screen.active, character.charCodeAt(0));
}

export const video: Service = (call) => {
  const { host } = call;
  FUNCTIONS.get(call.ah)?.(call, new Screen(host));
};

const FUNCTIONS: ReadonlyMap<number, (call: Call, screen: Screen) => void> = new Map([
  [0x00, (call) => setMode(call)],
  [0x01, (call) => setCursorShape(call)],
  [0x02, (call, screen) => screen.moveTo(call.bh, call.dh, call.dl)],
  [0x03, readCursor],
  [0x05, selectPage],
  [0x06, (call, screen) => screen.scroll(call.al, call.bh, call.ch, call.cl, call.dh, call.dl)],
  [0x07, (call, screen) => screen.scroll(-call.al, call.bh, call.ch, call.cl, call.dh, call.dl)],
  [0x08, readCharacter],
  [0x09, (call, screen) => repeatCharacter(call, screen, true)],
  [0x0a, (call, screen) => repeatCharacter(call, screen, false)],
  [0x0e, (call, screen) => screen.type(call.bh % PAGES, call.al)],
  [0x0f, readMode],
  [0x11, fontInformation],
  [0x12, alternateSelect],
  [0x13, writeString],
  [0x1a, displayCombination],
]);

function setMode(call: Call): void {
  // What several VGAs leave in AL; nobody depends on it, but it is defined.
  if (setVideoMode(call.host, call.al)) call.al = 0x30;
}

function setCursorShape(call: Call): void {
  call.host.write(area.CURSOR_SHAPE, 2, call.cx);
  indexed(call.host, area.CRTC, CRTC_CURSOR_START, call.ch);
  indexed(call.host, area.CRTC, CRTC_CURSOR_START + 1, call.cl);
}

function readCursor(call: Call, screen: Screen): void {
  const { row, column } = screen.position(call.bh);
  call.dx = (row << 8) | column;
  call.cx = call.host.read(area.CURSOR_SHAPE, 2);
  call.ax = 0;
}

function selectPage(call: Call, screen: Screen): void {
  const page = call.al;
  if (page >= PAGES) return;
  const start = page * screen.pageBytes;
  call.host.write(area.VIDEO_PAGE, 1, page);
  call.host.write(area.VIDEO_PAGE_START, 2, start);
  indexed(call.host, area.CRTC, CRTC_START, (start >>> 9) & 0xff);
  indexed(call.host, area.CRTC, CRTC_START + 1, (start >>> 1) & 0xff);
  const { row, column } = screen.position(page);
  new Screen(call.host).moveTo(page, row, column);
}

function readCharacter(call: Call, screen: Screen): void {
  const { row, column } = screen.position(call.bh);
  call.ax = call.host.read(screen.cell(call.bh % PAGES, row, column), 2);
}

function repeatCharacter(call: Call, screen: Screen, withAttribute: boolean): void {
  const page = call.bh % PAGES;
  const { row, column } = screen.position(page);
  const count = Math.min(call.cx, screen.rows * screen.columns);
  for (let i = 0; i < count; i++) {
    const cell = screen.cell(page, row, column + i);
    if (withAttribute) call.host.write(cell, 2, call.al | (call.bl << 8));
    else call.host.write(cell, 1, call.al);
  }
}

function readMode(call: Call, screen: Screen): void {
  call.ax = (screen.columns << 8) | call.host.read(area.VIDEO_MODE, 1);
  call.bx = (screen.active << 8) | call.bl;
}

/** AL=30h: character height and rows; there are no fonts to point to. */
function fontInformation(call: Call, screen: Screen): void {
  if (call.al !== 0x30) return;
  call.cx = call.host.read(area.CHARACTER_HEIGHT, 2);
  call.dx = (call.dx & 0xff00) | (screen.rows - 1);
}

/** BL=10h, "EGA information": colour, 256 KiB. */
function alternateSelect(call: Call): void {
  if (call.bl !== 0x10) return;
  call.bx = 0x0003;
  call.cx = 0;
}

/** AL bit 0: leave the cursor behind the text; bit 1: an attribute follows each character. */
function writeString(call: Call, screen: Screen): void {
  const page = call.bh % PAGES;
  const before = screen.position(page);
  screen.moveTo(page, call.dh, call.dl);
  const step = call.al & 2 ? 2 : 1;
  // Two screens of text are more than anybody sees; a call must end soon whatever CX says.
  const count = Math.min(call.cx, 2 * screen.rows * screen.columns);
  for (let i = 0; i < count; i++) {
    const character = call.host.read(call.linear(ES, call.bp + i * step), 1);
    const attribute = step === 2 ? call.host.read(call.linear(ES, call.bp + i * step + 1), 1) : call.bl;
    screen.type(page, character, attribute);
  }
  if ((call.al & 1) === 0) screen.moveTo(page, before.row, before.column);
}

function displayCombination(call: Call): void {
  if (call.al !== 0) return;
  call.al = 0x1a;
  call.bx = VGA_COLOR;
}
