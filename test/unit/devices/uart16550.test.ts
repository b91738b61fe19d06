import { describe, expect, it } from 'vitest';
import { ObservedLine } from '../../../core/bus/irq-line.ts';
import { Uart16550 } from '../../../core/devices/uart16550.ts';
import { TextSink } from './helpers.ts';

function machine() {
  const irq = new ObservedLine();
  const out = new TextSink();
  const uart = new Uart16550({ irq, out });
  const write = (...writes: [number, number][]) => {
    for (const [offset, value] of writes) uart.writePort(offset, 1, value);
  };
  const read = (offset: number) => uart.readPort(offset, 1);
  return { irq, out, uart, write, read };
}

const bytesOf = (text: string) => [...text].map((character) => character.charCodeAt(0));

describe('the 16550', () => {
  it('sends a byte at the step it is written and is always ready for the next', () => {
    const m = machine();
    for (const byte of bytesOf('hello\n')) {
      expect(m.read(5) & 0x60).toBe(0x60);
      m.write([0, byte]);
    }
    expect(m.out.text).toBe('hello\n');
  });

  it('sends only as many bits as a word has', () => {
    const m = machine();
    m.write([3, 0x02], [0, 0xc1]);
    expect(m.out.text).toBe('A');
  });

  it('hides data and interrupt enable behind the divisor latch', () => {
    const m = machine();
    m.write([1, 0x05], [3, 0x83], [0, 0x34], [1, 0x12]);
    expect([m.read(0), m.read(1)]).toEqual([0x34, 0x12]);
    m.write([3, 0x03]);
    expect([m.read(1), m.out.text]).toEqual([0x05, '']);
  });

  it('raises and names the transmitter interrupt when it is enabled, again after each byte', () => {
    const m = machine();
    m.write([4, 0x0b], [1, 0x02]);
    expect(m.irq.level).toBe(true);
    expect(m.read(2)).toBe(0x02);
    expect([m.irq.level, m.read(2)]).toEqual([false, 0x01]);
    m.write([0, 0x41]);
    expect([m.irq.level, m.irq.rises]).toEqual([true, 2]);
    m.write([0, 0x42]); // without reading IIR first: still an edge
    expect(m.irq.rises).toBe(3);
    m.write([1, 0x00], [1, 0x02]); // the probe drivers make for chips that forget it
    expect(m.read(2)).toBe(0x02);
  });

  it('keeps interrupts from the PC unless OUT2 is set', () => {
    const m = machine();
    m.write([1, 0x02]);
    expect(m.irq.level).toBe(false);
    m.write([4, 0x08]);
    expect(m.irq.level).toBe(true);
    m.write([4, 0x18]);
    expect(m.irq.level).toBe(false);
  });

  it('receives through a FIFO of sixteen and loses nothing that waits outside', () => {
    const m = machine();
    const text = 'the quick brown fox jumps over the lazy dog';
    m.write([2, 0xc7], [4, 0x08], [1, 0x01]);
    m.uart.receive(bytesOf(text));
    expect(m.read(2)).toBe(0xc4);
    let got = '';
    while ((m.read(5) & 1) !== 0) got += String.fromCharCode(m.read(0));
    expect(got).toBe(text);
    expect([m.irq.level, m.read(2)]).toEqual([false, 0xc1]);
  });

  it('reports what stays below the trigger as a timeout, and each byte by an edge', () => {
    const m = machine();
    m.write([2, 0x81], [4, 0x08], [1, 0x01]);
    m.uart.receive([1, 2, 3]);
    expect(m.read(2)).toBe(0xcc);
    expect(m.irq.rises).toBe(1);
    m.read(0);
    m.read(0);
    expect(m.irq.rises).toBe(3);
    m.read(0);
    expect(m.irq.level).toBe(false);
  });

  it('holds one byte without FIFOs and empties on switching them', () => {
    const m = machine();
    m.uart.receive([0x31, 0x32, 0x33]);
    expect(m.read(0)).toBe(0x31);
    m.write([2, 0x01]); // the byte in the holding register is lost, the rest is still on the line
    expect(m.read(0)).toBe(0x33);
    expect(m.read(5) & 1).toBe(0);
  });

  it('loops outputs to inputs and the transmitter to the receiver', () => {
    const m = machine();
    m.uart.receive([0x7a]);
    m.read(0);
    m.write([4, 0x1a], [0, 0xae]);
    expect(m.out.text).toBe('');
    expect(m.read(0)).toBe(0xae);
    expect(m.read(6) & 0xf0).toBe(0x90);
    m.write([4, 0x1f]);
    expect(m.read(6)).toBe(0xf2); // DSR went high; RI reports only its end
    m.write([4, 0x1b]);
    expect(m.read(6)).toBe(0xb4);
    m.write([4, 0x0b]);
    expect(m.read(6)).toBe(0xb0);
  });

  it('overruns only in loopback, and says so once', () => {
    const m = machine();
    m.write([4, 0x10], [1, 0x04], [0, 1], [0, 2]);
    expect(m.read(2)).toBe(0x06);
    expect(m.read(5)).toBe(0x63);
    expect(m.read(5)).toBe(0x61);
    expect(m.read(2)).toBe(0x01);
  });

  it('reports modem changes', () => {
    const m = machine();
    m.write([1, 0x08], [4, 0x10]);
    expect(m.read(2)).toBe(0x00);
    expect(m.read(6)).toBe(0x0b);
    expect(m.read(2)).toBe(0x01);
  });

  it('shows a scratch register, and FIFOs only when they are on', () => {
    const m = machine();
    m.write([7, 0x5a], [2, 0x00]);
    expect([m.read(7), m.read(2) & 0xc0]).toEqual([0x5a, 0]);
    m.write([2, 0x01]);
    expect(m.read(2) & 0xc0).toBe(0xc0);
  });

  it('restores queue, FIFO and interrupt, and refuses a state with a FIFO too long', () => {
    const m = machine();
    m.write([2, 0x41], [4, 0x08], [1, 0x03]);
    m.uart.receive(Array.from({ length: 40 }, (_, i) => i));
    const other = machine();
    other.uart.load(m.uart.save());
    expect(other.uart.save()).toEqual(m.uart.save());
    expect(Array.from({ length: 40 }, () => other.read(0))).toEqual(Array.from({ length: 40 }, (_, i) => i));
    const before = other.uart.save();
    expect(() => other.uart.load({ ...before, fifo: new Uint8Array(17) })).toThrow(/saved state of uart0.fifo/);
    expect(() => other.uart.load({ ...before, ier: 16 })).toThrow(/uart0.ier/);
    expect(() => other.uart.load({ ...before, version: 2 })).toThrow(/version 2/);
    expect(() => other.uart.load({ ...before, extra: 1 })).toThrow(/uart0.extra/);
    expect(other.uart.save()).toEqual(before);
  });
});
