/**
 * The data area at 400h: where PC firmware keeps what programs also read. Addresses are linear. How it and the
 * interrupt vectors look after power-on is here, too.
 */
import type { FirmwareHost } from './host.ts';
import { DISKETTE_TABLE, ROM_SEGMENT, type Rom } from './rom.ts';

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

const COM1 = 0x3f8;
const DISKETTE_VECTOR = 0x1e;
/** Vectors that are pointers to tables nobody filled in: video parameters, fonts, second disk. */
const TABLE_VECTORS = [0x1d, 0x1f, 0x41, 0x43, 0x46];

/** 80x25 colour, a floppy drive if there is one, one serial port; the coprocessor is always there. */
export function equipmentWord(floppies: number): number {
  const drives = floppies === 0 ? 0 : 1 | ((floppies - 1) << 6);
  return drives | 0x02 | 0x20 | (1 << 9);
}

/** Vectors and data area as after power-on. @param video text screen present */
export function installDataArea(host: FirmwareHost, rom: Rom): void {
  for (let vector = 0; vector < 0x78; vector++) {
    setVector(host, vector, rom.vectors.get(vector) ?? rom.dummy);
  }
  for (const vector of TABLE_VECTORS) host.write(vector * 4, 4, 0);
  setVector(host, 0x40, rom.vectors.get(0x13) ?? rom.dummy);
  setVector(host, DISKETTE_VECTOR, DISKETTE_TABLE);
  host.write(COM_PORTS, 2, COM1);
  host.write(EBDA_SEGMENT, 2, (BASE_KIB * 1024) >>> 4);
  host.write(BASE_KIB * 1024, 1, 1);
  host.write(EQUIPMENT, 2, equipmentWord(host.floppies.length));
  host.write(BASE_MEMORY, 2, BASE_KIB);
  host.write(KEY_HEAD, 2, KEY_BUFFER - 0x400);
  host.write(KEY_TAIL, 2, KEY_BUFFER - 0x400);
  host.write(KEY_BUFFER_START_POINTER, 2, KEY_BUFFER - 0x400);
  host.write(KEY_BUFFER_END_POINTER, 2, KEY_BUFFER_END - 0x400);
  host.write(KEYBOARD_STATE, 1, 0x10);
  host.write(DISK_COUNT, 1, host.disks.length);
  host.write(COM_TIMEOUTS, 1, 10);
}

function setVector(host: FirmwareHost, vector: number, offset: number): void {
  host.write(vector * 4, 4, ((ROM_SEGMENT << 16) | offset) >>> 0);
}
