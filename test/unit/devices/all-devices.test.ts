/** Properties of every device: no access throws, saved state restores exactly, damaged state is refused. */
import { describe, expect, it } from 'vitest';
import type { Device, DeviceState, StateValue, Width } from '../../../core/bus/device.ts';
import { PortBus } from '../../../core/bus/port-bus.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { CoprocessorPort } from '../../../core/devices/coprocessor-port.ts';
import { DebugPort } from '../../../core/devices/debug-port.ts';
import { ExitPort } from '../../../core/devices/exit-port.ts';
import { I8042 } from '../../../core/devices/i8042.ts';
import { Pic8259Pair } from '../../../core/devices/pic8259.ts';
import { Pit8254 } from '../../../core/devices/pit8254.ts';
import { PowerPort } from '../../../core/devices/power-port.ts';
import { RtcCmos } from '../../../core/devices/rtc-cmos.ts';
import { STANDARD_IRQS, STANDARD_PORTS } from '../../../core/devices/standard-ports.ts';
import { SystemControl } from '../../../core/devices/system-control.ts';
import { Uart16550 } from '../../../core/devices/uart16550.ts';
import { VgaText } from '../../../core/devices/vga-text.ts';
import { UserError } from '../../../core/util/errors.ts';
import { random, same } from './helpers.ts';

function pc(hz: number) {
  const clock = new VirtualClock(hz);
  const bus = new PortBus();
  const pic = new Pic8259Pair();
  let emitted = 0;
  const out = { put: () => emitted++ };
  const a20 = { set: () => {} };
  const uart = new Uart16550({ irq: pic.irq(STANDARD_IRQS.com1), out });
  const keyboard = new I8042({ clock, irq: pic.irq(STANDARD_IRQS.keyboard), a20, resetCpu: () => {} });
  const vga = new VgaText({ clock, readMemory: (_, length) => new Uint8Array(length) });
  const devices = {
    pic,
    pit: new Pit8254({ clock, irq: pic.irq(STANDARD_IRQS.pit) }),
    rtc: new RtcCmos({ clock, irq: pic.irq(STANDARD_IRQS.rtc), wallClock: 1_700_000_000 }),
    keyboard,
    com1: uart,
    vga,
    systemControl: new SystemControl({ a20, resetCpu: () => {} }),
    coprocessor: new CoprocessorPort({ irq: pic.irq(STANDARD_IRQS.coprocessor), pending: () => pic.pending }),
    debugcon: new DebugPort({ out }),
    debugExit: new ExitPort({ exit: () => {} }),
    power: new PowerPort({ powerOff: () => {} }),
  };
  for (const [place, device] of Object.entries(devices)) {
    bus.attach(device, STANDARD_PORTS[place as keyof typeof devices]);
  }
  const all: Device[] = Object.values(devices);
  const save = () => ({ clock: clock.save(), devices: all.map((device) => device.save()) });
  const load = (state: ReturnType<typeof save>) => {
    clock.load(state.clock);
    for (const [i, device] of all.entries()) device.load(state.devices[i]);
  };
  return { clock, bus, pic, uart, keyboard, vga, all, save, load, emitted: () => emitted };
}

type Pc = ReturnType<typeof pc>;

const PORTS = Object.values(STANDARD_PORTS).flatMap((ranges) =>
  ranges.flatMap(({ base, count }) => Array.from({ length: count + 2 }, (_, i) => base + i - 1)),
);
const WIDTHS: Width[] = [1, 2, 4];

/** One thing that could happen; answers what the guest saw. */
function happen(m: Pc, next: (limit: number) => number): number {
  const port = next(8) === 0 ? next(0x10000) : PORTS[next(PORTS.length)];
  const width = WIDTHS[next(3)];
  switch (next(10)) {
    case 0:
      m.clock.advance(next(next(20) === 0 ? 300_000_000 : 10_000));
      m.clock.fireDue();
      return m.clock.nextDeadline();
    case 1:
      if (next(4) === 0) m.uart.receive([next(256), next(256)]);
      if (next(4) === 0) m.keyboard.keys([next(256)]);
      return m.pic.pending ? m.pic.acknowledge() : -1;
    case 2:
      if (next(50) === 0) for (const device of m.all) device.reset();
      return next(20) === 0 ? m.vga.text().length + m.vga.cursor().row : 0;
    case 3:
    case 4:
    case 5:
      return m.bus.read(port, width);
    default:
      m.bus.write(port, width, next(3) === 0 ? next(256) : next(2 ** 32));
      return 0;
  }
}

describe('all devices', () => {
  it('take 100 000 random accesses without a word, and answer within the width', () => {
    for (const [seed, hz] of [
      [1, 100_000_000],
      [2, 1000],
      [3, 4_000_000_000],
    ]) {
      const next = random(seed);
      const m = pc(hz);
      for (let i = 0; i < 40_000; i++) happen(m, next);
      for (let i = 0; i < 10_000; i++) {
        const width = WIDTHS[next(3)];
        const value = m.bus.read(next(0x10000), width);
        if (!(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * width))) expect.fail(`read ${value}`);
      }
    }
  });

  it('restore exactly at any moment, and go on the same way', () => {
    const next = random(4);
    const m = pc(1_000_000);
    const copy = pc(1_000_000);
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 200; i++) happen(m, next);
      copy.load(m.save());
      expect(same(copy.save(), m.save())).toBe(true);
      const seed = next(2 ** 32);
      const [a, b] = [random(seed), random(seed)];
      for (let i = 0; i < 200; i++) if (happen(copy, b) !== happen(m, a)) expect.fail(`round ${round} step ${i}`);
      expect(same(copy.save(), m.save())).toBe(true);
    }
  });

  it('refuse damaged state with a message for the user and stay as they were', () => {
    const next = random(5);
    const m = pc(1_000_000);
    for (let i = 0; i < 2000; i++) happen(m, next);
    let refused = 0;
    for (const device of [m.clock, ...m.all]) {
      const before = device.save();
      for (const damaged of damages(before)) {
        try {
          device.load(damaged);
          // What is still a state of the device is its state now.
          if (!same(device.save(), damaged)) expect(device.save()).toEqual(damaged);
          device.load(before);
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          if (!same(device.save(), before)) expect(device.save()).toEqual(before);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(500);
  });
});

/** Copies of a state with one value in it replaced, removed or added. */
function* damages(state: DeviceState): Generator<DeviceState> {
  const wrong: StateValue[] = [-2, 1e9, 0.5, Number.NaN, -0, 'x', true, null, [], {}, new Uint8Array(3)];
  yield null as unknown as DeviceState;
  yield { ...state, unknown: 1 };
  for (const path of paths(state, [])) {
    for (const value of wrong) yield replaced(state, path, value) as DeviceState;
    yield replaced(state, path, undefined) as DeviceState;
  }
}

function* paths(value: StateValue, path: (string | number)[]): Generator<(string | number)[]> {
  if (path.length !== 0) yield path;
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  for (const [key, inner] of Object.entries(value))
    yield* paths(inner, [...path, Array.isArray(value) ? Number(key) : key]);
}

function replaced(value: StateValue, path: (string | number)[], by: StateValue | undefined): StateValue {
  if (path.length === 0) return by as StateValue;
  const copy = (Array.isArray(value) ? [...value] : { ...(value as object) }) as { [key: string]: StateValue };
  const [key, ...rest] = path;
  copy[key] = replaced(copy[key], rest, by);
  if (by === undefined && rest.length === 0) delete copy[key];
  return copy as StateValue;
}
