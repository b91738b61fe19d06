/**
 * What stands between the monitor and the port bus: it brings the clock up to the step of the access before
 * a device sees it and lets the machine look at new deadlines after it.
 */
import type { Width } from '../bus/device.ts';
import type { PortBus } from '../bus/port-bus.ts';
import type { PortSpace } from '../vmm/monitor.ts';

export interface GateHooks {
  enter(): void;
  leave(): void;
}

export class PortGate implements PortSpace {
  readonly #bus: PortBus;
  readonly #hooks: GateHooks;

  constructor(bus: PortBus, hooks: GateHooks) {
    this.#bus = bus;
    this.#hooks = hooks;
  }

  read(port: number, width: Width): number {
    this.#hooks.enter();
    const value = this.#bus.read(port, width);
    this.#hooks.leave();
    return value;
  }

  write(port: number, width: Width, value: number): void {
    this.#hooks.enter();
    this.#bus.write(port, width, value);
    this.#hooks.leave();
  }
}
