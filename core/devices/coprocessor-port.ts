/**
 * How an AT tells of x87 errors when CR0.NE is clear: the processor's FERR# is kept as request 13 until port F0h is
 * written; that write also makes IGNNE# active for as long as FERR# is, so that a handler can use the x87 in spite
 * of the error (SDM vol. 1, 8.7.2 and appendix D.1).
 *
 *     F0h  write: clear the request      F1h  write: reset of an 80287, which no later processor has
 */
import type { CoprocessorErrors, DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { flag, StateShape } from '../bus/state-shape.ts';

const CLEAR_BUSY = 0;
const ALL_ONES = 0xff;

interface CoprocessorState {
  requested: boolean;
  ignored: boolean;
}

const SHAPE = new StateShape<CoprocessorState>(1, { requested: flag, ignored: flag });

export interface CoprocessorPortOptions {
  readonly name?: string;
  readonly irq: IrqLine;
  /** FERR#: an error is pending in the x87 and CR0.NE is clear. */
  readonly pending: () => boolean;
}

export class CoprocessorPort implements PortDevice, CoprocessorErrors {
  readonly name: string;
  readonly #irq: IrqLine;
  readonly #pending: () => boolean;
  #s: CoprocessorState = { requested: false, ignored: false };

  constructor({ name = 'coprocessor', irq, pending }: CoprocessorPortOptions) {
    this.name = name;
    this.#irq = irq;
    this.#pending = pending;
  }

  get ignored(): boolean {
    return this.#s.ignored;
  }

  report(): void {
    this.#s.requested = true;
    this.#irq.set(true);
  }

  gone(): void {
    this.#s.ignored = false;
  }

  readPort(_offset: number, _width: Width): number {
    return ALL_ONES;
  }

  writePort(offset: number, _width: Width, _value: number): void {
    if (offset !== CLEAR_BUSY) return;
    this.#s.requested = false;
    this.#s.ignored = this.#pending();
    this.#irq.set(false);
  }

  reset(): void {
    this.#s = { requested: false, ignored: false };
    this.#irq.set(false);
  }

  save(): DeviceState {
    return SHAPE.save(this.#s);
  }

  load(state: DeviceState): void {
    this.#s = SHAPE.load(state, this.name);
  }
}
