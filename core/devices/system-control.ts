/**
 * System control port A, port 92h of the PS/2: the quick ways to A20 and to a CPU reset.
 *
 *     7 6   activity lights       stored
 *     3     CMOS password lock    stored
 *     1     A20 line enabled
 *     0     1 = pulse CPU reset
 */
import type { DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { byte, StateShape } from '../bus/state-shape.ts';

const FAST_RESET = 0x01;
const FAST_A20 = 0x02;
const STORED = 0xca;

interface SystemControlState {
  value: number;
}

const SHAPE = new StateShape<SystemControlState>(1, { value: byte });

export interface SystemControlOptions {
  readonly name?: string;
  /** Told this port's half of the A20 gate at every change; the machine ORs it with the keyboard controller's. */
  readonly a20: IrqLine;
  readonly resetCpu: () => void;
}

export class SystemControl implements PortDevice {
  readonly name: string;
  readonly #a20: IrqLine;
  readonly #resetCpu: () => void;
  #s: SystemControlState = { value: 0 };

  constructor({ name = 'port92', a20, resetCpu }: SystemControlOptions) {
    this.name = name;
    this.#a20 = a20;
    this.#resetCpu = resetCpu;
  }

  /** This port's half of the A20 gate. */
  get a20(): boolean {
    return (this.#s.value & FAST_A20) !== 0;
  }

  readPort(_offset: number, _width: Width): number {
    return this.#s.value;
  }

  writePort(_offset: number, _width: Width, value: number): void {
    const before = this.#s.value;
    this.#s.value = value & (STORED | FAST_RESET);
    if (((before ^ value) & FAST_A20) !== 0) this.#a20.set(this.a20);
    // The pulse comes from the edge: a guest that writes back what it read does not reset itself.
    if ((value & ~before & FAST_RESET) !== 0) this.#resetCpu();
  }

  reset(): void {
    this.#s = { value: 0 };
    this.#a20.set(false);
  }

  save(): DeviceState {
    return SHAPE.save(this.#s);
  }

  /** The machine asks `a20` afterwards: loading drives no wire. */
  load(state: DeviceState): void {
    this.#s = SHAPE.load(state, this.name);
  }
}
