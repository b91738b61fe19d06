/**
 * The built-in firmware: a ROM image, and the services behind its monitor calls. The machine maps the ROM and
 * hands over every UD2 that executes in it; which service it is follows from where it stands.
 */

import { boot, noBootDevice, powerOn } from './boot.ts';
import { Call, type Service } from './call.ts';
import { realTimeClock, tick, timeOfDay, wait } from './clock.ts';
import { disk } from './disk.ts';
import type { FirmwareHost } from './host.ts';
import { key, keyboard } from './keyboard.ts';
import { buildRom, ROM_BASE, type Rom } from './rom.ts';
import { printer, serial } from './serial.ts';
import { baseMemory, equipment, system } from './system.ts';
import { video } from './video.ts';

export class Firmware {
  readonly rom: Rom = buildRom();
  readonly #call: Call;
  readonly #services: ReadonlyMap<string, Service>;

  constructor(host: FirmwareHost) {
    this.#call = new Call(host);
    this.#services = new Map<string, Service>([
      ['post', powerOn],
      ['boot', boot],
      ['no-boot', noBootDevice],
      ['tick', tick],
      ['key', key],
      ['rtc', realTimeClock],
      ['wait', wait],
      ['int10', video],
      ['int11', equipment],
      ['int12', baseMemory],
      ['int13', disk],
      ['int14', serial],
      ['int15', system],
      ['int16', keyboard],
      ['int17', printer],
      ['int1a', timeOfDay],
    ]);
  }

  /** Performs the service of the monitor call at a linear address; false when none stands there. */
  call(linear: number): boolean {
    const name = this.rom.services.get(linear - ROM_BASE);
    const service = name === undefined ? undefined : this.#services.get(name);
    if (service === undefined) return false;
    service(this.#call);
    return true;
  }
}
