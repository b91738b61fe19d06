/**
 * What the firmware is handed by the machine it belongs to. Everything it remembers is in guest memory and in
 * the devices; nothing is kept on our side, so that a saved machine needs no more than those.
 */
import type { Width } from '../../bus/device.ts';
import type { DiskMedium } from '../../bus/disk-medium.ts';
import type { Context } from '../../vcpu/context.ts';
import type { DiskShape } from '../disk-image.ts';

export interface FirmwareDisk {
  readonly medium: DiskMedium;
  readonly shape: DiskShape;
}

export interface FirmwareHost {
  readonly context: Context;
  readonly memoryBytes: number;
  /** Drives 00h and 01h. */
  readonly floppies: readonly FirmwareDisk[];
  /** Drives 80h, 81h … */
  readonly disks: readonly FirmwareDisk[];
  /** Drive numbers in the order in which booting tries them. */
  readonly bootOrder: readonly number[];
  /** An unsigned value; all ones where the guest's space has nothing. */
  read(linear: number, size: Width): number;
  /** False where the guest's space has nothing to write to. */
  write(linear: number, size: Width, value: number): boolean;
  readPort(port: number, width: Width): number;
  writePort(port: number, width: Width, value: number): void;
  /** Physical memory, for the calls that name it. Shorter, or fewer written, where RAM ends. */
  readPhysical(physical: number, length: number): Uint8Array;
  writePhysical(physical: number, bytes: Uint8Array): number;
}
