/** Power-on and INT 19h: devices and data area as they should be, then the first drive with a boot sector. */
import { SECTOR_BYTES } from '../../bus/disk-medium.ts';
import { EAX, EDX, ESP } from '../../isa/registers.ts';
import type { Service } from './call.ts';
import { startTicks } from './clock.ts';
import { EBDA, EBDA_CONTENT, lowMemory, TEXT_80 } from './data-area.ts';
import type { FirmwareHost } from './host.ts';
import { print } from './video.ts';
import { setVideoMode } from './video-mode.ts';

const BOOT_ADDRESS = 0x7c00;

export const powerOn: Service = (call) => {
  const { host } = call;
  // The stack segment is 0 after reset; boot sectors expect some room below themselves.
  call.setRegister(ESP, BOOT_ADDRESS);
  host.writePhysical(0, lowMemory(host.floppies.length, host.disks.length));
  host.writePhysical(EBDA, EBDA_CONTENT);
  startTicks(host);
  setVideoMode(host, TEXT_80);
};

/** Loads a boot sector; the ROM's carry says that there was none. */
export const boot: Service = (call) => {
  const { host } = call;
  for (const drive of host.bootOrder) {
    const sector = firstSector(host, drive);
    if (sector === undefined) continue;
    for (let at = 0; at < SECTOR_BYTES; at++) host.write(BOOT_ADDRESS + at, 1, sector[at]);
    call.setRegister(EAX, 0xaa55);
    call.setRegister(EDX, drive);
    call.setRomCarry(false);
    return;
  }
  call.setRomCarry(true);
};

/** Hard disks need the signature. A floppy's first sector is taken as it is, unless it is empty: old ones have none. */
function firstSector(host: FirmwareHost, drive: number): Uint8Array | undefined {
  const disk = drive < 0x80 ? host.floppies[drive] : host.disks[drive - 0x80];
  const sector = disk?.medium.read(0);
  if (sector === undefined) return undefined;
  const signed = sector[510] === 0x55 && sector[511] === 0xaa;
  return signed || (drive < 0x80 && sector.some((byte) => byte !== sector[0])) ? sector : undefined;
}

export const noBootDevice: Service = ({ host }) => {
  const tried = host.bootOrder.length;
  print(host, tried === 0 ? 'No disk to boot from.\r\n' : 'No bootable device: no disk has a boot sector.\r\n');
};
