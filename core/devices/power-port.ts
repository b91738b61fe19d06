/**
 * The ways a guest without ACPI switches a virtual PC off: the PM1a control register where QEMU has it
 * (port 604h; B004h in older ones and in Bochs), and the word "Shutdown" at port 8900h. It is not a power
 * management controller: nothing can be read back.
 */
import type { DeviceState, PortDevice, Width } from '../bus/device.ts';
import { int, StateShape } from '../bus/state-shape.ts';

/** PM1a control (ACPI 4.8.3.2.1): SLP_EN with SLP_TYP 0, which is S5 on the machines the guests know. */
const SLEEP_BITS = 0x3c00;
const SLEEP_S5 = 0x2000;
const WORD = 'Shutdown';

/** Offsets at which the machine maps the ports. */
export const POWER_CONTROL = 0;
export const POWER_TEXT = 4;

interface PowerState {
  /** How many characters of the word have arrived. */
  matched: number;
}

const SHAPE = new StateShape<PowerState>(1, { matched: int(0, WORD.length - 1) });

export class PowerPort implements PortDevice {
  readonly name: string;
  readonly #powerOff: () => void;
  #s: PowerState = { matched: 0 };

  constructor({ name = 'power', powerOff }: { name?: string; powerOff: () => void }) {
    this.name = name;
    this.#powerOff = powerOff;
  }

  readPort(_offset: number, _width: Width): number {
    return 0;
  }

  writePort(offset: number, width: Width, value: number): void {
    if (offset < POWER_TEXT) {
      // A byte write cannot carry both fields of the register and does nothing.
      if (offset === POWER_CONTROL && width >= 2 && (value & SLEEP_BITS) === SLEEP_S5) this.#powerOff();
      return;
    }
    const character = value & 0xff;
    if (character === WORD.charCodeAt(this.#s.matched)) {
      this.#s.matched++;
      if (this.#s.matched === WORD.length) {
        this.#s.matched = 0;
        this.#powerOff();
      }
    } else {
      this.#s.matched = character === WORD.charCodeAt(0) ? 1 : 0;
    }
  }

  reset(): void {
    this.#s = { matched: 0 };
  }

  save(): DeviceState {
    return SHAPE.save(this.#s);
  }

  load(state: DeviceState): void {
    this.#s = SHAPE.load(state, this.name);
  }
}
