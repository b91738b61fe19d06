/**
 * The 8254 interval timer of a PC and its neighbour, system control port B (61h), through which the guest
 * sees and gates counter 2. Counter 0 drives IRQ 0; counter 1 stands for the DRAM refresh; the speaker
 * itself is silent.
 *
 * Port 61h:  0 gate of counter 2 · 1 speaker on · 2 3 parity and channel check off (stored)
 *            4 refresh request, toggles with counter 1's rate · 5 output of counter 2
 */
import type { Timer, TimerSource } from '../bus/clock.ts';
import type { DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { Rate } from '../bus/rate.ts';
import { count, flag, int, list, StateShape } from '../bus/state-shape.ts';
import { COUNTER_FIELDS, Counter, type CounterState, NO_EDGE, powerOnCounter } from './pit8254-counter.ts';

/** The PC's 14.31818 MHz crystal divided by 12. */
export const PIT_HZ = 1_193_182;

const CONTROL = 3;
const PORT_B = 4;
const READ_BACK = 3;
const READ_BACK_NO_COUNT = 0x20;
const READ_BACK_NO_STATUS = 0x10;
const LATCH = 0;

const PORT_B_GATE = 0x01;
const PORT_B_STORED = 0x0f;
const PORT_B_REFRESH = 0x10;
const PORT_B_OUT2 = 0x20;
/** Cycles between refresh requests, about 15 µs. Guests time microseconds by this bit. */
const REFRESH_CYCLES = 18;

interface PitState {
  counters: CounterState[];
  portB: number;
  /** Level on IRQ 0, and the cycle up to which its edges have been delivered. */
  out: boolean;
  delivered: number;
}

const SHAPE = new StateShape<PitState>(1, {
  counters: list(3, COUNTER_FIELDS),
  portB: int(0, PORT_B_STORED),
  out: flag,
  delivered: count,
});

export interface PitOptions {
  readonly name?: string;
  readonly clock: TimerSource;
  /** IRQ 0. */
  readonly irq: IrqLine;
}

export class Pit8254 implements PortDevice {
  readonly name: string;
  readonly #clock: TimerSource;
  readonly #irq: IrqLine;
  readonly #rate: Rate;
  readonly #timer: Timer;
  readonly #counters = [new Counter(true), new Counter(true), new Counter(false)];
  #portB = 0;
  #out = false;
  #delivered = 0;

  constructor({ name = 'pit', clock, irq }: PitOptions) {
    this.name = name;
    this.#clock = clock;
    this.#irq = irq;
    this.#rate = new Rate(clock.hz, PIT_HZ);
    this.#timer = clock.timer(`${name}.0`, () => this.#fire());
  }

  readPort(offset: number, _width: Width): number {
    const cycle = this.#cycle();
    if (offset < CONTROL) return this.#counters[offset].read(cycle);
    // The control word register cannot be read.
    if (offset === CONTROL) return 0xff;
    // Not `%`, which is slow on numbers of more than 31 bits: guests poll this port.
    const phase = cycle - Math.floor(cycle / (2 * REFRESH_CYCLES)) * (2 * REFRESH_CYCLES);
    const refresh = phase >= REFRESH_CYCLES ? PORT_B_REFRESH : 0;
    return this.#portB | refresh | (this.#counters[2].output(cycle) ? PORT_B_OUT2 : 0);
  }

  writePort(offset: number, _width: Width, value: number): void {
    const cycle = this.#cycle();
    const data = value & 0xff;
    if (offset === PORT_B) {
      this.#portB = data & PORT_B_STORED;
      this.#counters[2].setGate((data & PORT_B_GATE) !== 0, cycle);
      return;
    }
    if (offset === CONTROL) {
      this.#control(data, cycle);
      return;
    }
    this.#counters[offset].write(data, cycle);
    if (offset === 0) this.#deliver();
  }

  reset(): void {
    const gates = [true, true, false];
    for (const [n, counter] of this.#counters.entries()) counter.s = powerOnCounter(gates[n]);
    this.#portB = 0;
    this.#out = false;
    this.#delivered = this.#cycle();
    this.#timer.cancel();
    this.#irq.set(false);
  }

  save(): DeviceState {
    return SHAPE.save({
      counters: this.#counters.map((counter) => counter.s),
      portB: this.#portB,
      out: this.#out,
      delivered: this.#delivered,
    });
  }

  /** The deadline of IRQ 0 is part of the clock's state. */
  load(state: DeviceState): void {
    const { counters, portB, out, delivered } = SHAPE.load(state, this.name);
    for (const [n, counter] of this.#counters.entries()) counter.s = counters[n];
    this.#portB = portB;
    this.#out = out;
    this.#delivered = delivered;
  }

  #cycle(): number {
    return this.#rate.cyclesAt(this.#clock.now());
  }

  /** Control word: SC1 SC0 choose a counter or, both set, the read-back command. */
  #control(value: number, cycle: number): void {
    const select = value >>> 6;
    if (select === READ_BACK) {
      for (const [n, counter] of this.#counters.entries()) {
        if ((value & (2 << n)) === 0) continue;
        if ((value & READ_BACK_NO_COUNT) === 0) counter.latchCount(cycle);
        if ((value & READ_BACK_NO_STATUS) === 0) counter.latchStatus(cycle);
      }
    } else if (((value >>> 4) & 3) === LATCH) {
      this.#counters[select].latchCount(cycle);
    } else {
      this.#counters[select].control(value);
      if (select === 0) this.#deliver();
    }
  }

  /**
   * The next edge is due. A fall and a rise since the last look become a pulse, however many there were:
   * those of mode 2, and all that are closer together than a tick (a slow clock, a tiny count).
   */
  #fire(): void {
    const cycle = this.#cycle();
    const counter = this.#counters[0];
    const edge = counter.nextEdge(this.#delivered);
    if (this.#out && edge !== NO_EDGE && edge < cycle && counter.output(cycle)) this.#irq.set(false);
    this.#deliver();
  }

  /** Brings IRQ 0 to counter 0's output and arms the timer for its next edge. */
  #deliver(): void {
    const cycle = this.#cycle();
    const counter = this.#counters[0];
    this.#out = counter.output(cycle);
    this.#delivered = cycle;
    this.#irq.set(this.#out);
    let next = counter.nextEdge(cycle);
    // The low clock of mode 2 only prepares the next rise: it is not worth an event of its own.
    if (next !== NO_EDGE && counter.s.mode === 2 && this.#out) next = counter.nextEdge(next);
    if (next === NO_EDGE) this.#timer.cancel();
    else this.#timer.arm(Math.max(this.#rate.tickOf(next), this.#clock.now() + 1));
  }
}
