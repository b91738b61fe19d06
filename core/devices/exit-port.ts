/**
 * The port with which a test kernel ends the run and hands over a status (QEMU's isa-debug-exit, port
 * F4h): status = (value << 1) | 1, so that no guest can look like an orderly power-off.
 */
import type { DeviceState, PortDevice, Width } from '../bus/device.ts';
import { StateShape } from '../bus/state-shape.ts';

const SHAPE = new StateShape<object>(1, {});

export class ExitPort implements PortDevice {
  readonly name: string;
  readonly #exit: (status: number) => void;

  /** @param exit called with the status in 0–255, at the step of the write */
  constructor({ name = 'debug-exit', exit }: { name?: string; exit: (status: number) => void }) {
    this.name = name;
    this.#exit = exit;
  }

  readPort(_offset: number, _width: Width): number {
    return 0;
  }

  writePort(_offset: number, _width: Width, value: number): void {
    this.#exit(((value << 1) | 1) & 0xff);
  }

  reset(): void {}

  save(): DeviceState {
    return SHAPE.save({});
  }

  load(state: DeviceState): void {
    SHAPE.load(state, this.name);
  }
}
