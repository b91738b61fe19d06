import { describe, expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { I8042 } from '../../../core/devices/i8042.ts';
import { keyCodes, keyNames, textCodes } from '../../../core/devices/ps2-scan-codes.ts';
import { run } from './helpers.ts';

function machine() {
  const clock = new VirtualClock(1_000_000);
  const irq = new ObservedLine();
  const a20 = new ObservedLine();
  let resets = 0;
  const controller = new I8042({ clock, irq, a20, resetCpu: () => resets++ });
  const command = (...values: number[]) => {
    controller.writePort(1, 1, values[0]);
    for (const value of values.slice(1)) controller.writePort(0, 1, value);
  };
  const data = (...values: number[]) => {
    for (const value of values) controller.writePort(0, 1, value);
  };
  const status = () => controller.readPort(1, 1);
  const read = () => controller.readPort(0, 1);
  /** Everything that comes, as the guest's handler would see it. */
  const drain = () => {
    const bytes: number[] = [];
    for (let idle = 0; idle < 3; idle++) {
      while ((status() & 1) !== 0) {
        bytes.push(read());
        idle = 0;
      }
      run(clock, 1000);
    }
    return bytes;
  };
  return { clock, irq, a20, controller, command, data, status, read, drain, resets: () => resets };
}

describe('the keyboard controller', () => {
  it('passes its self tests and answers without an interrupt', () => {
    const m = machine();
    m.command(0xaa);
    expect(m.status() & 0x0d).toBe(0x0d);
    expect(m.read()).toBe(0x55);
    expect(m.status() & 1).toBe(0);
    m.command(0xab);
    expect(m.read()).toBe(0);
    expect(m.irq.rises).toBe(0);
  });

  it('keeps the command byte, and its mouse port disabled', () => {
    const m = machine();
    m.command(0x20);
    expect(m.read()).toBe(0x65);
    m.command(0x60, 0x03);
    m.command(0x20);
    expect(m.read()).toBe(0x23);
    m.command(0x77, 0x5a);
    m.command(0x37);
    expect(m.read()).toBe(0x5a);
    m.command(0xd3, 0x5a);
    expect(m.status() & 0x21).toBe(0x01);
    expect(m.read()).toBe(0x5a);
    m.command(0xa9);
    expect(m.read()).not.toBe(0);
  });

  it('opens and closes the A20 gate, and resets the processor by pulse and by output port', () => {
    const m = machine();
    expect(m.controller.a20).toBe(true);
    m.command(0xdd);
    expect([m.controller.a20, m.a20.level]).toEqual([false, false]);
    m.command(0xd0);
    expect(m.read() & 0x03).toBe(0x01);
    m.command(0xd1, 0xdf);
    expect([m.controller.a20, m.a20.level]).toEqual([true, true]);
    m.command(0xfe);
    m.command(0xd1, 0xde);
    m.command(0xff);
    expect(m.resets()).toBe(2);
  });

  it('sends keys translated to set 1, each byte with an edge of its own', () => {
    const m = machine();
    m.controller.keys(keyCodes('a')!);
    expect(m.irq.level).toBe(true);
    expect(m.read()).toBe(0x1e);
    expect(m.irq.level).toBe(false);
    expect(m.read()).toBe(0x1e); // a second read finds the same byte
    run(m.clock, 2000);
    expect(m.irq.level).toBe(true);
    expect(m.read()).toBe(0x9e);
    m.controller.keys(keyCodes('ctrl-alt-delete')!);
    expect(m.drain()).toEqual([0x1d, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xb8, 0x9d]);
    m.controller.keys(keyCodes('pause')!);
    expect(m.drain()).toEqual([0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5]);
    expect(m.irq.rises).toBe(2 + 8 + 6);
  });

  it('sends set 2 as it is without translation, and set 1 when the keyboard itself speaks it', () => {
    const m = machine();
    m.command(0x60, 0x05);
    m.controller.keys(keyCodes('up')!);
    expect(m.drain()).toEqual([0xe0, 0x75, 0xe0, 0xf0, 0x75]);
    m.data(0xf0, 0x01);
    expect(m.drain()).toEqual([0xfa, 0xfa]);
    m.controller.keys(keyCodes('up')!);
    expect(m.drain()).toEqual([0xe0, 0x48, 0xe0, 0xc8]);
  });

  it('holds keys while the interface is off or the buffer is full', () => {
    const m = machine();
    m.command(0xad);
    m.controller.keys(keyCodes('b')!);
    expect(m.status() & 1).toBe(0);
    m.command(0xae);
    expect(m.drain()).toEqual([0x30, 0xb0]);
  });

  it('raises no interrupt that the command byte forbids, and raises it late when it is allowed', () => {
    const m = machine();
    m.command(0x60, 0x44);
    m.controller.keys([0x1c]);
    expect([m.status() & 1, m.irq.level]).toEqual([1, false]);
    m.command(0x60, 0x45);
    expect(m.irq.level).toBe(true);
  });
});

describe('the keyboard', () => {
  const ask = (m: ReturnType<typeof machine>, ...values: number[]) => {
    const answers: number[] = [];
    for (const value of values) {
      m.data(value);
      answers.push(...m.drain());
    }
    return answers;
  };

  it('answers the commands a driver sends while it probes', () => {
    const m = machine();
    m.command(0x60, 0x05);
    expect(ask(m, 0xff)).toEqual([0xfa, 0xaa]);
    expect(ask(m, 0xf2)).toEqual([0xfa, 0xab, 0x83]);
    expect(ask(m, 0xed, 0x07)).toEqual([0xfa, 0xfa]);
    expect(ask(m, 0xf3, 0x00)).toEqual([0xfa, 0xfa]);
    expect(ask(m, 0xf0, 0x00)).toEqual([0xfa, 0xfa, 0x02]);
    expect(ask(m, 0xf0, 0x03)).toEqual([0xfa, 0xfe]);
    expect(ask(m, 0xee)).toEqual([0xee]);
    expect(ask(m, 0xfe)).toEqual([0xee]);
    expect(ask(m, 0xe7)).toEqual([0xfe]);
    expect(ask(m, 0xed, 0xf4)).toEqual([0xfa, 0xfa]); // a command instead of the parameter
  });

  it('shows its identifier translated when the controller translates', () => {
    expect(ask(machine(), 0xf2)).toEqual([0xfa, 0xab, 0x41]);
  });

  it('does not see keys while scanning is off', () => {
    const m = machine();
    ask(m, 0xf5);
    m.controller.keys(keyCodes('x')!);
    expect(m.drain()).toEqual([]);
    ask(m, 0xf4);
    m.controller.keys(keyCodes('x')!);
    expect(m.drain()).toEqual([0x2d, 0xad]);
  });
});

describe('the scan code tables', () => {
  it('give every key name a make and a break code that nobody else has', () => {
    const seen = new Map<string, string>();
    const aliases = new Set<string>();
    for (const name of keyNames()) {
      const codes = keyCodes(name)!;
      expect(codes.length, name).toBeGreaterThan(1);
      const other = seen.get(codes.join());
      if (other !== undefined) aliases.add(name);
      seen.set(codes.join(), name);
    }
    expect(aliases.size).toBe(19);
  });

  it('type text on a US keyboard and refuse characters without a key', () => {
    expect(textCodes('aA1!\n')).toEqual([
      ...[0x1c, 0xf0, 0x1c],
      ...[0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12],
      ...[0x16, 0xf0, 0x16],
      ...[0x12, 0x16, 0xf0, 0x16, 0xf0, 0x12],
      ...[0x5a, 0xf0, 0x5a],
    ]);
    for (let code = 0x20; code < 0x7f; code++) {
      expect(textCodes(String.fromCharCode(code)), String.fromCharCode(code)).toBeDefined();
    }
    expect(textCodes('é')).toBeUndefined();
    expect(keyCodes('no-such')).toBeUndefined();
    expect(keyCodes('constructor')).toBeUndefined();
  });
});
