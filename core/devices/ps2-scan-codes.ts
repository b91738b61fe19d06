/**
 * PS/2 keyboard codes: what each key sends in scan code set 2, and the table by which the keyboard
 * controller turns set 2 into set 1. Tables only; the US layout for text.
 */

const BREAK = 0xf0;
const EXTENDED = 0xe0;
const SHIFT = 'shift';

/** Make codes in set 2 by key name; names are those scripts for virtual machines use (`ret`, `spc`, `pgup`). */
const SINGLE: { readonly [key: string]: number } = {
  a: 0x1c,
  b: 0x32,
  c: 0x21,
  d: 0x23,
  e: 0x24,
  f: 0x2b,
  g: 0x34,
  h: 0x33,
  i: 0x43,
  j: 0x3b,
  k: 0x42,
  l: 0x4b,
  m: 0x3a,
  n: 0x31,
  o: 0x44,
  p: 0x4d,
  q: 0x15,
  r: 0x2d,
  s: 0x1b,
  t: 0x2c,
  u: 0x3c,
  v: 0x2a,
  w: 0x1d,
  x: 0x22,
  y: 0x35,
  z: 0x1a,
  '0': 0x45,
  '1': 0x16,
  '2': 0x1e,
  '3': 0x26,
  '4': 0x25,
  '5': 0x2e,
  '6': 0x36,
  '7': 0x3d,
  '8': 0x3e,
  '9': 0x46,
  grave_accent: 0x0e,
  minus: 0x4e,
  equal: 0x55,
  bracket_left: 0x54,
  bracket_right: 0x5b,
  backslash: 0x5d,
  semicolon: 0x4c,
  apostrophe: 0x52,
  comma: 0x41,
  dot: 0x49,
  slash: 0x4a,
  less: 0x61,
  spc: 0x29,
  ret: 0x5a,
  tab: 0x0d,
  backspace: 0x66,
  esc: 0x76,
  caps_lock: 0x58,
  num_lock: 0x77,
  scroll_lock: 0x7e,
  shift: 0x12,
  shift_r: 0x59,
  ctrl: 0x14,
  alt: 0x11,
  f1: 0x05,
  f2: 0x06,
  f3: 0x04,
  f4: 0x0c,
  f5: 0x03,
  f6: 0x0b,
  f7: 0x83,
  f8: 0x0a,
  f9: 0x01,
  f10: 0x09,
  f11: 0x78,
  f12: 0x07,
  kp_0: 0x70,
  kp_1: 0x69,
  kp_2: 0x72,
  kp_3: 0x7a,
  kp_4: 0x6b,
  kp_5: 0x73,
  kp_6: 0x74,
  kp_7: 0x6c,
  kp_8: 0x75,
  kp_9: 0x7d,
  kp_decimal: 0x71,
  kp_add: 0x79,
  kp_subtract: 0x7b,
  kp_multiply: 0x7c,
};

/** Keys whose codes follow an E0 byte. */
const PREFIXED: { readonly [key: string]: number } = {
  ctrl_r: 0x14,
  alt_r: 0x11,
  meta_l: 0x1f,
  meta_r: 0x27,
  menu: 0x2f,
  insert: 0x70,
  delete: 0x71,
  home: 0x6c,
  end: 0x69,
  pgup: 0x7d,
  pgdn: 0x7a,
  up: 0x75,
  down: 0x72,
  left: 0x6b,
  right: 0x74,
  kp_enter: 0x5a,
  kp_divide: 0x4a,
};

/** Keys that send their own sequences: Print Screen with its fake shift, Pause without any break code. */
const SEQUENCES: { readonly [key: string]: { readonly make: readonly number[]; readonly release: readonly number[] } } =
  {
    print: { make: [0xe0, 0x12, 0xe0, 0x7c], release: [0xe0, 0xf0, 0x7c, 0xe0, 0xf0, 0x12] },
    pause: { make: [0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77], release: [] },
  };

