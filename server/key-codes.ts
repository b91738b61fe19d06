/**
 * Keys by name and by character as PS/2 scan codes, set 2, which is what a keyboard sends on its wire (the
 * i8042 translates to set 1 when the guest asks it to). US layout; names are those QEMU's `sendkey` takes.
 */
import { UserError } from '../core/index.ts';

/** What one stroke puts on the wire: everything that is pressed, then everything that is released. */
export interface KeyStroke {
  readonly press: readonly number[];
  readonly release: readonly number[];
}

const BREAK = 0xf0;
const EXTENDED = 0xe0;

/** Make codes; above FFh an E0h goes first. */
const CODES: Record<string, number> = {
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
  0: 0x45,
  1: 0x16,
  2: 0x1e,
  3: 0x26,
  4: 0x25,
  5: 0x2e,
  6: 0x36,
  7: 0x3d,
  8: 0x3e,
  9: 0x46,
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
  grave_accent: 0x0e,
  minus: 0x4e,
  equal: 0x55,
  backslash: 0x5d,
  bracket_left: 0x54,
  bracket_right: 0x5b,
  semicolon: 0x4c,
  apostrophe: 0x52,
  comma: 0x41,
  dot: 0x49,
  slash: 0x4a,
  spc: 0x29,
  tab: 0x0d,
  ret: 0x5a,
  esc: 0x76,
  backspace: 0x66,
  caps_lock: 0x58,
  num_lock: 0x77,
  scroll_lock: 0x7e,
  shift: 0x12,
  shift_r: 0x59,
  ctrl: 0x14,
  alt: 0x11,
  ctrl_r: 0xe014,
  alt_r: 0xe011,
  menu: 0xe02f,
  meta_l: 0xe01f,
  insert: 0xe070,
  delete: 0xe071,
  home: 0xe06c,
  end: 0xe069,
  pgup: 0xe07d,
  pgdn: 0xe07a,
  up: 0xe075,
  down: 0xe072,
  left: 0xe06b,
  right: 0xe074,
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
  kp_divide: 0xe04a,
  kp_enter: 0xe05a,
};

const ALIASES: Record<string, string> = {
  enter: 'ret',
  return: 'ret',
  escape: 'esc',
  space: 'spc',
  period: 'dot',
  pageup: 'pgup',
  pagedown: 'pgdn',
  del: 'delete',
  control: 'ctrl',
};

/** Characters that are not themselves the name of a key. */
const CHARACTERS: Record<string, string> = {
  ' ': 'spc',
  '\n': 'ret',
  '\r': 'ret',
  '\t': 'tab',
  '\b': 'backspace',
  '\x1b': 'esc',
  '-': 'minus',
  '=': 'equal',
  '`': 'grave_accent',
  '\\': 'backslash',
  '[': 'bracket_left',
  ']': 'bracket_right',
  ';': 'semicolon',
  "'": 'apostrophe',
  ',': 'comma',
  '.': 'dot',
  '/': 'slash',
  '~': 'shift-grave_accent',
  _: 'shift-minus',
  '+': 'shift-equal',
  '|': 'shift-backslash',
  '{': 'shift-bracket_left',
  '}': 'shift-bracket_right',
  ':': 'shift-semicolon',
  '"': 'shift-apostrophe',
  '<': 'shift-comma',
  '>': 'shift-dot',
  '?': 'shift-slash',
  '!': 'shift-1',
  '@': 'shift-2',
  '#': 'shift-3',
  $: 'shift-4',
  '%': 'shift-5',
  '^': 'shift-6',
  '&': 'shift-7',
  '*': 'shift-8',
  '(': 'shift-9',
  ')': 'shift-0',
};

/** @param name a key, or keys held together: `ret`, `ctrl-alt-delete` @throws UserError for an unknown name */
export function keyByName(name: string): KeyStroke {
  const codes = name.split('-').map((part) => {
    const key = ALIASES[part] ?? part;
    if (!Object.hasOwn(CODES, key)) {
      throw new UserError('scenario', `unknown key '${part}'`, 'for example ret, esc, f2, up, ctrl-alt-delete');
    }
    return CODES[key];
  });
  return {
    press: codes.flatMap((code) => wire(code, false)),
    release: codes.reverse().flatMap((code) => wire(code, true)),
  };
}

/** One stroke a character. @throws UserError for a character the layout has no key for */
export function keysForText(text: string): KeyStroke[] {
  return [...text].map((character) => {
    if (/[a-z0-9]/.test(character)) return keyByName(character);
    if (/[A-Z]/.test(character)) return keyByName(`shift-${character.toLowerCase()}`);
    if (Object.hasOwn(CHARACTERS, character)) return keyByName(CHARACTERS[character]);
    throw new UserError('scenario', `no key types '${character}'`, 'the keyboard has the US layout');
  });
}

function wire(code: number, released: boolean): number[] {
  const bytes = code > 0xff ? [EXTENDED] : [];
  if (released) bytes.push(BREAK);
  bytes.push(code & 0xff);
  return bytes;
}
