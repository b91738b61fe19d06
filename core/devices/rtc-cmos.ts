/**
 * MC146818 real-time clock with 128 bytes of CMOS memory. Its time is the virtual clock's plus a start that
 * the configuration gives; it never asks the host. Flags are worked out when somebody looks; only enabled
 * interrupts are events.
 *
 * Port 70h (offset 0): index in bits 6:0, bit 7 masks NMI.  Port 71h (offset 1): the byte.
 */
import type { Timer, TimerSource } from '../bus/clock.ts';
import type { DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { Rate } from '../bus/rate.ts';
import { byte, bytes, count, int, StateShape } from '../bus/state-shape.ts';
import { assert } from '../util/assert.ts';
import { encode, encodeHour, TIME_REGISTERS, timeFromRegisters, timeRegisters } from './rtc-time.ts';

const REGISTER_A = 0x0a;
const REGISTER_B = 0x0b;
const REGISTER_C = 0x0c;
const REGISTER_D = 0x0d;
const ALARM_SECONDS = 1;
const ALARM_MINUTES = 3;
const ALARM_HOURS = 5;

const A_UPDATING = 0x80;
/** Both high divider bits set hold the divider in reset: the clock stands. */
const A_DIVIDER_RESET = 0x60;
const B_SET = 0x80;
const B_PERIODIC = 0x40;
const B_ALARM = 0x20;
const B_UPDATE = 0x10;
const B_SQUARE_WAVE = 0x08;
const C_INTERRUPT = 0x80;
const C_PERIODIC = B_PERIODIC;
const C_ALARM = B_ALARM;
const C_UPDATE = B_UPDATE;
const D_VALID = 0x80;

const CRYSTAL_HZ = 32_768;
/** UIP rises this long before an update. */
const UIP_MICROSECONDS = 244;
const DAY = 86_400;
const TIME_LIMIT = 2 ** 40;

interface RtcState {
  index: number;
  registerA: number;
  registerB: number;
  /** Flags of register C. */
  flags: number;
  /** CMOS memory; of the clock's own bytes only the alarms live here. */
  ram: Uint8Array;
  /** Calendar time = seconds counted + this. */
  base: number;
  weekdayShift: number;
  /** Ticks by which the start of a second is off, since a guest restarted the divider. */
  phase: number;
  /** The time registers while SET or the divider holds the clock. */
  held: Uint8Array;
  /** Seconds and crystal cycles up to which flags have been worked out. */
  seenSecond: number;
  seenCycle: number;
}

const SHAPE = new StateShape<RtcState>(1, {
  index: int(0, 0x7f),
  registerA: int(0, 0x7f),
  registerB: byte,
  flags: int(0, 0x70),
  ram: bytes(128),
  base: int(-TIME_LIMIT, TIME_LIMIT),
  weekdayShift: int(0, 6),
  phase: count,
  held: bytes(TIME_REGISTERS.length),
  seenSecond: count,
  seenCycle: count,
});

export interface RtcOptions {
  readonly name?: string;
  readonly clock: TimerSource;
  /** IRQ 8. */
  readonly irq: IrqLine;
  /** Calendar time at tick 0, seconds since 1970. */
  readonly wallClock: number;
}

export class RtcCmos implements PortDevice {
  readonly name: string;
  readonly #clock: TimerSource;
  readonly #irq: IrqLine;
  readonly #crystal: Rate;
  readonly #timer: Timer;
  #s: RtcState;

  constructor({ name = 'rtc', clock, irq, wallClock }: RtcOptions) {
    assert(Number.isInteger(wallClock) && Math.abs(wallClock) < TIME_LIMIT / 2, `wall clock ${wallClock}`);
    this.name = name;
    this.#clock = clock;
    this.#irq = irq;
    this.#crystal = new Rate(clock.hz, CRYSTAL_HZ);
    this.#timer = clock.timer(name, () => this.#catchUp());
    this.#s = {
      index: 0,
      registerA: 0x26, // 32.768 kHz, 1024 Hz
      registerB: 0x02, // 24 hours, BCD
      flags: 0,
      ram: firmwareMemory(),
      base: wallClock,
      weekdayShift: 0,
      phase: 0,
      held: new Uint8Array(TIME_REGISTERS.length),
      seenSecond: 0,
      seenCycle: 0,
    };
  }

  /** Fills a CMOS byte as firmware would. @param index 0Eh–7Fh */
  setMemory(index: number, value: number): void {
    assert(index > REGISTER_D && index < 128, `CMOS byte ${index}`);
    this.#s.ram[index] = value;
    this.#checksum();
  }

  /** Memory sizes where firmware leaves them for operating systems. @param ramBytes all RAM, from address 0 */
  setMemorySize(ramBytes: number): void {
    const extended = Math.min(Math.max(Math.floor(ramBytes / 1024) - 1024, 0), 0xffff);
    const above16 = Math.min(Math.max(Math.floor(ramBytes / 0x10000) - 256, 0), 0xffff);
    for (const [index, value] of [
      [0x15, Math.min(Math.floor(ramBytes / 1024), 640)],
      [0x17, extended],
      [0x30, extended],
      [0x34, above16],
    ]) {
      this.#s.ram[index] = value & 0xff;
      this.#s.ram[index + 1] = value >>> 8;
    }
    this.#checksum();
  }

  readPort(offset: number, _width: Width): number {
    // The index cannot be read back.
    if (offset === 0) return 0xff;
    const s = this.#s;
    switch (s.index) {
      case REGISTER_A:
        return s.registerA | (this.#updating() ? A_UPDATING : 0);
      case REGISTER_B:
        return s.registerB;
      case REGISTER_C:
        return this.#readFlags();
      case REGISTER_D:
        return D_VALID;
      default: {
        const time = TIME_REGISTERS.indexOf(s.index);
        return time >= 0 ? this.#time()[time] : s.ram[s.index];
      }
    }
  }

  writePort(offset: number, _width: Width, value: number): void {
    const s = this.#s;
    const data = value & 0xff;
    if (offset === 0) {
      // Bit 7 masks NMI; nothing here raises one.
      s.index = data & 0x7f;
      return;
    }
    switch (s.index) {
      case REGISTER_A:
        this.#configure(data & 0x7f, s.registerB);
        break;
      case REGISTER_B:
        // SET going high also clears the update interrupt (datasheet, register B).
        this.#configure(s.registerA, (data & B_SET) !== 0 ? data & ~B_UPDATE : data);
        break;
      case REGISTER_C:
      case REGISTER_D:
        break;
      default: {
        const time = TIME_REGISTERS.indexOf(s.index);
        if (time >= 0) this.#writeTime(time, data);
        else {
          this.#catchUp();
          s.ram[s.index] = data;
        }
      }
    }
  }

  /** The RESET pin: interrupts off. A battery keeps memory and time. */
  reset(): void {
    const s = this.#s;
    s.index = 0;
    if (!this.#stopped()) this.#catchUp();
    s.registerB &= ~(B_PERIODIC | B_ALARM | B_UPDATE | B_SQUARE_WAVE);
    s.flags = 0;
    this.#update();
  }

  save(): DeviceState {
    return SHAPE.save(this.#s);
  }

  /** The deadline of the next interrupt is part of the clock's state. */
  load(state: DeviceState): void {
    this.#s = SHAPE.load(state, this.name);
  }

  #second(): number {
    return Math.floor((this.#clock.now() + this.#s.phase) / this.#clock.hz);
  }

  /** SET or a held divider: the time registers stand and can be written. */
  #stopped(): boolean {
    return (this.#s.registerB & B_SET) !== 0 || this.#dividerHeld();
  }

  #dividerHeld(): boolean {
    return (this.#s.registerA & A_DIVIDER_RESET) === A_DIVIDER_RESET;
  }

  #time(): Uint8Array {
    const s = this.#s;
    return this.#stopped() ? s.held : timeRegisters(this.#second() + s.base, s.weekdayShift, s.registerB);
  }

  #writeTime(index: number, value: number): void {
    this.#catchUp();
    const time = this.#time();
    time[index] = value;
    if (!this.#stopped()) this.#setTime(time);
  }

  #setTime(time: Uint8Array): void {
    const s = this.#s;
    const { seconds, weekdayShift } = timeFromRegisters(time, s.registerB);
    s.base = seconds - this.#second();
    s.weekdayShift = weekdayShift;
    s.seenSecond = this.#second();
  }

  /** Registers A and B together: both can stop and start the clock. */
  #configure(registerA: number, registerB: number): void {
    const s = this.#s;
    this.#catchUp();
    const wasStopped = this.#stopped();
    const wasHeld = this.#dividerHeld();
    const time = this.#time();
    s.registerA = registerA;
    s.registerB = registerB;
    if (wasHeld && !this.#dividerHeld()) {
      // "The first update cycle begins one-half second" after the divider is released.
      const { hz } = this.#clock;
      s.phase = (hz - ((this.#clock.now() + Math.floor(hz / 2)) % hz)) % hz;
      s.seenCycle = this.#crystal.cyclesAt(this.#clock.now());
    }
    if (this.#stopped()) {
      if (!wasStopped) s.held = time;
    } else if (wasStopped) this.#setTime(time);
    this.#update();
  }

  #updating(): boolean {
    if (this.#stopped()) return false;
    const { hz } = this.#clock;
    const untilUpdate = hz - ((this.#clock.now() + this.#s.phase) % hz);
    return untilUpdate * 1_000_000 <= hz * UIP_MICROSECONDS;
  }

  #readFlags(): number {
    this.#catchUp();
    const s = this.#s;
    const value = s.flags | (this.#interrupting() ? C_INTERRUPT : 0);
    s.flags = 0;
    this.#update();
    return value;
  }

  /** Sets the flags of everything that happened since the last look. */
  #catchUp(): void {
    const s = this.#s;
    const cycle = this.#crystal.cyclesAt(this.#clock.now());
    const period = periodOf(s.registerA);
    if (period !== 0 && Math.floor(cycle / period) > Math.floor(s.seenCycle / period)) s.flags |= C_PERIODIC;
    s.seenCycle = cycle;
    if (!this.#stopped()) {
      const second = this.#second();
      if (second > s.seenSecond) {
        s.flags |= C_UPDATE;
        if ((s.flags & C_ALARM) === 0 && this.#alarmBetween(s.seenSecond, second)) s.flags |= C_ALARM;
      }
      s.seenSecond = second;
    }
    this.#update();
  }

  /** Whether one of the seconds after `from`, up to `to`, matches the alarm bytes. */
  #alarmBetween(from: number, to: number): boolean {
    const { ram, registerB, base } = this.#s;
    // 11xxxxxx in an alarm byte matches anything.
    const matches = (alarm: number, value: number) => (ram[alarm] & 0xc0) === 0xc0 || ram[alarm] === value;
    for (let second = Math.max(from, to - DAY) + 1; second <= to; second++) {
      const time = (((second + base) % DAY) + DAY) % DAY;
      if (
        matches(ALARM_SECONDS, encode(time % 60, registerB)) &&
        matches(ALARM_MINUTES, encode(Math.floor(time / 60) % 60, registerB)) &&
        matches(ALARM_HOURS, encodeHour(Math.floor(time / 3600), registerB))
      ) {
        return true;
      }
    }
    return false;
  }

  #interrupting(): boolean {
    return (this.#s.flags & this.#s.registerB & (B_PERIODIC | B_ALARM | B_UPDATE)) !== 0;
  }

  /** Brings IRQ 8 in line and arms the timer for the next thing that could raise it. */
  #update(): void {
    const s = this.#s;
    const interrupting = this.#interrupting();
    this.#irq.set(interrupting);
    // While the line is high nothing more can happen on it: reading C comes back here.
    let next = Number.POSITIVE_INFINITY;
    const period = periodOf(s.registerA);
    if (!interrupting && (s.registerB & B_PERIODIC) !== 0 && period !== 0) {
      const cycle = this.#crystal.cyclesAt(this.#clock.now());
      next = this.#crystal.tickOf((Math.floor(cycle / period) + 1) * period);
    }
    if (!interrupting && (s.registerB & (B_ALARM | B_UPDATE)) !== 0 && !this.#stopped()) {
      next = Math.min(next, (this.#second() + 1) * this.#clock.hz - s.phase);
    }
    if (next === Number.POSITIVE_INFINITY) this.#timer.cancel();
    else this.#timer.arm(next);
  }

  #checksum(): void {
    const { ram } = this.#s;
    let sum = 0;
    for (let index = 0x10; index <= 0x2d; index++) sum += ram[index];
    ram[0x2e] = (sum >>> 8) & 0xff;
    ram[0x2f] = sum & 0xff;
  }
}

/** The equipment byte: an FPU, a VGA, no floppy drive. The machine adds what depends on it. */
function firmwareMemory(): Uint8Array {
  const ram = new Uint8Array(128);
  ram[0x14] = 0x02;
  return ram;
}

/** Crystal cycles between periodic interrupts, 0 for none (datasheet table 5: rates of the 32 kHz base). */
function periodOf(registerA: number): number {
  if ((registerA & A_DIVIDER_RESET) === A_DIVIDER_RESET) return 0;
  const rate = registerA & 0x0f;
  if (rate === 0) return 0;
  // Rates 1 and 2 repeat 8 and 9: the divider has no faster taps for them.
  return rate <= 2 ? 1 << (rate + 6) : 1 << (rate - 1);
}