/** Other names for the same keys. */
const ALIASES: { readonly [name: string]: string } = {
  enter: 'ret',
  return: 'ret',
  space: 'spc',
  escape: 'esc',
  control: 'ctrl',
  ctrl_l: 'ctrl',
  alt_l: 'alt',
  shift_l: 'shift',
  altgr: 'alt_r',
  bksp: 'backspace',
  del: 'delete',
  ins: 'insert',
  page_up: 'pgup',
  page_down: 'pgdn',
  sysrq: 'print',
  meta: 'meta_l',
  win: 'meta_l',
  period: 'dot',
  asterisk: 'kp_multiply',
};

/** What the characters of the US layout need: key, or key with Shift. */
const PLAIN = "`1234567890-=[]\\;',./ \t\n\b\x1b";
const PLAIN_KEYS = [
  'grave_accent',
  '1',
  '2',
  '3',
  '4',
  '5',
  '6',
  '7',
  '8',
  '9',
  '0',
  'minus',
  'equal',
  'bracket_left',
  'bracket_right',
  'backslash',
  'semicolon',
  'apostrophe',
  'comma',
  'dot',
  'slash',
  'spc',
  'tab',
  'ret',
  'backspace',
  'esc',
];
const SHIFTED = '~!@#$%^&*()_+{}|:"<>?';

/**
 * Controller translation by set 2 code (IBM PS/2 technical reference, keyboard controller). F0 is not in
 * it: it sets the high bit of the code that follows.
 */
const SET_1 = Uint8Array.from([
  0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59, 0x65, 0x38, 0x2a,
  0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b, 0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05,
  0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d, 0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a,
  0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f, 0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26,
  0x27, 0x19, 0x0c, 0x61, 0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63,
  0x76, 0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f, 0x52, 0x53,
  0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54, 0x80, 0x81, 0x82, 0x41, 0x54,
]);

/** One byte of set 2 as set 1; codes from 85h up pass unchanged. */
export function toSet1(code: number): number {
  return code < SET_1.length ? SET_1[code] : code;
}

/** Every key name that `keyCodes` takes. */
export function keyNames(): string[] {
  return [SINGLE, PREFIXED, SEQUENCES, ALIASES].flatMap((table) => Object.keys(table));
}

/**
 * The set 2 codes of pressing and releasing a key, or a combination such as `ctrl-alt-delete`: pressed in
 * order, released in reverse. Undefined for a name nobody knows.
 */
export function keyCodes(combination: string): number[] | undefined {
  const keys = combination.toLowerCase().split('-');
  const made: number[] = [];
  const released: number[] = [];
  for (const key of keys) {
    const codes = lookUp(key);
    if (codes === undefined) return undefined;
    made.push(...codes.make);
    released.unshift(...codes.release);
  }
  return [...made, ...released];
}

/** The set 2 codes of typing text on a US keyboard, or undefined when it has a character without a key. */
export function textCodes(text: string): number[] | undefined {
  const codes: number[] = [];
  for (const character of text) {
    const key = keyOf(character);
    const stroke = key === undefined ? undefined : keyCodes(key);
    if (stroke === undefined) return undefined;
    codes.push(...stroke);
  }
  return codes;
}

function lookUp(name: string): { make: readonly number[]; release: readonly number[] } | undefined {
  const key = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
  if (Object.hasOwn(SEQUENCES, key)) return SEQUENCES[key];
  if (Object.hasOwn(SINGLE, key)) return { make: [SINGLE[key]], release: [BREAK, SINGLE[key]] };
  if (Object.hasOwn(PREFIXED, key))
    return { make: [EXTENDED, PREFIXED[key]], release: [EXTENDED, BREAK, PREFIXED[key]] };
  return undefined;
}

function keyOf(character: string): string | undefined {
  if (/^[a-z]$/.test(character)) return character;
  if (/^[A-Z]$/.test(character)) return `${SHIFT}-${character}`;
  const plain = PLAIN.indexOf(character);
  if (plain >= 0) return PLAIN_KEYS[plain];
  const shifted = SHIFTED.indexOf(character);
  return shifted >= 0 ? `${SHIFT}-${PLAIN_KEYS[shifted]}` : undefined;
}
