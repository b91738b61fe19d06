/** The register files of a VGA: what is kept, and what firmware leaves in them for text mode 3. */
import { byte, bytes, flag, int, StateShape } from '../bus/state-shape.ts';

export interface VgaState {
  misc: number;
  enable: number;
  feature: number;
  attributeIndex: number;
  /** The flip-flop of port 3C0h: the next write is data. */
  attributeData: boolean;
  attribute: Uint8Array;
  sequencerIndex: number;
  sequencer: Uint8Array;
  graphicsIndex: number;
  graphics: Uint8Array;
  crtcIndex: number;
  crtc: Uint8Array;
  dacMask: number;
  dacReading: boolean;
  dacReadIndex: number;
  dacWriteIndex: number;
  /** Which of red, green, blue comes next. */
  dacComponent: number;
  dac: Uint8Array;
}

export const VGA_SHAPE = new StateShape<VgaState>(1, {
  misc: byte,
  enable: byte,
  feature: byte,
  attributeIndex: int(0, 0x3f),
  attributeData: flag,
  attribute: bytes(0x20),
  sequencerIndex: int(0, 7),
  sequencer: bytes(8),
  graphicsIndex: int(0, 15),
  graphics: bytes(16),
  crtcIndex: int(0, 0x3f),
  crtc: bytes(0x40),
  dacMask: byte,
  dacReading: flag,
  dacReadIndex: byte,
  dacWriteIndex: byte,
  dacComponent: int(0, 2),
  dac: bytes(768, 0x3f),
});

/** Mode 3 as VGA firmware leaves it: 80x25 characters, colour, cursor in the last two lines of its cell. */
export function powerOn(): VgaState {
  const palette = [0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f];
  return {
    misc: 0x67,
    enable: 1,
    feature: 0,
    attributeIndex: 0x20,
    attributeData: false,
    attribute: registers(0x20, [...palette, 0x0c, 0x00, 0x0f, 0x08, 0x00]),
    sequencerIndex: 0,
    sequencer: registers(8, [0x03, 0x00, 0x03, 0x00, 0x02]),
    graphicsIndex: 0,
    graphics: registers(16, [0, 0, 0, 0, 0, 0x10, 0x0e, 0x00, 0xff]),
    crtcIndex: 0,
    crtc: registers(0x40, [
      ...[0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00],
      ...[0x00, 0x00, 0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff],
    ]),
    dacMask: 0xff,
    dacReading: false,
    dacReadIndex: 0,
    dacWriteIndex: 0,
    dacComponent: 0,
    dac: egaColours(),
  };
}

/** A register file that starts with `values`. */
function registers(length: number, values: readonly number[]): Uint8Array {
  const file = new Uint8Array(length);
  file.set(values);
  return file;
}

/** The first 64 colours of the DAC are those of the EGA: bits rgbRGB, capitals two thirds of full and the others one third. */
function egaColours(): Uint8Array {
  const dac = new Uint8Array(768);
  for (let colour = 0; colour < 64; colour++) {
    for (let component = 0; component < 3; component++) {
      const strong = (colour >>> (2 - component)) & 1;
      const weak = (colour >>> (5 - component)) & 1;
      dac[3 * colour + component] = 0x2a * strong + 0x15 * weak;
    }
  }
  return dac;
}
