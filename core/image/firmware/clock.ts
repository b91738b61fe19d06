/** The tick (IRQ 0), the real-time clock's interrupt with the wait of INT 15h AH=86h, and INT 1Ah. */
import type { Call, Service } from './call.ts';
import * as area from './data-area.ts';
import type { FirmwareHost } from './host.ts';

const CMOS_INDEX = 0x70;
const CMOS_DATA = 0x71;
const SLAVE_MASK = 0xa1;
const MASTER_MASK = 0x21;
const STATUS_B = 0x0b;
const STATUS_C = 0x0c;
const PERIODIC = 0x40;
const ALARM = 0x20;
/** The clock's periodic interrupt comes 1024 times a second. */
const MICROSECONDS_A_PERIOD = 976;
const WAITING = 0x01;
const ELAPSED = 0x80;
const SECONDS = 0;
const MINUTES = 2;
const HOURS = 4;
const DAY = 7;
const MONTH = 8;
const YEAR = 9;
const CENTURY = 0x32;

function cmos(host: FirmwareHost, index: number): number {
  host.writePort(CMOS_INDEX, 1, index);
  return host.readPort(CMOS_DATA, 1);
}

function setCmos(host: FirmwareHost, index: number, value: number): void {
  host.writePort(CMOS_INDEX, 1, index);
  host.writePort(CMOS_DATA, 1, value);
}

export const tick: Service = ({ host }) => {
  const ticks = host.read(area.TICKS, 4) + 1;
  if (ticks >= area.TICKS_A_DAY) {
    host.write(area.TICKS, 4, 0);
    host.write(area.MIDNIGHT, 1, host.read(area.MIDNIGHT, 1) + 1);
  } else host.write(area.TICKS, 4, ticks);
  const motor = host.read(area.MOTOR_TIMEOUT, 1);
  if (motor > 0) host.write(area.MOTOR_TIMEOUT, 1, motor - 1);
};

/** Sets the tick count to the time of day. */
export function startTicks(host: FirmwareHost): void {
  const seconds = fromBcd(cmos(host, HOURS)) * 3600 + fromBcd(cmos(host, MINUTES)) * 60 + fromBcd(cmos(host, SECONDS));
  host.write(area.TICKS, 4, area.ticksAt(seconds));
}

/** INT 15h AH=86h, CX:DX microseconds: the ROM halts until `wait` says that they are over. */
export function startWait(call: Call): void {
  const { host } = call;
  if (host.read(area.WAIT_ACTIVE, 1) & WAITING) {
    call.ah = 0x83;
    call.setCarry(true);
    return;
  }
  host.write(area.WAIT_MICROSECONDS, 4, ((call.cx << 16) | call.dx) >>> 0);
  host.write(area.WAIT_ACTIVE, 1, WAITING);
  setCmos(host, STATUS_B, cmos(host, STATUS_B) | PERIODIC);
  // IRQ 8, and the line by which the second controller is heard.
  host.writePort(SLAVE_MASK, 1, host.readPort(SLAVE_MASK, 1) & ~1);
  host.writePort(MASTER_MASK, 1, host.readPort(MASTER_MASK, 1) & ~4);
  call.setRomCarry(true);
}

/** Asked after each interrupt while the ROM waits: carry goes on waiting. */
export const wait: Service = (call) => {
  const { host } = call;
  const over = (host.read(area.WAIT_ACTIVE, 1) & ELAPSED) !== 0 || host.read(area.WAIT_ACTIVE, 1) === 0;
  call.setRomCarry(!over);
  if (!over) return;
  host.write(area.WAIT_ACTIVE, 1, 0);
  call.ah = 0;
  call.setCarry(false);
};

/** IRQ 8. Sets the ROM's carry for an alarm. */
export const realTimeClock: Service = (call) => {
  const { host } = call;
  const flags = cmos(host, STATUS_C);
  const enabled = cmos(host, STATUS_B);
  if (flags & enabled & PERIODIC && host.read(area.WAIT_ACTIVE, 1) & WAITING) {
    const left = host.read(area.WAIT_MICROSECONDS, 4) - MICROSECONDS_A_PERIOD;
    host.write(area.WAIT_MICROSECONDS, 4, Math.max(left, 0));
    if (left <= 0) {
      setCmos(host, STATUS_B, enabled & ~PERIODIC);
      host.write(area.WAIT_ACTIVE, 1, WAITING | ELAPSED);
    }
  }
  call.setRomCarry((flags & enabled & ALARM) !== 0);
};

/** INT 1Ah. */
export const timeOfDay: Service = (call) => {
  const { host } = call;
  call.setCarry(false);
  switch (call.ah) {
    case 0x00: {
      const ticks = host.read(area.TICKS, 4);
      call.cx = ticks >>> 16;
      call.dx = ticks & 0xffff;
      call.ax = host.read(area.MIDNIGHT, 1);
      host.write(area.MIDNIGHT, 1, 0);
      break;
    }
    case 0x01:
      host.write(area.TICKS, 4, ((call.cx << 16) | call.dx) >>> 0);
      host.write(area.MIDNIGHT, 1, 0);
      call.ah = 0;
      break;
    case 0x02:
      call.cx = (cmos(host, HOURS) << 8) | cmos(host, MINUTES);
      call.dx = (cmos(host, SECONDS) << 8) | (cmos(host, STATUS_B) & 1);
      call.ah = 0;
      break;
    case 0x03:
      setCmos(host, HOURS, call.ch);
      setCmos(host, MINUTES, call.cl);
      setCmos(host, SECONDS, call.dh);
      call.ah = 0;
      break;
    case 0x04:
      call.cx = (cmos(host, CENTURY) << 8) | cmos(host, YEAR);
      call.dx = (cmos(host, MONTH) << 8) | cmos(host, DAY);
      call.ah = 0;
      break;
    case 0x05:
      setCmos(host, CENTURY, call.ch);
      setCmos(host, YEAR, call.cl);
      setCmos(host, MONTH, call.dh);
      setCmos(host, DAY, call.dl);
      call.ah = 0;
      break;
    default:
      call.setCarry(true);
  }
};

function fromBcd(value: number): number {
  return (value >>> 4) * 10 + (value & 15);
}
