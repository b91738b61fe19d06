/**
 * The firmware as part of a machine: what it is handed, its ROM and its data in memory, its calls from the monitor.
 * Its services come to be at the first call: a kernel that a loader starts may never make one.
 */

import { BLANK, EBDA, EBDA_CONTENT, lowMemory, TEXT_MEMORY, TICKS, ticksAt } from '../image/firmware/data-area.ts';
import { Firmware } from '../image/firmware/firmware.ts';
import type { FirmwareHost } from '../image/firmware/host.ts';
import { POWER_ON_ENTRY, ROM_BASE, ROM_SEGMENT } from '../image/firmware/rom.ts';
import { ROM_SIZE } from '../image/firmware/rom-code.ts';
import { ROM_PIECES } from '../image/firmware/rom-image.ts';
import { REAL_MODE_ACCESS } from '../isa/descriptors.ts';
import { CS } from '../isa/registers.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { PortSpace } from '../vmm/monitor.ts';
import type { MachineDisks } from './disks.ts';
import type { Vcpu } from './vcpu.ts';

/** Those that are seen after power-on. */
const SCREEN_CELLS = 80 * 25;

export class BuiltInFirmware {
  readonly #host: FirmwareHost;
  readonly #physical: PhysicalMemory;
  readonly #vcpu: Vcpu;
  #firmware: Firmware | undefined;

  constructor(vcpu: Vcpu, physical: PhysicalMemory, ports: PortSpace, disks: MachineDisks) {
    this.#vcpu = vcpu;
    this.#physical = physical;
    const { context, space, vmm } = vcpu;
    const { monitor } = vmm;
    this.#host = {
      context,
      memoryBytes: physical.ramBytes,
      floppies: disks.floppies,
      disks: disks.disks,
      bootOrder: disks.bootOrder,
      read: (linear, size) => space.read(context, linear, size, monitor.user) ?? 2 ** (8 * size) - 1,
      write: (linear, size, value) => space.write(context, linear, size, value, monitor.user),
      readPort: (port, width) => ports.read(port, width),
      writePort: (port, width, value) => ports.write(port, width, value),
      readPhysical: (address, length) => physical.read(address, length),
      writePhysical: (address, bytes) => physical.write('dma', address, bytes),
    };
    // Where the code lies in memory counts, not by what address a paged guest calls it.
    monitor.firmwareCall = (linear) => this.#call(space.translate(linear));
  }

  /** Puts the ROM where the processor finds it. */
  install(): void {
    this.#physical.setRom(ROM_BASE, ROM_SIZE, false);
    for (const [offset, bytes] of ROM_PIECES)
      this.#physical.write('firmware', ROM_BASE + offset, Uint8Array.from(bytes));
    this.#physical.setRom(ROM_BASE, ROM_SIZE);
  }

  /**
   * What the firmware's own start would leave in memory, for a kernel that a loader starts and that goes back to
   * real mode for a service. @param timeOfDay seconds since midnight
   */
  installData(timeOfDay: number): void {
    const { floppies, disks } = this.#host;
    const low = lowMemory(floppies.length, disks.length);
    new DataView(low.buffer).setUint32(TICKS, ticksAt(timeOfDay), true);
    this.#physical.write('firmware', 0, low);
    this.#physical.write('firmware', EBDA, EBDA_CONTENT);
    this.#physical.write('firmware', TEXT_MEMORY, new Uint8Array(new Uint16Array(SCREEN_CELLS).fill(BLANK).buffer));
  }

  /** The boot processor at the power-on entry. It comes out of reset at FFFFFFF0h, where a chip set shows the same ROM. */
  enter(): void {
    const { context } = this.#vcpu;
    const base = ROM_SEGMENT << 4;
    context.setSegment(CS, { selector: ROM_SEGMENT, base, limit: 0xffff, access: REAL_MODE_ACCESS });
    context.eip = POWER_ON_ENTRY;
  }

  #call(physical: number): boolean {
    if (physical < ROM_BASE || physical >= ROM_BASE + ROM_SIZE) return false;
    this.#firmware ??= new Firmware(this.#host);
    return this.#firmware.call(physical);
  }
}
