/**
 * A VGA as far as text mode needs it: all register files are kept, the screen's size, start and cursor
 * follow the CRT controller, and the characters are read from video memory, which is plain RAM to the rest
 * of the machine. It draws nothing: graphics modes have no text.
 *
 * Ports by offset from 3C0h: 0 1 attribute · 2 C misc output · 4 5 sequencer · 6–9 DAC · E F graphics ·
 * 14 15 CRT controller · 1A input status. Offsets 24 25 2A are the same at 3B4h for a monochrome setting.
 */
import type { Clock } from '../bus/clock.ts';
import type { DeviceState, PortDevice, Width } from '../bus/device.ts';
import { Rate } from '../bus/rate.ts';
import { CP437 } from '../util/cp437.ts';
import { powerOn, VGA_SHAPE } from './vga-registers.ts';

const ATTRIBUTE = 0x00;
const ATTRIBUTE_READ = 0x01;
const MISC_WRITE = 0x02;
const ENABLE = 0x03;
const SEQUENCER_INDEX = 0x04;
const SEQUENCER = 0x05;
const DAC_MASK = 0x06;
const DAC_READ_INDEX = 0x07;
const DAC_WRITE_INDEX = 0x08;
const DAC_DATA = 0x09;
const FEATURE_READ = 0x0a;
const MISC_READ = 0x0c;
const GRAPHICS_INDEX = 0x0e;
const GRAPHICS = 0x0f;
const CRTC_INDEX = 0x14;
const CRTC = 0x15;
const STATUS = 0x1a;
const MONOCHROME = 0x20;

const MISC_COLOR = 0x01;

const CRTC_COLUMNS = 0x01;
const CRTC_OVERFLOW = 0x07;
const CRTC_CELL_HEIGHT = 0x09;
const CRTC_CURSOR_START = 0x0a;
const CRTC_CURSOR_END = 0x0b;
const CRTC_START = 0x0c;
const CRTC_CURSOR = 0x0e;
const CRTC_PROTECT = 0x11;
const CRTC_DISPLAY_END = 0x12;
const CRTC_PITCH = 0x13;
const OVERFLOW_LINE_COMPARE = 0x10;

const GRAPHICS_MISC = 0x06;

/** 640x400 at 70 Hz: lines a second, cut in 16 parts, and lines a frame. */
const LINE_HZ = 31_469;
const LINE_PARTS = 16;
const LINE_BLANK = 13;
const FRAME_LINES = 449;
const FRAME_BLANK = 400;
const RETRACE_START = 412;
const RETRACE_END = 414;
const STATUS_BLANK = 0x01;
const STATUS_RETRACE = 0x08;

const MAX_ROWS = 128;

export interface VgaOptions {
  readonly name?: string;
  readonly clock: Clock;
  /** Physical memory; may answer fewer bytes than asked, which show as blanks. */
  readonly readMemory: (physical: number, length: number) => Uint8Array;
}

export interface TextCursor {
  readonly row: number;
  readonly column: number;
  /** Switched on and on the screen. */
  readonly visible: boolean;
}

export class VgaText implements PortDevice {
  readonly name: string;
  readonly #clock: Clock;
  readonly #beam: Rate;
  readonly #readMemory: (physical: number, length: number) => Uint8Array;
  #s = powerOn();

  constructor({ name = 'vga', clock, readMemory }: VgaOptions) {
    this.name = name;
    this.#clock = clock;
    this.#beam = new Rate(clock.hz, LINE_HZ * LINE_PARTS);
    this.#readMemory = readMemory;
  }

