/**
 * A PS/2 keyboard as the far end of the controller's cable: it takes command bytes and has bytes to send
 * (IBM PS/2 technical reference, 101/102-key keyboard). Scan code sets 1 and 2; set 3 is refused with
 * "resend", as by keyboards that lack it. Typematic repeat does not happen: a key sends what it is told.
 */
import { byte, flag, int, queue, record } from '../bus/state-shape.ts';
import { ByteQueue } from '../util/byte-queue.ts';
import { toSet1 } from './ps2-scan-codes.ts';

const ACK = 0xfa;
const RESEND = 0xfe;
const ECHO = 0xee;
const SELF_TEST_PASSED = 0xaa;
const BREAK = 0xf0;
const IDENTIFIER = [0xab, 0x83];
/** 500 ms delay, 10.9 characters a second. */
const DEFAULT_TYPEMATIC = 0x2b;
/** Keys beyond this are dropped: a script cannot fill the host's memory. */
const KEY_LIMIT = 1 << 16;

const SET_LEDS = 0xed;
const SCAN_CODE_SET = 0xf0;
const TYPEMATIC = 0xf3;

export interface KeyboardState {
  leds: number;
  typematic: number;
  scanCodeSet: number;
  scanning: boolean;
  /** The command whose parameter comes next, or 0. */
  command: number;
  lastSent: number;
  /** Answers to commands; they go before keys. */
  replies: ByteQueue;
  keys: ByteQueue;
  /** Set 1 only: an F0 was swallowed and marks the next code. */
  breakSeen: boolean;
}

export const KEYBOARD_FIELDS = record<KeyboardState>({
  leds: int(0, 7),
  typematic: int(0, 0x7f),
  scanCodeSet: int(1, 2),
  scanning: flag,
  command: byte,
  lastSent: byte,
  replies: queue(64),
  keys: queue(KEY_LIMIT),
  breakSeen: flag,
});

export function powerOnKeyboard(): KeyboardState {
  return {
    leds: 0,
    typematic: DEFAULT_TYPEMATIC,
    scanCodeSet: 2,
    scanning: true,
    command: 0,
    lastSent: 0,
    replies: new ByteQueue(),
    keys: new ByteQueue(),
    breakSeen: false,
  };
}

export class Ps2Keyboard {
  s = powerOnKeyboard();

  /** Keys pressed and released, as set 2 codes. A keyboard that was told not to scan does not see them. */
  press(codes: Iterable<number>): void {
    if (!this.s.scanning) return;
    for (const code of codes) {
      if (this.s.keys.length < KEY_LIMIT) this.s.keys.push(code);
    }
  }

  /** Whether the next byte is an answer to a command rather than a key. */
  get answers(): boolean {
    return this.s.replies.length !== 0;
  }

  /** The next byte for the controller, or -1. */
  send(): number {
    const s = this.s;
    if (s.replies.length !== 0) return this.#sent(s.replies.shift());
    while (s.keys.length !== 0) {
      const code = s.keys.shift();
      if (s.scanCodeSet === 2) return this.#sent(code);
      if (code === BREAK) s.breakSeen = true;
      else {
        const high = s.breakSeen && code !== 0xe0 && code !== 0xe1 ? 0x80 : 0;
        if (high !== 0) s.breakSeen = false;
        return this.#sent(toSet1(code) | high);
      }
    }
    return -1;
  }

  /** A command or parameter byte from the controller. */
  receive(value: number): void {
    const s = this.s;
    // What an earlier command still wanted to say is lost when the host speaks again.
    s.replies.clear();
    const command = s.command;
    s.command = 0;
    // Parameters are below ED; anything above is a new command.
    if (command !== 0 && value < SET_LEDS) this.#parameter(command, value);
    else this.#command(value);
  }

  #command(value: number): void {
    switch (value) {
      case SET_LEDS:
      case SCAN_CODE_SET:
      case TYPEMATIC:
        this.s.command = value;
        this.#reply(ACK);
        break;
      case ECHO:
        this.#reply(ECHO);
        break;
      case 0xf2: // identify
        this.#reply(ACK, ...IDENTIFIER);
        break;
      case 0xf4: // enable scanning
        this.s.scanning = true;
        this.s.keys.clear();
        this.#reply(ACK);
        break;
      case 0xf5: // defaults and stop
        this.#defaults(false);
        this.#reply(ACK);
        break;
      case 0xf6: // defaults and go on
        this.#defaults(true);
        this.#reply(ACK);
        break;
      case RESEND:
        this.#reply(this.s.lastSent);
        break;
      case 0xff: // reset: acknowledge, then the result of the self test
        this.#defaults(true);
        this.#reply(ACK, SELF_TEST_PASSED);
        break;
      default:
        if (value >= 0xf7 && value <= 0xfd)
          this.#reply(ACK); // key types of set 3
        else this.#reply(RESEND);
    }
  }

  #parameter(command: number, value: number): void {
    const s = this.s;
    switch (command) {
      case SET_LEDS:
        s.leds = value & 7;
        break;
      case TYPEMATIC:
        s.typematic = value & 0x7f;
        break;
      default:
        if (value === 0) {
          this.#reply(ACK, s.scanCodeSet);
          return;
        }
        if (value > 2) {
          this.#reply(RESEND);
          return;
        }
        s.scanCodeSet = value;
    }
    this.#reply(ACK);
  }

  #defaults(scanning: boolean): void {
    this.s = { ...powerOnKeyboard(), leds: this.s.leds, lastSent: this.s.lastSent, scanning };
  }

  #reply(...values: number[]): void {
    for (const value of values) this.s.replies.push(value);
  }

  #sent(value: number): number {
    this.s.lastSent = value;
    return value;
  }
}
