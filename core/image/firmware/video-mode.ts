/**
 * INT 10h AH=00h: text modes by their VGA registers. Graphics modes are not built; asking for one leaves the
 * screen as it is, and AH=0Fh says so.
 */

import * as area from './data-area.ts';
import type { FirmwareHost } from './host.ts';

const MISC = 0x3c2;
const SEQUENCER = 0x3c4;
const ATTRIBUTE = 0x3c0;
const INPUT_STATUS = 0x3da;
const GRAPHICS = 0x3ce;
const SCREEN_ON = 0x20;

const SEQUENCER_TEXT = [0x03, 0x00, 0x03, 0x00, 0x02];
const GRAPHICS_TEXT = [0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff];
const ATTRIBUTE_TEXT = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x0c, 0, 0x0f, 8, 0];
const MISC_TEXT = 0x67;
// 720 x 400 at 70 Hz: 25 rows of 16 lines.
const CRTC_80 = [
  0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f,
  0x96, 0xb9, 0xa3, 0xff,
];
const CRTC_40 = [
  0x2d, 0x27, 0x28, 0x90, 0x2b, 0xa0, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0x1f,
  0x96, 0xb9, 0xa3, 0xff,
];
const CRTC_PROTECT = 0x11;
const LAST_COLOR_TEXT = 3;

const BLANKS = area.BLANK | (area.BLANK << 16);

/** False when the mode is no colour text mode; nothing is changed then. */
export function setVideoMode(host: FirmwareHost, number: number): boolean {
  const mode = number & 0x7f;
  if (mode > LAST_COLOR_TEXT) return false;
  const columns = mode < 2 ? 40 : 80;
  programText(host, columns);
  // Bit 7 keeps what is on the screen.
  if ((number & 0x80) === 0)
    for (let at = 0; at < area.TEXT_BYTES; at += 4) host.write(area.TEXT_MEMORY + at, 4, BLANKS);
  for (const [at, size, value] of area.textModeFields(mode, columns)) host.write(at, size, value);
  return true;
}

function programText(host: FirmwareHost, columns: number): void {
  host.writePort(MISC, 1, MISC_TEXT);
  SEQUENCER_TEXT.forEach((value, index) => indexed(host, SEQUENCER, index, value));
  GRAPHICS_TEXT.forEach((value, index) => indexed(host, GRAPHICS, index, value));
  indexed(host, area.CRTC, CRTC_PROTECT, 0);
  (columns === 40 ? CRTC_40 : CRTC_80).forEach((value, index) => indexed(host, area.CRTC, index, value));
  // Reading the status makes the next write to the attribute port an index.
  host.readPort(INPUT_STATUS, 1);
  ATTRIBUTE_TEXT.forEach((value, index) => {
    host.writePort(ATTRIBUTE, 1, index);
    host.writePort(ATTRIBUTE, 1, value);
  });
  host.writePort(ATTRIBUTE, 1, SCREEN_ON);
}

/** An index/data register pair. */
export function indexed(host: FirmwareHost, port: number, index: number, value: number): void {
  host.writePort(port, 1, index);
  host.writePort(port + 1, 1, value);
}
