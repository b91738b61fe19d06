/**
 * The ten time bytes of an MC146818 as a guest sees them: calendar seconds to registers and back, in the
 * format register B asks for. Registers by index: 0 seconds, 2 minutes, 4 hours, 6 day of week (Sunday is
 * 1), 7 day, 8 month, 9 year; 32h, the century, is where PC firmware and chipsets keep it.
 */
import { civilFromDays, daysFromCivil } from '../util/calendar.ts';

const B_BINARY = 0x04;
const B_24_HOURS = 0x02;

const PM = 0x80;
const DAY = 86_400;
/** 1970-01-01 was a Thursday. */
const EPOCH_WEEKDAY = 4;

/** Order of the bytes in a time record, as register numbers. */
export const TIME_REGISTERS: readonly number[] = [0x00, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x32];

/** A number below 100 in BCD, or as it is in binary mode. */
export function encode(value: number, registerB: number): number {
  return (registerB & B_BINARY) !== 0 ? value : Math.floor(value / 10) * 16 + (value % 10);
}

export function decode(value: number, registerB: number): number {
  return (registerB & B_BINARY) !== 0 ? value : (value >>> 4) * 10 + (value & 15);
}

/** An hour of the day as its register shows it, with the PM bit in 12-hour format. */
export function encodeHour(hour: number, registerB: number): number {
  if ((registerB & B_24_HOURS) !== 0) return encode(hour, registerB);
  return encode(hour % 12 === 0 ? 12 : hour % 12, registerB) | (hour >= 12 ? PM : 0);
}

function decodeHour(value: number, registerB: number): number {
  if ((registerB & B_24_HOURS) !== 0) return decode(value, registerB);
  return (decode(value & ~PM, registerB) % 12) + ((value & PM) !== 0 ? 12 : 0);
}

/** @param seconds since 1970-01-01 @param weekdayShift days by which the guest's weekday is off */
export function timeRegisters(seconds: number, weekdayShift: number, registerB: number): Uint8Array {
  const days = Math.floor(seconds / DAY);
  const second = seconds - days * DAY;
  const { year, month, day } = civilFromDays(days);
  const put = (value: number) => encode(value, registerB);
  return Uint8Array.of(
    put(second % 60),
    put(Math.floor(second / 60) % 60),
    encodeHour(Math.floor(second / 3600), registerB),
    put(modulo(days + EPOCH_WEEKDAY + weekdayShift, 7) + 1),
    put(day),
    put(month),
    put(modulo(year, 100)),
    put(modulo(Math.floor(year / 100), 100)),
  );
}

/** The other way. Values no clock shows (minute 77) are taken for what they add up to. */
export function timeFromRegisters(bytes: Uint8Array, registerB: number): { seconds: number; weekdayShift: number } {
  const get = (index: number) => decode(bytes[index], registerB);
  const days = daysFromCivil({ year: get(7) * 100 + get(6), month: modulo(get(5) - 1, 12) + 1, day: get(4) });
  const seconds = days * DAY + decodeHour(bytes[2], registerB) * 3600 + get(1) * 60 + get(0);
  return { seconds, weekdayShift: modulo(get(3) - 1 - EPOCH_WEEKDAY - Math.floor(seconds / DAY), 7) };
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