  /** Whether characters or pixels are shown. */
  get mode(): 'text' | 'graphics' {
    return (this.#s.graphics[GRAPHICS_MISC] & 1) !== 0 ? 'graphics' : 'text';
  }

  /** The rows of the screen without trailing blanks; none in graphics modes. */
  text(): string[] {
    if (this.mode !== 'text') return [];
    const { columns, rows, pitch, start } = this.#geometry();
    const { base, size } = this.#window();
    const memory = this.#readMemory(base, size);
    return Array.from({ length: rows }, (_, row) => {
      let line = '';
      for (let column = 0; column < columns; column++) {
        const at = (2 * (start + row * pitch + column)) % size;
        line += CP437[at < memory.length ? memory[at] : 0];
      }
      return line.trimEnd();
    });
  }

  /** Code and attribute of every cell, row by row; blank in graphics modes. */
  cells(): { readonly columns: number; readonly rows: number; readonly bytes: Uint8Array } {
    const { columns, rows, pitch, start } = this.#geometry();
    const bytes = new Uint8Array(2 * columns * rows);
    if (this.mode !== 'text') return { columns, rows, bytes };
    const { base, size } = this.#window();
    const memory = this.#readMemory(base, size);
    for (let row = 0; row < rows; row++) {
      for (let at = 0; at < 2 * columns; at++) {
        bytes[2 * row * columns + at] = memory[(2 * (start + row * pitch) + at) % size] ?? 0;
      }
    }
    return { columns, rows, bytes };
  }

  cursor(): TextCursor {
    const { crtc } = this.#s;
    const { columns, rows, pitch, start } = this.#geometry();
    const distance = (word(crtc, CRTC_CURSOR) - start) & 0xffff;
    const row = pitch === 0 ? 0 : Math.floor(distance / pitch);
    const column = pitch === 0 ? distance : distance % pitch;
    const first = crtc[CRTC_CURSOR_START];
    const shown = (first & 0x20) === 0 && (first & 0x1f) <= (crtc[CRTC_CURSOR_END] & 0x1f);
    return { row, column, visible: shown && row < rows && column < columns };
  }

  readPort(offset: number, _width: Width): number {
    const s = this.#s;
    switch (this.#decode(offset)) {
      case ATTRIBUTE:
        return s.attributeIndex;
      case ATTRIBUTE_READ:
        return s.attribute[s.attributeIndex & 0x1f];
      case MISC_WRITE: // input status 0
        return 0;
      case ENABLE:
        return s.enable;
      case SEQUENCER_INDEX:
        return s.sequencerIndex;
      case SEQUENCER:
        return s.sequencer[s.sequencerIndex];
      case DAC_MASK:
        return s.dacMask;
      case DAC_READ_INDEX: // DAC state: which index was written last
        return s.dacReading ? 3 : 0;
      case DAC_WRITE_INDEX:
        return s.dacWriteIndex;
      case DAC_DATA:
        return this.#readDac();
      case FEATURE_READ:
        return s.feature;
      case MISC_READ:
        return s.misc;
      case GRAPHICS_INDEX:
        return s.graphicsIndex;
      case GRAPHICS:
        return s.graphics[s.graphicsIndex];
      case CRTC_INDEX:
        return s.crtcIndex;
      case CRTC:
        return s.crtc[s.crtcIndex];
      case STATUS:
        s.attributeData = false;
        return this.#status();
      default:
        return 0xff;
    }
  }

  writePort(offset: number, _width: Width, value: number): void {
    const s = this.#s;
    const data = value & 0xff;
    switch (this.#decode(offset)) {
      case ATTRIBUTE:
        if (s.attributeData) s.attribute[s.attributeIndex & 0x1f] = data;
        else s.attributeIndex = data & 0x3f;
        s.attributeData = !s.attributeData;
        break;
      case MISC_WRITE:
        s.misc = data;
        break;
      case ENABLE:
        s.enable = data;
        break;
      case SEQUENCER_INDEX:
        s.sequencerIndex = data & 7;
        break;
      case SEQUENCER:
        s.sequencer[s.sequencerIndex] = data;
        break;
      case DAC_MASK:
        s.dacMask = data;
        break;
      case DAC_READ_INDEX:
        s.dacReadIndex = data;
        s.dacReading = true;
        s.dacComponent = 0;
        break;
      case DAC_WRITE_INDEX:
        s.dacWriteIndex = data;
        s.dacReading = false;
        s.dacComponent = 0;
        break;
      case DAC_DATA:
        s.dac[3 * s.dacWriteIndex + s.dacComponent] = data & 0x3f;
        if (this.#nextComponent()) s.dacWriteIndex = (s.dacWriteIndex + 1) & 0xff;
        break;
      case GRAPHICS_INDEX:
        s.graphicsIndex = data & 15;
        break;
      case GRAPHICS:
        s.graphics[s.graphicsIndex] = data;
        break;
      case CRTC_INDEX:
        s.crtcIndex = data & 0x3f;
        break;
      case CRTC:
        this.#writeCrtc(data);
        break;
      case STATUS: // feature control
        s.feature = data;
        break;
      default:
        break;
    }
  }

  reset(): void {
    this.#s = powerOn();
  }

  save(): DeviceState {
    return VGA_SHAPE.save(this.#s);
  }

  load(state: DeviceState): void {
    this.#s = VGA_SHAPE.load(state, this.name);
  }

  /** Misc output bit 0 chooses whether CRTC and status answer at 3Dx or at 3Bx. */
  #decode(offset: number): number {
    const color = (this.#s.misc & MISC_COLOR) !== 0;
    if (offset >= MONOCHROME) return color ? -1 : offset - 0x10;
    return color || offset < 0x10 ? offset : -1;
  }

  #writeCrtc(value: number): void {
    const { crtc, crtcIndex } = this.#s;
    // Bit 7 of the retrace end register protects the timings, all but one bit of the overflow register.
    if (crtcIndex <= CRTC_OVERFLOW && (crtc[CRTC_PROTECT] & 0x80) !== 0) {
      if (crtcIndex === CRTC_OVERFLOW) {
        crtc[CRTC_OVERFLOW] = (crtc[CRTC_OVERFLOW] & ~OVERFLOW_LINE_COMPARE) | (value & OVERFLOW_LINE_COMPARE);
      }
      return;
    }
    crtc[crtcIndex] = value;
  }

  #readDac(): number {
    const s = this.#s;
    const value = s.dac[3 * s.dacReadIndex + s.dacComponent];
    if (this.#nextComponent()) s.dacReadIndex = (s.dacReadIndex + 1) & 0xff;
    return value;
  }

  /** True when a colour is complete. */
  #nextComponent(): boolean {
    this.#s.dacComponent = (this.#s.dacComponent + 1) % 3;
    return this.#s.dacComponent === 0;
  }

  /** Where the beam is, from the clock alone: guests wait for retrace, and some time themselves by it. */
  #status(): number {
    const position = this.#beam.cyclesAt(this.#clock.now());
    const line = Math.floor(position / LINE_PARTS) % FRAME_LINES;
    const blank = line >= FRAME_BLANK || position % LINE_PARTS >= LINE_BLANK;
    const retrace = line >= RETRACE_START && line < RETRACE_END;
    return (blank ? STATUS_BLANK : 0) | (retrace ? STATUS_RETRACE : 0);
  }

