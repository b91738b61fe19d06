/**
 * What stands between the monitor and a bus: it brings the clock up to the step of the access before a device
 * sees it and lets the machine look at new deadlines after it.
 */
import type { Width } from '../bus/device.ts';
import type { MmioBus } from '../bus/mmio-bus.ts';
import type { MemoryBus } from '../vmm/memory-bus.ts';
import type { PortSpace } from '../vmm/monitor.ts';

export interface GateHooks {
  enter(): void;
  leave(): void;
}

/** Port and memory bus alike: an access is an address, a width and a value. */
export class BusGate implements PortSpace {
  readonly #bus: PortSpace;
  readonly #hooks: GateHooks;

  constructor(bus: PortSpace, hooks: GateHooks) {
    this.#bus = bus;
    this.#hooks = hooks;
  }

  read(address: number, width: Width): number {
    this.#hooks.enter();
    const value = this.#bus.read(address, width);
    this.#hooks.leave();
    return value;
  }

  write(address: number, width: Width, value: number): void {
    this.#hooks.enter();
    this.#bus.write(address, width, value);
    this.#hooks.leave();
  }
}

/** The memory bus also says where its devices are. */
export class MemoryGate extends BusGate implements MemoryBus {
  readonly #mmio: MmioBus;

  constructor(mmio: MmioBus, hooks: GateHooks) {
    super(mmio, hooks);
    this.#mmio = mmio;
  }

  covers(physicalPage: number): boolean {
    return this.#mmio.covers(physicalPage);
  }
}
