import { describe, expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { RtcCmos } from '../../../core/devices/rtc-cmos.ts';
import { civilFromDays, daysFromCivil } from '../../../core/util/calendar.ts';
import { run } from './helpers.ts';

const HZ = 1_000_000;
/** Saturday, 2000-01-01 00:00:00. */
const Y2K = 946_684_800;

function machine(wallClock = Y2K) {
  const clock = new VirtualClock(HZ);
  const irq = new ObservedLine();
  const rtc = new RtcCmos({ clock, irq, wallClock });
  const read = (index: number) => {
    rtc.writePort(0, 1, index);
    return rtc.readPort(1, 1);
  };
  const write = (index: number, value: number) => {
    rtc.writePort(0, 1, index | 0x80);
    rtc.writePort(1, 1, value);
  };
  const time = () => [0x32, 9, 8, 7, 4, 2, 0].map((index) => read(index).toString(16).padStart(2, '0')).join(' ');
  return { clock, irq, rtc, read, write, time };
}

describe('the calendar', () => {
  it('agrees with the host on 5 000 dates over eight centuries', () => {
    for (let i = 0; i < 5000; i++) {
      const days = -146_097 + i * 61;
      const date = new Date(days * 86_400_000);
      const civil = civilFromDays(days);
      expect(civil).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
      expect(daysFromCivil(civil)).toBe(days);
    }
  });
});

describe('the real-time clock', () => {
  it('starts where the configuration says and follows the virtual clock', () => {
    const m = machine(Y2K + 31 * 86_400 + 28 * 86_400 + 86_399);
    expect(m.time()).toBe('20 00 02 29 23 59 59');
    expect(m.read(6)).toBe(3); // a Tuesday
    run(m.clock, HZ);
    expect(m.time()).toBe('20 00 03 01 00 00 00');
    expect(m.read(6)).toBe(4);
    expect(m.read(0x0d)).toBe(0x80);
  });

  it('shows binary and 12-hour formats', () => {
    const m = machine(Y2K + 15 * 3600 + 45 * 60);
    m.write(0x0b, 0x04);
    expect([m.read(4), m.read(2), m.read(0x32)]).toEqual([0x83, 45, 20]);
    m.write(0x0b, 0x00);
    expect(m.read(4)).toBe(0x83);
    const midnight = machine();
    midnight.write(0x0b, 0x00);
    expect(midnight.read(4)).toBe(0x12);
  });

  it('is set under SET, and counts on from there with the same fraction of a second', () => {
    const m = machine();
    run(m.clock, HZ / 4);
    m.write(0x0b, 0x82);
    for (const [index, value] of [
      [0x32, 0x19],
      [9, 0x99],
      [8, 0x12],
      [7, 0x31],
      [6, 0x06],
      [4, 0x23],
      [2, 0x59],
      [0, 0x58],
    ]) {
      m.write(index, value);
    }
    run(m.clock, 5 * HZ);
    expect(m.time()).toBe('19 99 12 31 23 59 58');
    m.write(0x0b, 0x02);
    run(m.clock, HZ);
    expect(m.time()).toBe('19 99 12 31 23 59 59');
    run(m.clock, HZ);
    expect(m.time()).toBe('20 00 01 01 00 00 00');
    expect(m.read(6)).toBe(7);
  });

  it('takes a byte written while it runs, and starts half a second after its divider', () => {
    const m = machine();
    m.write(4, 0x17);
    expect(m.time()).toBe('20 00 01 01 17 00 00');
    run(m.clock, 300_000);
    m.write(0x0a, 0x66);
    run(m.clock, 7 * HZ);
    expect(m.time()).toBe('20 00 01 01 17 00 00');
    m.write(0x0a, 0x26);
    run(m.clock, HZ / 2 - 1);
    expect(m.read(0)).toBe(0);
    run(m.clock, 1);
    expect(m.read(0)).toBe(1);
  });

  it('announces an update 244 µs ahead', () => {
    const m = machine();
    run(m.clock, HZ - 245);
    expect(m.read(0x0a)).toBe(0x26);
    run(m.clock, 1);
    expect(m.read(0x0a)).toBe(0xa6);
    run(m.clock, 244);
    expect([m.read(0x0a), m.read(0)]).toEqual([0x26, 1]);
  });

  it('interrupts periodically, each time only after the flags were read', () => {
    const m = machine();
    m.write(0x0b, 0x42);
    run(m.clock, 2000);
    expect(m.irq.rises).toBe(1);
    expect(m.read(0x0c)).toBe(0xc0);
    expect(m.irq.level).toBe(false);
    let count = 0;
    for (let i = 0; i < 10_000; i++) {
      run(m.clock, 100);
      if (m.irq.level) {
        count++;
        m.read(0x0c);
      }
    }
    expect(count).toBe(1024);
  });

  it('interrupts at each update, and clears that enable when SET goes up', () => {
    const m = machine();
    m.write(0x0b, 0x12);
    run(m.clock, HZ - 1);
    expect(m.irq.level).toBe(false);
    run(m.clock, 1);
    expect(m.irq.level).toBe(true);
    expect(m.read(0x0c) & 0x90).toBe(0x90);
    m.write(0x0b, 0x92);
    expect(m.read(0x0b)).toBe(0x82);
  });

  it('alarms at a time, or wherever an alarm byte does not care', () => {
    const m = machine();
    m.write(1, 0x05);
    m.write(3, 0x01);
    m.write(5, 0xff);
    m.write(0x0b, 0x22);
    run(m.clock, 65 * HZ - 1);
    expect(m.irq.level).toBe(false);
    run(m.clock, 1);
    expect(m.read(0x0c) & 0xa0).toBe(0xa0);
    run(m.clock, 3600 * HZ);
    expect(m.irq.level).toBe(true);
  });

  it('keeps flags for a guest that polls', () => {
    const m = machine();
    m.write(1, 0x30);
    m.write(3, 0xc0);
    m.write(5, 0xc0);
    m.read(0x0c);
    run(m.clock, 29 * HZ);
    expect(m.read(0x0c)).toBe(0x50);
    run(m.clock, HZ);
    expect(m.read(0x0c)).toBe(0x70);
    expect(m.read(0x0c)).toBe(0);
    expect(m.irq.rises).toBe(0);
  });

  it('holds the memory sizes firmware leaves, with a good checksum', () => {
    const m = machine();
    m.rtc.setMemorySize(128 * 2 ** 20);
    const word = (index: number) => m.read(index) | (m.read(index + 1) << 8);
    expect([word(0x15), word(0x17), word(0x30), word(0x34)]).toEqual([640, 0xffff, 0xffff, 112 * 16]);
    m.rtc.setMemorySize(8 * 2 ** 20);
    expect([word(0x15), word(0x30), word(0x34)]).toEqual([640, 7168, 0]);
    let sum = 0;
    for (let index = 0x10; index <= 0x2d; index++) sum += m.read(index);
    expect((m.read(0x2e) << 8) | m.read(0x2f)).toBe(sum);
    m.write(0x0f, 0x0a);
    m.rtc.reset();
    expect(m.read(0x0f)).toBe(0x0a);
  });

  it('restores its time, whatever the guest made of it', () => {
    const m = machine();
    m.write(9, 0x77);
    m.write(6, 0x02);
    m.write(0x0b, 0x72);
    run(m.clock, 3 * HZ + 17);
    const other = machine(0);
    other.clock.load(m.clock.save());
    other.rtc.load(m.rtc.save());
    expect(other.rtc.save()).toEqual(m.rtc.save());
    expect(other.time()).toBe(m.time());
    expect(other.read(0x0c)).toBe(m.read(0x0c));
    run(m.clock, 500);
    run(other.clock, 500);
    expect(other.irq.level).toBe(m.irq.level);
  });
});
