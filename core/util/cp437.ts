/** The character set of the PC's text screen, code page 437, as Unicode. Tables only. */

const CONTROLS = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const HIGH =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

/** The glyph a text mode shows for a byte; 00h and FFh are blank. */
export const CP437: readonly string[] = Array.from({ length: 256 }, (_, code) => {
  if (code < 0x20) return CONTROLS[code];
  if (code === 0x7f) return '⌂';
  return code < 0x80 ? String.fromCharCode(code) : HIGH[code - 0x80];
});
