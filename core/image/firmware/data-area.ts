/**
 * The data area at 400h: where PC firmware keeps what programs also read. Addresses are linear. How it and the
 * interrupt vectors look after power-on is here, too.
 */
import { DISKETTE_TABLE, ROM_SEGMENT } from './rom.ts';
import { VECTOR_OFFSETS } from './rom-image.ts';

export const COM_PORTS = 0x400;
export const EBDA_SEGMENT = 0x40e;
export const EQUIPMENT = 0x410;
export const BASE_MEMORY = 0x413;
export const SHIFT_FLAGS = 0x417;
export const SHIFT_FLAGS_2 = 0x418;
export const KEY_NUMPAD = 0x419;
export const KEY_HEAD = 0x41a;
export const KEY_TAIL = 0x41c;
export const KEY_BUFFER = 0x41e;
export const KEY_BUFFER_END = 0x43e;
export const MOTOR_TIMEOUT = 0x440;
export const FLOPPY_STATUS = 0x441;
export const VIDEO_MODE = 0x449;
export const VIDEO_COLUMNS = 0x44a;
export const VIDEO_PAGE_BYTES = 0x44c;
export const VIDEO_PAGE_START = 0x44e;
export const CURSOR_POSITIONS = 0x450;
export const CURSOR_SHAPE = 0x460;
export const VIDEO_PAGE = 0x462;
export const CRTC_PORT = 0x463;
export const TICKS = 0x46c;
export const MIDNIGHT = 0x470;
export const BREAK_FLAG = 0x471;
export const WARM_BOOT = 0x472;
export const DISK_STATUS = 0x474;
export const DISK_COUNT = 0x475;
export const COM_TIMEOUTS = 0x47c;
export const KEY_BUFFER_START_POINTER = 0x480;
export const KEY_BUFFER_END_POINTER = 0x482;
export const VIDEO_ROWS = 0x484;
export const CHARACTER_HEIGHT = 0x485;
export const VIDEO_CONTROL = 0x487;
export const WAIT_POINTER = 0x498;
export const WAIT_MICROSECONDS = 0x49c;
export const WAIT_ACTIVE = 0x4a0;
export const KEYBOARD_STATE = 0x496;

/** Top of conventional memory: 1 KiB below 640 is the extended data area. */
export const BASE_KIB = 639;

/** The extended data area, which begins with its size in KiB. */
export const EBDA = BASE_KIB * 1024;
export const EBDA_CONTENT = Uint8Array.of(1);
/** The text screen: where it is, and a cell of it with nothing in it. */
export const TEXT_MEMORY = 0xb8000;
export const TEXT_BYTES = 0x8000;
export const BLANK = 0x0720;
/** Index register of the display controller. */
export const CRTC = 0x3d4;
/** The mode a PC starts in: colour text of 80 columns. */
export const TEXT_80 = 3;
/** Ticks of 18.2 Hz in a day. */
export const TICKS_A_DAY = 0x1800b0;

const LOW_MEMORY_BYTES = 0x500;
const TIMER_HZ = 1_193_182;
const COM1 = 0x3f8;
const DISKETTE_VECTOR = 0x1e;
/** Vectors that are pointers to tables nobody filled in: video parameters, fonts, second disk. */
const TABLE_VECTORS = [0x1d, 0x1f, 0x41, 0x43, 0x46];

/** 80x25 colour, a floppy drive if there is one, one serial port; the coprocessor is always there. */
export function equipmentWord(floppies: number): number {
  const drives = floppies === 0 ? 0 : 1 | ((floppies - 1) << 6);
  return drives | 0x02 | 0x20 | (1 << 9);
}

/** The first 1280 bytes of memory after power-on: interrupt vectors and data area, the screen in text mode 3. */
export function lowMemory(floppies: number, disks: number): Uint8Array {
  const bytes = new Uint8Array(LOW_MEMORY_BYTES);
  const view = new DataView(bytes.buffer);
  const word = (at: number, value: number) => view.setUint16(at, value, true);
  const vector = (number: number, offset: number) =>
    view.setUint32(number * 4, (ROM_SEGMENT * 0x1_0000 + offset) >>> 0, true);
  VECTOR_OFFSETS.forEach((offset, number) => vector(number, offset));
  for (const number of TABLE_VECTORS) view.setUint32(number * 4, 0);
  vector(0x40, VECTOR_OFFSETS[0x13]);
  vector(DISKETTE_VECTOR, DISKETTE_TABLE);
  word(COM_PORTS, COM1);
  word(EBDA_SEGMENT, EBDA >>> 4);
  word(EQUIPMENT, equipmentWord(floppies));
  word(BASE_MEMORY, BASE_KIB);
  word(KEY_HEAD, KEY_BUFFER - 0x400);
  word(KEY_TAIL, KEY_BUFFER - 0x400);
  word(KEY_BUFFER_START_POINTER, KEY_BUFFER - 0x400);
  word(KEY_BUFFER_END_POINTER, KEY_BUFFER_END - 0x400);
  bytes[KEYBOARD_STATE] = 0x10;
  bytes[DISK_COUNT] = disks;
  bytes[COM_TIMEOUTS] = 10;
  for (const [at, size, value] of textModeFields(TEXT_80, 80)) {
    if (size === 1) bytes[at] = value;
    else word(at, value);
  }
  return bytes;
}

/** What the data area says of a colour text mode: addresses, sizes and values. */
export function textModeFields(
  mode: number,
  columns: number,
): readonly (readonly [at: number, size: 1 | 2, value: number])[] {
  return [
    [VIDEO_MODE, 1, mode],
    [VIDEO_COLUMNS, 2, columns],
    [VIDEO_PAGE_BYTES, 2, columns === 40 ? 0x800 : 0x1000],
    [VIDEO_PAGE_START, 2, 0],
    ...Array.from({ length: 8 }, (_, page) => [CURSOR_POSITIONS + 2 * page, 2, 0] as const),
    [CURSOR_SHAPE, 2, 0x0d0e],
    [VIDEO_PAGE, 1, 0],
    [CRTC_PORT, 2, CRTC],
    [VIDEO_ROWS, 1, 24],
    [CHARACTER_HEIGHT, 2, 16],
    [VIDEO_CONTROL, 1, 0x60],
  ];
}

/** Timer ticks since midnight, as the count at TICKS has it. @param seconds since midnight */
export function ticksAt(seconds: number): number {
  return Math.floor((seconds * TIMER_HZ) / 65536) % TICKS_A_DAY;
}
