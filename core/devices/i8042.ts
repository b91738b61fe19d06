/**
 * The keyboard controller of a PC/AT with a PS/2 keyboard behind it; there is no second (mouse) port.
 * Answers take no time: they are in the output buffer as soon as that is empty. Bytes of keys keep the
 * distance they have on the cable, because handlers may read port 60h more than once for each.
 *
 * Port 60h (offset 0): data.  Port 64h (offset 1): commands when written, status when read:
 *
 *     7 parity error  6 timeout  5 mouse data  4 not locked  3 last write was a command
 *     2 self test passed  1 input buffer full (never: it is taken at once)  0 output buffer full
 */
import type { Timer, TimerSource } from '../bus/clock.ts';
import type { DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { byte, bytes, flag, StateShape } from '../bus/state-shape.ts';
import { KEYBOARD_FIELDS, type KeyboardState, Ps2Keyboard, powerOnKeyboard } from './ps2-keyboard.ts';
import { toSet1 } from './ps2-scan-codes.ts';

const DATA = 0;

const STATUS_FULL = 0x01;
const STATUS_SYSTEM = 0x04;
const STATUS_COMMAND = 0x08;
const STATUS_UNLOCKED = 0x10;

/** Byte 0 of the controller's RAM, the "command byte". */
const CONFIG_IRQ = 0x01;
const CONFIG_SYSTEM = 0x04;
const CONFIG_KEYBOARD_OFF = 0x10;
/** No mouse: guests that probe for one see its port disabled whatever they write. */
const CONFIG_MOUSE_OFF = 0x20;
const CONFIG_TRANSLATE = 0x40;

const OUTPUT_NOT_RESET = 0x01;
const OUTPUT_A20 = 0x02;
const OUTPUT_FULL = 0x10;
const OUTPUT_IDLE = 0xcc;
const BREAK = 0xf0;
/** Eleven bits at about 11 kHz. */
const BYTES_A_SECOND = 1000;

interface ControllerState {
  /** The 32 bytes that commands 20–3F read and 60–7F write. */
  ram: Uint8Array;
  output: number;
  /** The output buffer; an empty one still shows the byte read last. */
  buffer: number;
  full: boolean;
  /** The cable is busy: the next byte of a key comes when the timer fires. */
  keyOnCable: boolean;
  /** Whether the buffer's byte came from the keyboard, which is what raises IRQ 1. */
  fromKeyboard: boolean;
  /** The command whose data byte comes next, or 0. */
  command: number;
  lastWasCommand: boolean;
  /** Translation has swallowed an F0: the next code gets its high bit. */
  breakSeen: boolean;
}

interface I8042State extends ControllerState {
  keyboard: KeyboardState;
}

const SHAPE = new StateShape<I8042State>(1, {
  ram: bytes(32),
  output: byte,
  buffer: byte,
  full: flag,
  keyOnCable: flag,
  fromKeyboard: flag,
  command: byte,
  lastWasCommand: flag,
  breakSeen: flag,
  keyboard: KEYBOARD_FIELDS,
});

export interface I8042Options {
  readonly name?: string;
  readonly clock: TimerSource;
  /** IRQ 1. */
  readonly irq: IrqLine;
  /** Told this controller's half of the A20 gate at every change; the machine ORs it with port 92h's. */
  readonly a20: IrqLine;
  readonly resetCpu: () => void;
}

export class I8042 implements PortDevice {
  readonly name: string;
  readonly #irq: IrqLine;
  readonly #a20: IrqLine;
  readonly #resetCpu: () => void;
  readonly #clock: TimerSource;
  readonly #cable: Timer;
  readonly #keyboard = new Ps2Keyboard();
  #s = powerOn();

  constructor({ name = 'i8042', clock, irq, a20, resetCpu }: I8042Options) {
    this.name = name;
    this.#clock = clock;
    this.#cable = clock.timer(`${name}.cable`, () => {
      this.#s.keyOnCable = false;
      this.#fill();
    });
    this.#irq = irq;
    this.#a20 = a20;
    this.#resetCpu = resetCpu;
  }

  /** This controller's half of the A20 gate; open at power-on, as PC firmware leaves it. */
  get a20(): boolean {
    return (this.#s.output & OUTPUT_A20) !== 0;
  }

  /** Scan codes (set 2) of keys pressed and released; `keyCodes` and `textCodes` make them. */
  keys(codes: Iterable<number>): void {
    this.#keyboard.press(codes);
    this.#fill();
  }

  readPort(offset: number, _width: Width): number {
    const s = this.#s;
    if (offset !== DATA) {
      return (
        STATUS_UNLOCKED |
        (s.lastWasCommand ? STATUS_COMMAND : 0) |
        (s.ram[0] & CONFIG_SYSTEM ? STATUS_SYSTEM : 0) |
        (s.full ? STATUS_FULL : 0)
      );
    }
    const value = s.buffer;
    s.full = false;
    this.#update();
    this.#fill();
    return value;
  }

  writePort(offset: number, _width: Width, value: number): void {
    const data = value & 0xff;
    this.#s.lastWasCommand = offset !== DATA;
    if (offset !== DATA) this.#command(data);
    else this.#data(data);
    this.#fill();
  }

  reset(): void {
    this.#s = powerOn();
    this.#keyboard.s = powerOnKeyboard();
    this.#cable.cancel();
    this.#irq.set(false);
    this.#a20.set(true);
  }

  save(): DeviceState {
    return SHAPE.save({ ...this.#s, keyboard: this.#keyboard.s });
  }

  /** The machine asks `a20` afterwards: loading drives no wire. */
  load(state: DeviceState): void {
    const { keyboard, ...controller } = SHAPE.load(state, this.name);
    this.#s = controller;
    this.#keyboard.s = keyboard;
  }

  /** Port 64h. */
  #command(value: number): void {
    const s = this.#s;
    s.command = 0;
    if (value >= 0x20 && value <= 0x3f) this.#answer(s.ram[value & 0x1f]);
    else if (value >= 0x60 && value <= 0x7f) s.command = value;
    else if (value >= 0xf0) {
      // Pulses output lines low for 6 µs; only bit 0, the CPU's reset, is wired.
      if ((value & OUTPUT_NOT_RESET) === 0) this.#resetCpu();
    } else this.#namedCommand(value);
  }

  #namedCommand(value: number): void {
    const s = this.#s;
    switch (value) {
      case 0xa9: // test mouse port: "clock line stuck low", so that a probe ends at once
        this.#answer(0x01);
        break;
      case 0xaa: // self test; the command byte survives it, as in the controllers of chipsets
        s.ram[0] |= CONFIG_SYSTEM;
        this.#answer(0x55);
        break;
      case 0xab: // test keyboard port: no error
        this.#answer(0x00);
        break;
      case 0xad:
        s.ram[0] |= CONFIG_KEYBOARD_OFF;
        break;
      case 0xae:
        s.ram[0] &= ~CONFIG_KEYBOARD_OFF;
        break;
      case 0xc0: // input port: keyboard not inhibited
        this.#answer(0x80);
        break;
      case 0xd0:
        this.#answer(s.output | (s.full ? OUTPUT_FULL : 0));
        break;
      case 0xd1: // data byte: output port
      case 0xd2: // data byte: as if from the keyboard
      case 0xd3: // data byte: as if from the mouse
      case 0xd4: // data byte: to the mouse
        s.command = value;
        break;
      case 0xdd:
        this.#writeOutput(s.output & ~OUTPUT_A20);
        break;
      case 0xdf:
        this.#writeOutput(s.output | OUTPUT_A20);
        break;
      case 0xe0: // test inputs: clock and data low
        this.#answer(0x00);
        break;
      default:
        // A7 and A8 switch a mouse port that is not there; the rest is not defined.
        break;
    }
  }

  /** Port 60h: the parameter of a controller command, or a byte for the keyboard. */
  #data(value: number): void {
    const s = this.#s;
    const command = s.command;
    s.command = 0;
    if (command >= 0x60 && command <= 0x7f) {
      s.ram[command & 0x1f] = command === 0x60 ? value | CONFIG_MOUSE_OFF : value;
      this.#update();
    } else if (command === 0xd1) {
      this.#writeOutput(value);
      if ((value & OUTPUT_NOT_RESET) === 0) this.#resetCpu();
    } else if (command === 0xd2 || command === 0xd3) {
      // With no mouse port D3 echoes like D2: a probe sees that the byte is not marked as a mouse's.
      this.#put(value, command === 0xd2);
    } else if (command === 0) {
      // Talking to the keyboard switches its interface on.
      s.ram[0] &= ~CONFIG_KEYBOARD_OFF;
      this.#keyboard.receive(value);
    }
  }

  #writeOutput(value: number): void {
    const before = this.a20;
    // The reset line is a pulse for the CPU, not a state the guest survives in.
    this.#s.output = (value & ~OUTPUT_FULL) | OUTPUT_NOT_RESET;
    if (this.a20 !== before) this.#a20.set(this.a20);
  }

  /** An answer of the controller itself takes the buffer, whatever is in it, and raises no interrupt. */
  #answer(value: number): void {
    this.#put(value, false);
  }

  #put(value: number, fromKeyboard: boolean): void {
    const s = this.#s;
    // A new byte is a new edge.
    s.full = false;
    this.#update();
    s.buffer = value;
    s.full = true;
    s.fromKeyboard = fromKeyboard;
    this.#update();
  }

  /** Takes the next byte from the keyboard if there is room and its clock is not held. */
  #fill(): void {
    const s = this.#s;
    while (!s.full && (s.ram[0] & CONFIG_KEYBOARD_OFF) === 0) {
      const answers = this.#keyboard.answers;
      if (!answers && s.keyOnCable) return;
      const code = this.#keyboard.send();
      if (code < 0) return;
      if (!answers) {
        s.keyOnCable = true;
        this.#cable.arm(this.#clock.now() + Math.ceil(this.#clock.hz / BYTES_A_SECOND));
      }
      if ((s.ram[0] & CONFIG_TRANSLATE) === 0) this.#put(code, true);
      else if (code === BREAK) s.breakSeen = true;
      else {
        this.#put(toSet1(code) | (s.breakSeen ? 0x80 : 0), true);
        s.breakSeen = false;
      }
    }
  }

  #update(): void {
    const s = this.#s;
    this.#irq.set(s.full && s.fromKeyboard && (s.ram[0] & CONFIG_IRQ) !== 0);
  }
}

/** As the firmware of a PC leaves it: self test passed, translation and keyboard interrupt on. */
function powerOn(): ControllerState {
  const ram = new Uint8Array(32);
  ram[0] = CONFIG_IRQ | CONFIG_SYSTEM | CONFIG_MOUSE_OFF | CONFIG_TRANSLATE;
  return {
    ram,
    output: OUTPUT_IDLE | OUTPUT_A20 | OUTPUT_NOT_RESET,
    buffer: 0,
    full: false,
    keyOnCable: false,
    fromKeyboard: false,
    command: 0,
    lastWasCommand: false,
    breakSeen: false,
  };
}
