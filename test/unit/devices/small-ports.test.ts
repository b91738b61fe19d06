import { describe, expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { PortBus } from '../../../core/bus/port-bus.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { DebugPort } from '../../../core/devices/debug-port.ts';
import { ExitPort } from '../../../core/devices/exit-port.ts';
import { leaveAsFirmware } from '../../../core/devices/firmware-defaults.ts';
import { Pic8259Pair } from '../../../core/devices/pic8259.ts';
import { Pit8254 } from '../../../core/devices/pit8254.ts';
import { PowerPort } from '../../../core/devices/power-port.ts';
import { STANDARD_PORTS } from '../../../core/devices/standard-ports.ts';
import { SystemControl } from '../../../core/devices/system-control.ts';
import { Uart16550 } from '../../../core/devices/uart16550.ts';
import { run, TextSink } from './helpers.ts';

function machine() {
  const bus = new PortBus();
  const out = new TextSink();
  const statuses: number[] = [];
  const events = { off: 0, resets: 0 };
  const a20 = new ObservedLine();
  const power = new PowerPort({ powerOff: () => events.off++ });
  const control = new SystemControl({ a20, resetCpu: () => events.resets++ });
  bus.attach(new DebugPort({ out }), STANDARD_PORTS.debugcon);
  bus.attach(new ExitPort({ exit: (status) => statuses.push(status) }), STANDARD_PORTS.debugExit);
  bus.attach(power, STANDARD_PORTS.power);
  bus.attach(control, STANDARD_PORTS.systemControl);
  return { bus, out, statuses, events, a20, power, control };
}

describe('the ports of a virtual PC', () => {
  it('E9h prints and says that it is there', () => {
    const m = machine();
    for (const character of 'ok') m.bus.write(0xe9, 1, character.charCodeAt(0));
    expect([m.out.text, m.bus.read(0xe9, 1)]).toEqual(['ok', 0xe9]);
  });

  it('F4h exits with an odd status at any width', () => {
    const m = machine();
    m.bus.write(0xf4, 1, 0);
    m.bus.write(0xf4, 4, 0x10);
    m.bus.write(0xf4, 2, 0xff);
    expect(m.statuses).toEqual([1, 0x21, 0xff]);
  });

  it('power goes off by the word 2000h at 604h or B004h, and by nothing like it', () => {
    const m = machine();
    m.bus.write(0x604, 1, 0x20);
    m.bus.write(0x604, 2, 0x2400);
    m.bus.write(0x606, 2, 0x2000);
    m.bus.write(0x605, 1, 0x20);
    expect(m.events.off).toBe(0);
    m.bus.write(0x604, 2, 0x2000);
    m.bus.write(0xb004, 2, 0x2001);
    m.bus.write(0x604, 4, 0x2000);
    expect(m.events.off).toBe(3);
  });

  it('power goes off by the word Shutdown at 8900h', () => {
    const m = machine();
    const type = (text: string) => {
      for (const character of text) m.bus.write(0x8900, 1, character.charCodeAt(0));
    };
    type('ShutSShutdow');
    const half = machine();
    half.power.load(m.power.save());
    type('xn');
    expect(m.events.off).toBe(0);
    type('Shutdown');
    expect(m.events.off).toBe(1);
    half.bus.write(0x8900, 1, 'n'.charCodeAt(0));
    expect(half.events.off).toBe(1);
  });

  it('92h drives A20, and resets on a rise only', () => {
    const m = machine();
    m.bus.write(0x92, 1, 0x02);
    expect([m.a20.level, m.control.a20, m.bus.read(0x92, 1)]).toEqual([true, true, 0x02]);
    m.bus.write(0x92, 1, 0x03);
    m.bus.write(0x92, 1, 0x03);
    m.bus.write(0x92, 1, 0x00);
    expect([m.events.resets, m.a20.level]).toEqual([1, false]);
  });
});

describe('what firmware leaves behind', () => {
  it('is a timer of 18.2 Hz at vector 08h', () => {
    const clock = new VirtualClock(1_000_000);
    const pic = new Pic8259Pair();
    const pit = new Pit8254({ clock, irq: pic.irq(0) });
    const serial = new Uart16550({ irq: pic.irq(4), out: new TextSink() });
    leaveAsFirmware(pic, pit, serial);
    expect(serial.readPort(4, 1)).toBe(0x08);
    expect([pic.readPort(1, 1), pic.readPort(3, 1)]).toEqual([0xb8, 0x8e]);
    let ticks = 0;
    for (let i = 0; i < 10_000; i++) {
      run(clock, 1000);
      if (!pic.pending) continue;
      expect(pic.acknowledge()).toBe(0x08);
      pic.writePort(0, 1, 0x20);
      ticks++;
    }
    // None from setting it up: the first one comes 55 ms later.
    expect(ticks).toBe(182);
  });
});
