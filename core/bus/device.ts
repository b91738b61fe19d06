/** What every device is, and the few things it is handed. A device never sees the machine. */

/** Plain data by field name: numbers, strings, booleans, byte arrays and nestings of them. */
export type StateValue = number | string | boolean | null | Uint8Array | StateValue[] | { [field: string]: StateValue };
export type DeviceState = { version: number; [field: string]: StateValue };

export interface Device {
  /** Unique within a machine, e.g. `pic`, `uart0`. */
  readonly name: string;
  /** Power-on state. */
  reset(): void;
  save(): DeviceState;
  /** Validates every field; throws UserError when the state is not one this version can take. */
  load(state: DeviceState): void;
}

/** Access width in bytes. */
export type Width = 1 | 2 | 4;

/** A device on the port bus sees an offset from where it was mapped. Reads answer an unsigned value. */
export interface PortDevice extends Device {
  readPort(offset: number, width: Width): number;
  writePort(offset: number, width: Width, value: number): void;
}

/** A device on the memory bus. */
export interface MmioDevice extends Device {
  readMmio(offset: number, width: Width): number;
  writeMmio(offset: number, width: Width, value: number): void;
}

/** An interrupt request wire. */
export interface IrqLine {
  set(level: boolean): void;
}

/** Where a device puts bytes it emits (serial transmit, debug port). Called at the step the guest emits them. */
export interface ByteSink {
  put(byte: number): void;
}

/** The wires by which a board hears of x87 errors when CR0.NE is clear. */
export interface CoprocessorErrors {
  /** IGNNE#: x87 instructions execute in spite of a pending error. */
  readonly ignored: boolean;
  /** FERR# became active: an instruction found an error pending. */
  report(): void;
  /** FERR# is no longer active. */
  gone(): void;
}

/** What the monitor asks for pending interrupts; the 8259 pair implements it. */
export interface InterruptController {
  /** True while an unmasked request waits. */
  readonly pending: boolean;
  /** Acknowledges the highest request and answers its vector (INTA cycle). */
  acknowledge(): number;
}
