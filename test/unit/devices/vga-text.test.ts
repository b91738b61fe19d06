import { describe, expect, it } from 'vitest';
import { PortBus } from '../../../core/bus/port-bus.ts';
import { VirtualClock } from '../../../core/bus/virtual-clock.ts';
import { STANDARD_PORTS } from '../../../core/devices/standard-ports.ts';
import { VgaText } from '../../../core/devices/vga-text.ts';
import { CP437 } from '../../../core/util/cp437.ts';
import { run } from './helpers.ts';

function machine(hz = 1_000_000) {
  const memory = new Uint8Array(0x100000);
  const clock = new VirtualClock(hz);
  const vga = new VgaText({ clock, readMemory: (physical, length) => memory.subarray(physical, physical + length) });
  const bus = new PortBus();
  bus.attach(vga, STANDARD_PORTS.vga);
  const put = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) memory.set([text.charCodeAt(i), 0x07], 0xb8000 + 2 * (at + i));
  };
  const crtc = (index: number, value: number) => bus.write(0x3d4, 2, index | (value << 8));
  return { memory, clock, vga, bus, put, crtc };
}

describe('the text screen', () => {
  it('is 25 rows of 80 characters at B8000h, without trailing blanks', () => {
    const m = machine();
    m.put(0, 'Hello');
    m.put(24 * 80 + 79, '!');
    const text = m.vga.text();
    expect(text.length).toBe(25);
    expect(text[0]).toBe('Hello');
    expect(text[1]).toBe('');
    expect(text[24]).toBe(`${' '.repeat(79)}!`);
  });

  it('shows the glyphs of code page 437', () => {
    const m = machine();
    m.memory.set([0x01, 7, 0xb0, 7, 0xc9, 7, 0xe1, 7, 0xfe, 7], 0xb8000);
    expect(m.vga.text()[0]).toBe('☺░╔ß■');
    expect(CP437.every((glyph) => glyph.length === 1)).toBe(true);
    expect(new Set(CP437).size).toBe(254); // 00h, 20h and FFh are all blank
  });

  it('follows the start address, around the end of its memory', () => {
    const m = machine();
    m.put(80, 'second');
    m.put(0, 'first');
    m.crtc(0x0d, 80);
    expect(m.vga.text()[0]).toBe('second');
    m.crtc(0x0c, 0x3f);
    m.crtc(0x0d, 0xb0);
    expect(m.vga.text()[1]).toBe('first');
  });

  it('places the cursor relative to the screen, and hides it', () => {
    const m = machine();
    m.crtc(0x0e, 0x01);
    m.crtc(0x0f, 0x45);
    expect(m.vga.cursor()).toEqual({ row: 4, column: 5, visible: true });
    m.crtc(0x0d, 80);
    expect(m.vga.cursor().row).toBe(3);
    m.crtc(0x0a, 0x2d);
    expect(m.vga.cursor().visible).toBe(false);
  });

  it('has the size the CRT controller was given', () => {
    const m = machine();
    m.crtc(0x09, 0x47);
    expect(m.vga.text().length).toBe(50);
    m.crtc(0x01, 0x27); // protected
    m.put(41, 'x');
    expect(m.vga.text()[0].length).toBe(42);
    m.crtc(0x11, 0x0e);
    m.crtc(0x01, 0x27);
    expect(m.vga.text()[0].length).toBe(0);
  });

  it('shows nothing in graphics modes, and blanks where memory ends', () => {
    const m = machine();
    const short = new VgaText({ clock: m.clock, readMemory: () => Uint8Array.of(0x41, 7) });
    expect(short.text()[0]).toBe('A');
    m.bus.write(0x3ce, 2, 0x0506);
    expect([m.vga.mode, m.vga.text()]).toEqual(['graphics', []]);
  });
});

describe('the VGA registers', () => {
  it('are an index and a file each', () => {
    const m = machine();
    m.crtc(0x0f, 0x5a);
    m.bus.write(0x3c4, 2, 0x3c02);
    expect([m.bus.read(0x3d4, 1), m.bus.read(0x3d5, 1), m.bus.read(0x3c5, 1)]).toEqual([0x0f, 0x5a, 0x3c]);
    m.bus.read(0x3da, 1);
    for (const value of [0x11, 0x2a]) m.bus.write(0x3c0, 1, value);
    expect([m.bus.read(0x3c0, 1), m.bus.read(0x3c1, 1)]).toEqual([0x11, 0x2a]);
    m.bus.write(0x3c0, 1, 0x20);
    m.bus.read(0x3da, 1); // the next write is an index again
    m.bus.write(0x3c0, 1, 0x05);
    expect(m.bus.read(0x3c0, 1)).toBe(0x05);
  });

  it('hold 256 colours of three parts', () => {
    const m = machine();
    m.bus.write(0x3c7, 1, 0x04);
    expect([m.bus.read(0x3c9, 1), m.bus.read(0x3c9, 1), m.bus.read(0x3c9, 1)]).toEqual([0x2a, 0, 0]);
    m.bus.write(0x3c8, 1, 0xff);
    for (const part of [0x11, 0x22, 0x7f, 1]) m.bus.write(0x3c9, 1, part);
    expect([m.bus.read(0x3c7, 1), m.bus.read(0x3c8, 1)]).toEqual([0, 0]);
    m.bus.write(0x3c7, 1, 0xff);
    expect([0, 0, 0, 0].map(() => m.bus.read(0x3c9, 1))).toEqual([0x11, 0x22, 0x3f, 1]);
  });

  it('answer at 3Dx or at 3Bx, as the misc register says', () => {
    const m = machine();
    expect([m.bus.read(0x3b5, 1), m.bus.read(0x3cc, 1)]).toEqual([0xff, 0x67]);
    m.bus.write(0x3c2, 1, 0x66);
    m.bus.write(0x3b4, 2, 0x330f);
    expect([m.bus.read(0x3b5, 1), m.bus.read(0x3d5, 1)]).toEqual([0x33, 0xff]);
  });

  it('retrace 70 times a second of the virtual clock', () => {
    const m = machine();
    let frames = 0;
    let before = 0;
    for (let i = 0; i < 50_000; i++) {
      run(m.clock, 20);
      const retrace = m.bus.read(0x3da, 1) & 8;
      if (retrace !== 0 && before === 0) frames++;
      before = retrace;
    }
    expect(frames).toBe(70);
  });
});
