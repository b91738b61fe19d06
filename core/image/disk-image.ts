/**
 * What kind of disk an image is and what geometry programs are told: floppies by size and BIOS parameter
 * block, hard disks by their partition table. Nothing in an image is trusted; a wrong field falls back to
 * what the size says.
 */
import { SECTOR_BYTES } from '../bus/disk-medium.ts';
import { ByteCursor } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';
import { FLOPPY_TYPES, type FloppyType, type Geometry, sectorCount } from './firmware/floppy-types.ts';

const LARGEST_FLOPPY = 80 * 2 * 36 * SECTOR_BYTES;
const DEFAULT_FLOPPY = 1_474_560;
/** INT 13h has ten bits for cylinders. */
const MOST_CYLINDERS = 1024;
const PARTITION_TABLE = 446;
const PARTITION_ENTRY = 16;

export interface DiskShape {
  readonly kind: 'floppy' | 'disk';
  readonly geometry: Geometry;
  /** Sectors that can be addressed by number. */
  readonly sectors: number;
  /** Drive type of a floppy (INT 13h AH=08h), 0 of a hard disk. */
  readonly drive: number;
}

/** Images small enough are floppies, unless they carry a partition table. */
export function isFloppyImage(image: Uint8Array): boolean {
  return (
    image.length <= LARGEST_FLOPPY &&
    (FLOPPY_TYPES.some((type) => bytesOf(type) === image.length) || !hasPartitions(image))
  );
}

/** @throws UserError when the image is empty or larger than a floppy */
export function floppyShape(image: Uint8Array, name: string): DiskShape {
  if (image.length === 0) throw new UserError('image-truncated', `${name}: the file is empty`);
  if (image.length > LARGEST_FLOPPY) {
    throw new UserError('image-kind', `${name}: too large for a floppy disk (${image.length} bytes)`, 'use --hda');
  }
  const type = floppyType(image);
  return { kind: 'floppy', geometry: type, sectors: sectorCount(type), drive: type.drive };
}

/** @throws UserError when the image is empty */
export function hardDiskShape(image: Uint8Array, name: string): DiskShape {
  if (image.length === 0) throw new UserError('image-truncated', `${name}: the file is empty`);
  const sectors = Math.ceil(image.length / SECTOR_BYTES);
  return { kind: 'disk', geometry: hardDiskGeometry(image, sectors), sectors, drive: 0 };
}

/** The size decides when a format has it; else the BPB; else the smallest format that holds the image. */
function floppyType(image: Uint8Array): FloppyType {
  const bySize = FLOPPY_TYPES.find((type) => bytesOf(type) === image.length);
  if (bySize !== undefined) return bySize;
  const cursor = new ByteCursor(image, 0x13);
  const total = cursor.u16();
  const byBlock = FLOPPY_TYPES.find((type) => sectorCount(type) === total && bytesOf(type) >= image.length);
  if (byBlock !== undefined) return byBlock;
  // A boot sector alone becomes the disk everybody has.
  const least = Math.max(image.length, DEFAULT_FLOPPY);
  return FLOPPY_TYPES.find((type) => bytesOf(type) >= least) ?? FLOPPY_TYPES[FLOPPY_TYPES.length - 1];
}

/** Partitions end on cylinder boundaries, so that their last head and sector tell the geometry they were made with. */
function hardDiskGeometry(image: Uint8Array, total: number): Geometry {
  let heads = 16;
  let sectors = 63;
  for (let at = PARTITION_TABLE; hasPartitions(image) && at < 510; at += PARTITION_ENTRY) {
    const endHead = image[at + 5];
    const endSector = image[at + 6] & 63;
    if (image[at + 4] === 0 || endHead === 0 || endSector === 0 || endHead === 255) continue;
    const cylinders = Math.floor(total / ((endHead + 1) * endSector));
    if (cylinders < 1 || cylinders > MOST_CYLINDERS) continue;
    heads = endHead + 1;
    sectors = endSector;
    return { cylinders, heads, sectors };
  }
  // What firmware does with disks of more than 504 MiB: more heads, until the cylinders fit.
  while (heads < 255 && total / (heads * sectors) > MOST_CYLINDERS) heads = Math.min(heads * 2, 255);
  sectors = Math.min(sectors, total);
  const cylinders = Math.min(Math.max(Math.floor(total / (heads * sectors)), 1), MOST_CYLINDERS);
  return { cylinders, heads, sectors };
}

/** A boot signature and four entries that are empty or look like partitions. */
function hasPartitions(image: Uint8Array): boolean {
  if (image.length < SECTOR_BYTES || image[510] !== 0x55 || image[511] !== 0xaa) return false;
  let used = 0;
  for (let at = PARTITION_TABLE; at < 510; at += PARTITION_ENTRY) {
    if ((image[at] & 0x7f) !== 0) return false;
    const cursor = new ByteCursor(image, at + 8);
    const start = cursor.u32();
    const length = cursor.u32();
    if (image[at + 4] === 0) continue;
    if (start === 0 || length === 0) return false;
    used++;
  }
  return used > 0;
}

function bytesOf(type: Geometry): number {
  return sectorCount(type) * SECTOR_BYTES;
}