  /** In characters. */
  #geometry(): { columns: number; rows: number; pitch: number; start: number } {
    const { crtc } = this.#s;
    const overflow = crtc[CRTC_OVERFLOW];
    const lines = (crtc[CRTC_DISPLAY_END] | ((overflow & 0x02) << 7) | ((overflow & 0x40) << 3)) + 1;
    const height = (crtc[CRTC_CELL_HEIGHT] & 0x1f) + 1;
    return {
      columns: crtc[CRTC_COLUMNS] + 1,
      rows: Math.min(Math.floor(lines / height), MAX_ROWS),
      pitch: crtc[CRTC_PITCH] * 2,
      start: word(crtc, CRTC_START),
    };
  }

  /** Where the graphics controller maps video memory. */
  #window(): { base: number; size: number } {
    switch ((this.#s.graphics[GRAPHICS_MISC] >>> 2) & 3) {
      case 0:
        return { base: 0xa0000, size: 0x20000 };
      case 1:
        return { base: 0xa0000, size: 0x10000 };
      case 2:
        return { base: 0xb0000, size: 0x8000 };
      default:
        return { base: 0xb8000, size: 0x8000 };
    }
  }
}

/** Two registers, high byte first. */
function word(registers: Uint8Array, index: number): number {
  return (registers[index] << 8) | registers[index + 1];
}
