/**
 * The INT 13h extensions (Enhanced Disk Drive 3.0): sectors by number through an address packet at DS:SI.
 *
 *   packet: 0 size  2 sectors  4 buffer offset  6 buffer segment  8 first sector, 64 bits  (10h buffer, 64 bits)
 */
import { SECTOR_BYTES } from '../../bus/disk-medium.ts';
import { DS } from '../../isa/registers.ts';
import type { Call } from './call.ts';
import { BAD_COMMAND, DONE, NOT_FOUND, readSectors, type Status, writeSectors } from './disk-transfer.ts';
import type { FirmwareDisk } from './host.ts';

const PACKET_SIZE = 16;
const FLAT_PACKET_SIZE = 24;
const MOST_SECTORS = 127;
const VERSION_30 = 0x30;
/** Packet access and drive parameters. */
const INTERFACES = 0x05;
const PARAMETERS_SIZE = 0x1a;
const GEOMETRY_VALID = 0x02;
const MAGIC_ASKED = 0x55aa;
const MAGIC_ANSWER = 0xaa55;

export const EXTENDED_FUNCTIONS: ReadonlyMap<number, (call: Call, disk: FirmwareDisk) => Status> = new Map([
  [0x41, check],
  [0x42, (call: Call, disk: FirmwareDisk) => transfer(call, disk, readSectors)],
  [0x43, (call: Call, disk: FirmwareDisk) => transfer(call, disk, writeSectors)],
  [0x44, verify],
  [0x45, onlyDisks],
  [0x47, verify],
  [0x48, parameters],
]);

/** Floppies are addressed by cylinder alone, as with the firmware of real machines. */
function onlyDisks(_call: Call, { shape }: FirmwareDisk): Status {
  return shape.kind === 'disk' ? DONE : BAD_COMMAND;
}

function check(call: Call, { shape }: FirmwareDisk): Status {
  if (shape.kind !== 'disk' || call.bx !== MAGIC_ASKED) return BAD_COMMAND;
  call.bx = MAGIC_ANSWER;
  call.cx = INTERFACES;
  return DONE;
}

interface Packet {
  readonly at: number;
  readonly sectors: number;
  readonly buffer: number;
  readonly first: number;
}

function packetOf(call: Call, shape: FirmwareDisk['shape']): Packet | undefined {
  const { host } = call;
  const at = call.linear(DS, call.si);
  const size = host.read(at, 1);
  if (shape.kind !== 'disk' || size < PACKET_SIZE) return undefined;
  const offset = host.read(at + 4, 2);
  const segment = host.read(at + 6, 2);
  const flat = offset === 0xffff && segment === 0xffff && size >= FLAT_PACKET_SIZE;
  const first = host.read(at + 8, 4) + host.read(at + 12, 4) * 2 ** 32;
  return {
    at,
    sectors: host.read(at + 2, 2),
    buffer: flat ? host.read(at + 16, 4) : segment * 16 + offset,
    first,
  };
}

function transfer(call: Call, disk: FirmwareDisk, move: typeof readSectors): Status {
  const packet = packetOf(call, disk.shape);
  if (packet === undefined || packet.sectors > MOST_SECTORS) return BAD_COMMAND;
  const { status, done } = move(call.host, disk, packet.first, packet.sectors, packet.buffer);
  call.host.write(packet.at + 2, 2, done);
  return status;
}

function verify(call: Call, disk: FirmwareDisk): Status {
  const packet = packetOf(call, disk.shape);
  if (packet === undefined) return BAD_COMMAND;
  return packet.first + packet.sectors <= disk.shape.sectors ? DONE : NOT_FOUND;
}

/** Fills the caller's buffer, whose first word says how large it is. */
function parameters(call: Call, { shape }: FirmwareDisk): Status {
  const { host } = call;
  const at = call.linear(DS, call.si);
  if (shape.kind !== 'disk' || host.read(at, 2) < PARAMETERS_SIZE) return BAD_COMMAND;
  const { cylinders, heads, sectors } = shape.geometry;
  host.write(at, 2, PARAMETERS_SIZE);
  host.write(at + 2, 2, GEOMETRY_VALID);
  host.write(at + 4, 4, cylinders);
  host.write(at + 8, 4, heads);
  host.write(at + 12, 4, sectors);
  host.write(at + 16, 4, shape.sectors >>> 0);
  host.write(at + 20, 4, 0);
  host.write(at + 24, 2, SECTOR_BYTES);
  return DONE;
}

/** AH of a successful AH=41h. */
export const EXTENSION_VERSION = VERSION_30;
