/**
 * What each key of scan code set 1 puts into the buffer of INT 16h: scan code in the high byte, character in
 * the low one. US layout; the codes with Ctrl and Alt are those of the 101-key keyboard's firmware.
 */
export interface Modifiers {
  readonly shift: boolean;
  readonly control: boolean;
  readonly alt: boolean;
  readonly caps: boolean;
  readonly num: boolean;
}

/** More keys than the buffer has places. */
export const KEYS = 64;
export const DELETE = 0x53;

const ENTER = 0x1c;
const SLASH = 0x35;
const TAB = 0x0f;
const BACKSPACE = 0x0e;
const ESCAPE = 0x01;
const SPACE = 0x39;
const PLAIN = "\0\x1b1234567890-=\b\tqwertyuiop[]\r\0asdfghjkl;'`\0\\zxcvbnm,./\0*\0 ";
const SHIFTED = '\0\x1b!@#$%^&*()_+\b\0QWERTYUIOP{}\r\0ASDFGHJKL:"~\0|ZXCVBNM<>?\0*\0 ';
/** 47h to 53h: the number pad with Num Lock. */
const NUMBER_PAD = '789-456+1230.';
const PAD_FIRST = 0x47;
/** The same with Ctrl: Ctrl-Home, Up, PgUp, -, Left, 5, Right, +, End, Down, PgDn, Ins, Del. */
const CONTROL_PAD = [0x77, 0x8d, 0x84, 0x8e, 0x73, 0x8f, 0x74, 0x90, 0x75, 0x91, 0x76, 0x92, 0x93];

/** The buffer word of a key, or undefined when it gives none. */
export function keyCode(scan: number, extended: boolean, modifiers: Modifiers): number | undefined {
  if (extended && scan !== ENTER && scan !== SLASH) return greyKey(scan, modifiers);
  if (scan >= 0x3b && scan <= 0x44) return functionKey(scan - 0x3b, scan, modifiers) << 8;
  if (scan === 0x57 || scan === 0x58) return functionKey12(scan - 0x57, modifiers) << 8;
  if (scan >= PAD_FIRST && scan <= DELETE) return padKey(scan, modifiers);
  if (scan === 0x56) return (scan << 8) | (modifiers.shift ? 0x7c : 0x5c);
  if (scan >= PLAIN.length) return undefined;
  if (modifiers.alt) return withAlt(scan, extended);
  if (modifiers.control) return withControl(scan, extended);
  const plain = PLAIN.charCodeAt(scan);
  const letter = plain >= 0x61 && plain <= 0x7a;
  const upper = modifiers.shift !== (letter && modifiers.caps);
  if (scan === TAB && upper) return 0x0f00;
  const character = upper ? SHIFTED.charCodeAt(scan) : plain;
  if (character === 0) return undefined;
  return ((extended ? 0xe0 : scan) << 8) | character;
}

function withAlt(scan: number, extended: boolean): number | undefined {
  if (extended) return scan === ENTER ? 0xa600 : 0xa400;
  if (scan >= 0x02 && scan <= 0x0d) return (scan + 0x76) << 8;
  if (scan === SPACE) return 0x3920;
  if (scan === TAB) return 0xa500;
  if (scan === 0x37) return 0x3700;
  if (scan === ESCAPE) return 0x0100;
  return PLAIN.charCodeAt(scan) === 0 ? undefined : scan << 8;
}

function withControl(scan: number, extended: boolean): number | undefined {
  if (scan === ENTER) return ((extended ? 0xe0 : scan) << 8) | 0x0a;
  if (extended) return 0x9500;
  if (scan === BACKSPACE) return 0x0e7f;
  if (scan === TAB) return 0x9400;
  if (scan === SPACE) return 0x3920;
  if (scan === ESCAPE) return 0x011b;
  if (scan === 0x37) return 0x9600;
  const character = PLAIN.charCodeAt(scan);
  if (character >= 0x61 && character <= 0x7a) return (scan << 8) | (character & 0x1f);
  switch (PLAIN[scan]) {
    case '2':
      return scan << 8;
    case '6':
      return (scan << 8) | 0x1e;
    case '-':
      return (scan << 8) | 0x1f;
    case '[':
      return (scan << 8) | 0x1b;
    case '\\':
      return (scan << 8) | 0x1c;
    case ']':
      return (scan << 8) | 0x1d;
    default:
      return undefined;
  }
}

/** F1–F10: 3Bh, with Shift 54h, with Ctrl 5Eh, with Alt 68h. */
function functionKey(index: number, scan: number, { shift, control, alt }: Modifiers): number {
  return alt ? 0x68 + index : control ? 0x5e + index : shift ? 0x54 + index : scan;
}

function functionKey12(index: number, { shift, control, alt }: Modifiers): number {
  return index + (alt ? 0x8b : control ? 0x89 : shift ? 0x87 : 0x85);
}

function padKey(scan: number, modifiers: Modifiers): number | undefined {
  const index = scan - PAD_FIRST;
  const character = NUMBER_PAD.charCodeAt(index);
  if (modifiers.alt) return scan === 0x4a || scan === 0x4e ? scan << 8 : undefined;
  if (modifiers.control) return CONTROL_PAD[index] << 8;
  const always = scan === 0x4a || scan === 0x4e;
  return always || modifiers.num !== modifiers.shift ? (scan << 8) | character : scan << 8;
}

/** Keys with the prefix E0: cursor keys and their like. E0h in the low byte tells them from the pad's. */
function greyKey(scan: number, { control, alt }: Modifiers): number | undefined {
  if (scan < PAD_FIRST || scan > DELETE || scan === 0x4a || scan === 0x4c || scan === 0x4e) return undefined;
  if (alt) return (scan + 0x50) << 8;
  if (control) return (CONTROL_PAD[scan - PAD_FIRST] << 8) | 0xe0;
  return (scan << 8) | 0xe0;
}
