/**
 * A letter for every printable ASCII character, drawn for this project on a grid of 5 by 7: enough to read a
 * text screen in a picture. Not the character ROM of any display adapter.
 */

/** From space to `~`; seven rows a letter, one base-32 digit a row, the leftmost dot the highest bit. */
const LETTERS = [
  '0000000 4444404 aaa0000 aavavaa 4fke5u4 op248j3 cik8lid 4480000 2488842 8422248 04lel40 044v440 0000c48 000v000 00000cc 01248g0',
  'ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404',
  'eh1dlle ehhhvhh uhhuhhu ehggghe sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe',
  'uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e 0g84210 e22222e 4ah0000 000000v',
  '8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 0fhhf1e ggmphhh 40c444e 20622ic ggikoki c44444e 00qllhh 00mphhh 00ehhhe',
  '00uhugg 00djf11 00mpggg 00ege1u 88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhf1e 00v248v 2448442 4444444 8442448 008l200',
]
  .join(' ')
  .split(' ');

export const CELL_WIDTH = 8;
export const CELL_HEIGHT = 16;
const DOTS = 5;
/** Where the grid starts in a cell; each of its rows is two lines high. */
const LEFT = 1;
const TOP = 1;

/** Eight dots of a cell's line, the leftmost the highest bit. Code page 437 above 7Fh shows as blocks and blanks. */
export function glyphLine(code: number, line: number): number {
  if (code === 0xdb) return 0xff;
  if (code >= 0xb0 && code <= 0xb2) return line % 2 === 0 ? 0xaa : 0x55;
  if (code === 0xc4 || code === 0xcd) return line === 8 ? 0xff : 0;
  if (code === 0xb3 || code === 0xba) return 0x18;
  const letter = LETTERS[code - 32];
  const row = (line - TOP) >> 1;
  if (letter === undefined || line < TOP || row > 6) return 0;
  return Number.parseInt(letter[row], 32) << (CELL_WIDTH - LEFT - DOTS);
}
