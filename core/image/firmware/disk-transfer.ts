/** Sectors between a disk and the guest's memory, as the processor would move them: watchpoints see it. */
import { SECTOR_BYTES } from '../../bus/disk-medium.ts';
import type { FirmwareDisk, FirmwareHost } from './host.ts';

/** AH after INT 13h. */
export type Status = number;
export const DONE = 0x00;
export const BAD_COMMAND = 0x01;
export const NOT_FOUND = 0x04;
export const BOUNDARY = 0x09;

export interface Transfer {
  readonly status: Status;
  /** Whole sectors moved. */
  readonly done: number;
}

export function readSectors(
  host: FirmwareHost,
  { medium }: FirmwareDisk,
  first: number,
  count: number,
  linear: number,
): Transfer {
  for (let done = 0; done < count; done++) {
    const bytes = medium.read(first + done);
    if (bytes === undefined) return { status: NOT_FOUND, done };
    for (let at = 0; at < SECTOR_BYTES; at += 4) {
      const value = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
      if (!host.write((linear + done * SECTOR_BYTES + at) >>> 0, 4, value >>> 0)) return { status: BOUNDARY, done };
    }
  }
  return { status: DONE, done: count };
}

export function writeSectors(
  host: FirmwareHost,
  { medium }: FirmwareDisk,
  first: number,
  count: number,
  linear: number,
): Transfer {
  const bytes = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(bytes.buffer);
  for (let done = 0; done < count; done++) {
    for (let at = 0; at < SECTOR_BYTES; at += 4) {
      view.setUint32(at, host.read((linear + done * SECTOR_BYTES + at) >>> 0, 4), true);
    }
    if (!medium.write(first + done, bytes)) return { status: NOT_FOUND, done };
  }
  return { status: DONE, done: count };
}
