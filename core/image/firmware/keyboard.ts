/**
 * IRQ 1 and INT 16h: scan codes become characters in the ring buffer of the data area. A read of an empty
 * buffer sets the ROM's carry, by which it waits there. US layout.
 */
import type { Service } from './call.ts';
import * as area from './data-area.ts';
import type { FirmwareHost } from './host.ts';
import { DELETE, KEYS, keyCode } from './key-table.ts';

const CONTROLLER = 0x64;
const PULSE_RESET = 0xfe;
const EXTENDED_PREFIX = 0xe0;
const PAUSE_PREFIX = 0xe1;
const RELEASED = 0x80;
const STATE_EXTENDED = 0x02;
const STATE_PAUSE = 0x01;

const SHIFT_RIGHT = 0x01;
const SHIFT_LEFT = 0x02;
const CONTROL = 0x04;
const ALT = 0x08;
const SCROLL = 0x10;
const NUM = 0x20;
const CAPS = 0x40;
const LEFT_CONTROL_2 = 0x01;
const LEFT_ALT_2 = 0x02;
const RIGHT_CONTROL_STATE = 0x04;
const RIGHT_ALT_STATE = 0x08;

const BREAK_KEY = 0x46;
/** Keys that are held: scan code, bit in the shift flags. */
const HELD: ReadonlyMap<number, number> = new Map([
  [0x2a, SHIFT_LEFT],
  [0x36, SHIFT_RIGHT],
  [0x1d, CONTROL],
  [0x38, ALT],
]);
/** Keys that switch something. */
const LOCKS: ReadonlyMap<number, number> = new Map([
  [0x3a, CAPS],
  [0x45, NUM],
  [0x46, SCROLL],
]);

/** IRQ 1, after the intercept: AL has the scan code. Sets the ROM's carry for Ctrl-Break. */
export const key: Service = (call) => {
  const { host } = call;
  call.setRomCarry(false);
  const scan = call.al;
  const state = host.read(area.KEYBOARD_STATE, 1);
  if (scan === EXTENDED_PREFIX) return void host.write(area.KEYBOARD_STATE, 1, state | STATE_EXTENDED);
  if (scan === PAUSE_PREFIX) return void host.write(area.KEYBOARD_STATE, 1, state | STATE_PAUSE);
  const extended = (state & STATE_EXTENDED) !== 0;
  const code = scan & 0x7f;
  // Pause is E1 1D 45 E1 9D C5, and means nothing here.
  if (state & STATE_PAUSE) {
    if (code === 0x45) host.write(area.KEYBOARD_STATE, 1, state & ~STATE_PAUSE);
    return;
  }
  host.write(area.KEYBOARD_STATE, 1, state & ~STATE_EXTENDED);
  if (hold(host, code, extended, (scan & RELEASED) === 0) || (scan & RELEASED) !== 0) return;
  const flags = host.read(area.SHIFT_FLAGS, 1);
  if (code === BREAK_KEY && extended && flags & CONTROL) {
    host.write(area.BREAK_FLAG, 1, 0x80);
    host.write(area.KEY_TAIL, 2, host.read(area.KEY_HEAD, 2));
    call.setRomCarry(true);
    return;
  }
  const lock = extended ? undefined : LOCKS.get(code);
  if (lock !== undefined) return void host.write(area.SHIFT_FLAGS, 1, flags ^ lock);
  if (code === DELETE && flags & CONTROL && flags & ALT) {
    host.write(area.WARM_BOOT, 2, 0x1234);
    host.writePort(CONTROLLER, 1, PULSE_RESET);
    return;
  }
  const word = keyCode(code, extended, {
    shift: (flags & (SHIFT_LEFT | SHIFT_RIGHT)) !== 0,
    control: (flags & CONTROL) !== 0,
    alt: (flags & ALT) !== 0,
    caps: (flags & CAPS) !== 0,
    num: (flags & NUM) !== 0,
  });
  if (word !== undefined) store(host, word);
};

