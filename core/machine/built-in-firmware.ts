/** The firmware as part of a machine: what it is handed, its ROM in memory, its calls from the monitor. */
import { Firmware } from '../image/firmware/firmware.ts';
import type { FirmwareHost } from '../image/firmware/host.ts';
import { POWER_ON_ENTRY, ROM_BASE, ROM_SEGMENT } from '../image/firmware/rom.ts';
import { ROM_SIZE } from '../image/firmware/rom-code.ts';
import { REAL_MODE_ACCESS } from '../isa/descriptors.ts';
import { CS } from '../isa/registers.ts';
import type { PhysicalMemory } from '../memory/physical-memory.ts';
import type { PortSpace } from '../vmm/monitor.ts';
import type { MachineDisks } from './disks.ts';
import type { Vcpu } from './vcpu.ts';

export class BuiltInFirmware {
  readonly #firmware: Firmware;
  readonly #physical: PhysicalMemory;
  readonly #vcpu: Vcpu;

  constructor(vcpu: Vcpu, physical: PhysicalMemory, ports: PortSpace, disks: MachineDisks) {
    this.#vcpu = vcpu;
    this.#physical = physical;
    const { context, space, vmm } = vcpu;
    const { monitor } = vmm;
    const host: FirmwareHost = {
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
    this.#firmware = new Firmware(host);
    // Where the code lies in memory counts, not by what address a paged guest calls it.
    monitor.firmwareCall = (linear) => this.#firmware.call(space.translate(linear));
  }

  /** Puts the ROM where the processor finds it. */
  install(): void {
    const { bytes } = this.#firmware.rom;
    this.#physical.setRom(ROM_BASE, ROM_SIZE, false);
    this.#physical.write('firmware', ROM_BASE, bytes);
    this.#physical.setRom(ROM_BASE, ROM_SIZE);
  }

  /** The boot processor at the power-on entry. It comes out of reset at FFFFFFF0h, where a chip set shows the same ROM. */
  enter(): void {
    const { context } = this.#vcpu;
    const base = ROM_SEGMENT << 4;
    context.setSegment(CS, { selector: ROM_SEGMENT, base, limit: 0xffff, access: REAL_MODE_ACCESS });
    context.eip = POWER_ON_ENTRY;
  }
}
