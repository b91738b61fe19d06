/** The disks of a machine, from its configuration: media, shapes, and the order in which booting tries them. */
import { DiskMedium } from '../bus/disk-medium.ts';
import { detectImage } from '../image/detect.ts';
import { floppyShape, hardDiskShape, isFloppyImage } from '../image/disk-image.ts';
import type { FirmwareDisk } from '../image/firmware/host.ts';
import { UserError } from '../util/errors.ts';
import type { BootImage, DiskConfig, DriveName, MachineConfig } from './config.ts';

const DRIVES: readonly DriveName[] = ['fda', 'fdb', 'hda', 'hdb'];
const FIRST_FLOPPY = 0x00;
const FIRST_DISK = 0x80;

export interface MachineDisks {
  readonly floppies: readonly FirmwareDisk[];
  readonly disks: readonly FirmwareDisk[];
  /** Drive numbers of INT 13h. */
  readonly bootOrder: readonly number[];
  readonly media: readonly DiskMedium[];
  /** As INT 13h AH=08h names them. */
  readonly floppyTypes: readonly number[];
  /** The machine's image, unless it is one of the disks. */
  readonly kernel: BootImage | undefined;
}

/** @throws UserError when a drive is given twice or what is in it cannot be a disk */
export function buildDisks(config: MachineConfig): MachineDisks {
  const given = [...(config.disks ?? [])];
  const image = config.image;
  const imageIsDisk = image !== undefined && detectImage(image.bytes) === 'disk';
  const imageIsFloppy = imageIsDisk && isFloppyImage(image.bytes);
  if (imageIsDisk) given.push({ drive: imageIsFloppy ? 'fda' : 'hda', name: image.name, bytes: image.bytes });
  for (const drive of DRIVES) {
    if (given.filter((disk) => disk.drive === drive).length > 1)
      throw new UserError('usage', `two images for drive ${drive}`, 'give each drive one image');
  }
  const floppies = inDrives(given, ['fda', 'fdb']);
  const disks = inDrives(given, ['hda', 'hdb']);
  return {
    floppies,
    disks,
    bootOrder: bootOrder(config, imageIsFloppy, floppies, disks),
    media: [...floppies, ...disks].map(({ medium }) => medium),
    floppyTypes: floppies.map(({ shape }) => shape.drive),
    kernel: imageIsDisk ? undefined : image,
  };
}

/** Drives are numbered as they are found: a machine with only `hdb` has it as its first disk. */
function inDrives(given: readonly DiskConfig[], names: readonly DriveName[]): FirmwareDisk[] {
  return names.flatMap((drive) =>
    given
      .filter((disk) => disk.drive === drive)
      .map(({ name, bytes }) => {
        const shape = drive.startsWith('f') ? floppyShape(bytes, name) : hardDiskShape(bytes, name);
        return { medium: new DiskMedium(drive, bytes, shape.sectors), shape };
      }),
  );
}

/** What the user asked for, else the image, else the hard disk; the other kind is the second try. */
function bootOrder(
  config: MachineConfig,
  imageIsFloppy: boolean,
  floppies: readonly FirmwareDisk[],
  disks: readonly FirmwareDisk[],
): number[] {
  const order: number[] = [];
  const floppyFirst = config.boot === 'a' || (config.boot === undefined && imageIsFloppy);
  if (disks.length > 0) order.push(FIRST_DISK);
  if (floppies.length > 0) order.splice(floppyFirst ? 0 : order.length, 0, FIRST_FLOPPY);
  return order;
}