/** True when the key was one of Shift, Ctrl and Alt. */
function hold(host: FirmwareHost, code: number, extended: boolean, down: boolean): boolean {
  const bit = HELD.get(code);
  if (bit === undefined) return false;
  // E0 2A and E0 36 come with the grey keys and are no shift keys.
  if (extended && (bit === SHIFT_LEFT || bit === SHIFT_RIGHT)) return true;
  set(host, area.SHIFT_FLAGS, bit, down);
  const left = bit === CONTROL ? LEFT_CONTROL_2 : LEFT_ALT_2;
  const right = bit === CONTROL ? RIGHT_CONTROL_STATE : RIGHT_ALT_STATE;
  if (bit === CONTROL || bit === ALT) {
    if (extended) set(host, area.KEYBOARD_STATE, right, down);
    else set(host, area.SHIFT_FLAGS_2, left, down);
  }
  return true;
}

function set(host: FirmwareHost, at: number, bit: number, on: boolean): void {
  const value = host.read(at, 1);
  host.write(at, 1, on ? value | bit : value & ~bit);
}

/** Puts a key into the ring; false when it is full. */
function store(host: FirmwareHost, word: number): boolean {
  const tail = host.read(area.KEY_TAIL, 2);
  const next = behind(host, tail);
  if (next === host.read(area.KEY_HEAD, 2)) return false;
  host.write(0x400 + tail, 2, word);
  host.write(area.KEY_TAIL, 2, next);
  return true;
}

function behind(host: FirmwareHost, at: number): number {
  const start = host.read(area.KEY_BUFFER_START_POINTER, 2);
  return at + 2 >= host.read(area.KEY_BUFFER_END_POINTER, 2) ? start : at + 2;
}

/** INT 16h. */
export const keyboard: Service = (call) => {
  const { host, ah } = call;
  call.setRomCarry(false);
  const enhanced = ah >= 0x10;
  switch (ah) {
    case 0x00:
    case 0x10: {
      const word = next(host, enhanced, true);
      if (word === undefined) call.setRomCarry(true);
      else call.ax = word;
      break;
    }
    case 0x01:
    case 0x11: {
      const word = next(host, enhanced, false);
      call.setZero(word === undefined);
      if (word !== undefined) call.ax = word;
      break;
    }
    case 0x02:
      call.al = host.read(area.SHIFT_FLAGS, 1);
      break;
    case 0x05:
      call.al = store(host, call.cx) ? 0 : 1;
      break;
    case 0x09:
      // Function 10h to 12h are here.
      call.al = 0x20;
      break;
    case 0x12:
      call.ax = extendedFlags(host);
      break;
    default:
      break;
  }
};

/** The oldest key, as the old functions show it: without those that only a 101-key keyboard has. */
function next(host: FirmwareHost, enhanced: boolean, take: boolean): number | undefined {
  for (let left = KEYS; left > 0; left--) {
    const head = host.read(area.KEY_HEAD, 2);
    if (head === host.read(area.KEY_TAIL, 2)) return undefined;
    const word = host.read(0x400 + head, 2);
    const known = enhanced || (word & 0xff) !== 0xf0 || word === 0x00f0;
    if (take || !known) host.write(area.KEY_HEAD, 2, behind(host, head));
    if (!known) continue;
    const grey = (word & 0xff) === 0xe0 && word >>> 8 !== 0;
    return grey && !enhanced ? word & 0xff00 : word;
  }
  return undefined;
}

function extendedFlags(host: FirmwareHost): number {
  const flags = host.read(area.SHIFT_FLAGS, 1);
  const state = host.read(area.KEYBOARD_STATE, 1);
  const second = host.read(area.SHIFT_FLAGS_2, 1);
  return flags | (((second & 0x73) | (state & (RIGHT_CONTROL_STATE | RIGHT_ALT_STATE))) << 8);
}
