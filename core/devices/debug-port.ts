/**
 * The debug console of Bochs and QEMU, port E9h: a byte written is a byte emitted, and a read answers
 * E9h so that a guest can tell that it is there.
 */
import type { ByteSink, DeviceState, PortDevice, Width } from '../bus/device.ts';
import { StateShape } from '../bus/state-shape.ts';

const SHAPE = new StateShape<object>(1, {});
const PRESENT = 0xe9;

export class DebugPort implements PortDevice {
  readonly name: string;
  readonly #out: ByteSink;

  constructor({ name = 'debugcon', out }: { name?: string; out: ByteSink }) {
    this.name = name;
    this.#out = out;
  }

  readPort(_offset: number, _width: Width): number {
    return PRESENT;
  }

  writePort(_offset: number, _width: Width, value: number): void {
    this.#out.put(value & 0xff);
  }

  reset(): void {}

  save(): DeviceState {
    return SHAPE.save({});
  }

  load(state: DeviceState): void {
    SHAPE.load(state, this.name);
  }
}
