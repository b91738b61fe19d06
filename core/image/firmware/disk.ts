/**
 * INT 13h by cylinder, head and sector, for floppies (DL below 80h) and hard disks. Calls finish at once; the
 * status is also left in the data area, as programs ask for it with AH=01h. Extensions are in disk-extended.ts.
 */
import { SECTOR_BYTES } from '../../bus/disk-medium.ts';
import { ES } from '../../isa/registers.ts';
import type { Call, Service } from './call.ts';
import * as area from './data-area.ts';
import { EXTENDED_FUNCTIONS, EXTENSION_VERSION } from './disk-extended.ts';
import { BAD_COMMAND, BOUNDARY, DONE, NOT_FOUND, readSectors, type Status, writeSectors } from './disk-transfer.ts';
import type { FirmwareDisk } from './host.ts';
import { DISKETTE_TABLE, ROM_SEGMENT } from './rom.ts';

const HARD_DISK = 0x80;
/** AH of INT 13h AH=15h. */
const TYPE_FLOPPY = 1;
const TYPE_DISK = 3;
const MOST_SECTORS = 128;

type DiskFunction = (call: Call, disk: FirmwareDisk) => Status;

export function driveOf(call: Call): FirmwareDisk | undefined {
  const { host, dl } = call;
  return dl < HARD_DISK ? host.floppies[dl] : host.disks[dl - HARD_DISK];
}

export const disk: Service = (call) => {
  const drive = driveOf(call);
  const number = call.ah;
  const statusAt = call.dl < HARD_DISK ? area.FLOPPY_STATUS : area.DISK_STATUS;
  if (number === 0x01) {
    const status = call.host.read(statusAt, 1);
    call.ah = status;
    call.setCarry(status !== DONE);
    return;
  }
  const perform = drive && (FUNCTIONS.get(number) ?? EXTENDED_FUNCTIONS.get(number));
  // A reset of a drive that is not there is how loaders begin; it harms nothing.
  const status =
    perform !== undefined && drive !== undefined ? perform(call, drive) : number === 0 ? DONE : BAD_COMMAND;
  call.host.write(statusAt, 1, status);
  // Two functions answer with AH when they succeed.
  if (number === 0x41 && status === DONE) call.ah = EXTENSION_VERSION;
  else if (number !== 0x15 || status !== DONE) call.ah = status;
  call.setCarry(status !== DONE);
};

const FUNCTIONS: ReadonlyMap<number, DiskFunction> = new Map<number, DiskFunction>([
  [0x00, () => DONE],
  [0x02, read],
  [0x03, write],
  [0x04, verify],
  [0x05, () => DONE],
  [0x08, parameters],
  [0x09, () => DONE],
  [0x0c, seek],
  [0x0d, () => DONE],
  [0x10, () => DONE],
  [0x11, () => DONE],
  [0x14, () => DONE],
  [0x15, driveType],
  [0x16, () => DONE],
  [0x17, () => DONE],
  [0x18, mediaType],
]);

/** CH and the high bits of CL: cylinder; CL: sector from 1; DH: head. -1 when there is no such place. */
function sectorOf(call: Call, { shape }: FirmwareDisk): number {
  const { cylinders, heads, sectors } = shape.geometry;
  const cylinder = call.ch | ((call.cl & 0xc0) << 2);
  const sector = call.cl & 0x3f;
  if (cylinder >= cylinders || call.dh >= heads || sector === 0 || sector > sectors) return -1;
  return (cylinder * heads + call.dh) * sectors + sector - 1;
}

/** A transfer's first sector, or a status. The BIOS goes on over the end of a track, and so do we. */
function place(call: Call, drive: FirmwareDisk): { sector: number } | { status: Status } {
  if (call.al === 0 || call.al > MOST_SECTORS) return { status: BAD_COMMAND };
  const sector = sectorOf(call, drive);
  if (sector < 0) return { status: NOT_FOUND };
  return { sector };
}

function read(call: Call, drive: FirmwareDisk): Status {
  return transfer(call, drive, readSectors);
}

function write(call: Call, drive: FirmwareDisk): Status {
  return transfer(call, drive, writeSectors);
}

function transfer(call: Call, drive: FirmwareDisk, move: typeof readSectors): Status {
  const start = place(call, drive);
  if ('status' in start) return failed(call, start.status);
  // Offsets do not wrap within a transfer: the controller would leave the segment.
  if (call.bx + call.al * SECTOR_BYTES > 0x1_0000) return failed(call, BOUNDARY);
  const { status, done } = move(call.host, drive, start.sector, call.al, call.linear(ES, call.bx));
  call.al = done;
  return status;
}

function verify(call: Call, drive: FirmwareDisk): Status {
  const start = place(call, drive);
  if ('status' in start) return failed(call, start.status);
  return start.sector + call.al <= drive.shape.sectors ? DONE : failed(call, NOT_FOUND);
}

function failed(call: Call, status: Status): Status {
  call.al = 0;
  return status;
}

function parameters(call: Call, { shape }: FirmwareDisk): Status {
  const { cylinders, heads, sectors } = shape.geometry;
  const last = Math.min(cylinders, 1024) - 1;
  const { host } = call;
  call.ax = 0;
  call.cx = ((last & 0xff) << 8) | ((last >>> 2) & 0xc0) | sectors;
  call.dx = ((heads - 1) << 8) | (call.dl < HARD_DISK ? host.floppies.length : host.disks.length);
  if (shape.kind === 'floppy') {
    call.bx = shape.drive;
    call.setEs(ROM_SEGMENT);
    call.di = DISKETTE_TABLE;
  }
  return DONE;
}

function seek(call: Call, drive: FirmwareDisk): Status {
  const cylinder = call.ch | ((call.cl & 0xc0) << 2);
  return cylinder < drive.shape.geometry.cylinders ? DONE : NOT_FOUND;
}

function driveType(call: Call, { shape }: FirmwareDisk): Status {
  call.ah = shape.kind === 'floppy' ? TYPE_FLOPPY : TYPE_DISK;
  if (shape.kind === 'disk') {
    call.cx = (shape.sectors >>> 16) & 0xffff;
    call.dx = shape.sectors & 0xffff;
  }
  return DONE;
}

/** Before formatting: is there such a medium? */
function mediaType(call: Call, { shape }: FirmwareDisk): Status {
  const { cylinders, sectors } = shape.geometry;
  const last = call.ch | ((call.cl & 0xc0) << 2);
  if (shape.kind !== 'floppy' || last + 1 !== cylinders || (call.cl & 0x3f) !== sectors) return 0x0c;
  call.setEs(ROM_SEGMENT);
  call.di = DISKETTE_TABLE;
  return DONE;
}
