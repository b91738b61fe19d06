/**
 * A 16550A serial port (PC16550D datasheet; register numbers as there). It is not paced by the baud rate:
 * a byte written is a byte sent at that step, so the transmitter is always empty; and the receiver is
 * never overrun by its own input, which waits in a queue until the guest makes room. Both keep a run quick
 * and the same on every host.
 */
import type { ByteSink, DeviceState, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { byte, flag, int, queue, StateShape } from '../bus/state-shape.ts';
import { ByteQueue } from '../util/byte-queue.ts';

/** Offsets; 0 and 1 are the divisor latch while LCR_DLAB is set. */
const DATA = 0;
const IER = 1;
const IIR_FCR = 2;
const LCR = 3;
const MCR = 4;
const LSR = 5;
const MSR = 6;

const IER_RECEIVED = 0x01;
const IER_THR_EMPTY = 0x02;
const IER_LINE_STATUS = 0x04;
const IER_MODEM_STATUS = 0x08;

const IIR_NONE = 0x01;
const IIR_MODEM_STATUS = 0x00;
const IIR_THR_EMPTY = 0x02;
const IIR_RECEIVED = 0x04;
const IIR_LINE_STATUS = 0x06;
const IIR_TIMEOUT = 0x0c;
const IIR_FIFOS = 0xc0;

const FCR_ENABLE = 0x01;
const FCR_CLEAR_RECEIVER = 0x02;

const LCR_WORD_LENGTH = 0x03;
const LCR_DLAB = 0x80;

const MCR_DTR = 0x01;
const MCR_RTS = 0x02;
const MCR_OUT1 = 0x04;
const MCR_OUT2 = 0x08;
const MCR_LOOP = 0x10;

const LSR_DATA_READY = 0x01;
const LSR_OVERRUN = 0x02;
const LSR_THR_EMPTY = 0x20;
const LSR_TRANSMITTER_EMPTY = 0x40;

const MSR_CTS = 0x10;
const MSR_DSR = 0x20;
const MSR_RI = 0x40;
const MSR_DCD = 0x80;
/** A peer that is always there and always ready. */
const MSR_CONNECTED = MSR_CTS | MSR_DSR | MSR_DCD;

const FIFO_SIZE = 16;
/** Receive trigger by FCR bits 7:6. */
const TRIGGERS = [1, 4, 8, 14];
/** Input beyond this is dropped; only an endless script can reach it. */
const QUEUE_LIMIT = 1 << 24;

interface UartState {
  divisor: number;
  ier: number;
  /** Bits 7:6 (trigger) and 0 (enable) of FCR. */
  fcr: number;
  lcr: number;
  mcr: number;
  scratch: number;
  /** Low half: deltas since the last read; high half: levels. */
  msr: number;
  overrun: boolean;
  /** A THR-empty interrupt waits: set when THR becomes empty or IER asks for it, cleared when IIR shows it. */
  thrInterrupt: boolean;
  fifo: ByteQueue;
  /** What the outside has sent and the FIFO has no room for yet. */
  incoming: ByteQueue;
}

const SHAPE = new StateShape<UartState>(1, {
  divisor: int(0, 0xffff),
  ier: int(0, 0x0f),
  fcr: byte,
  lcr: byte,
  mcr: int(0, 0x1f),
  scratch: byte,
  msr: byte,
  overrun: flag,
  thrInterrupt: flag,
  fifo: queue(FIFO_SIZE),
  incoming: queue(QUEUE_LIMIT),
});

export interface UartOptions {
  readonly name?: string;
  readonly irq: IrqLine;
  readonly out: ByteSink;
}

export class Uart16550 implements PortDevice {
  readonly name: string;
  readonly #irq: IrqLine;
  readonly #out: ByteSink;
  #s = powerOn();

  constructor({ name = 'uart0', irq, out }: UartOptions) {
    this.name = name;
    this.#irq = irq;
    this.#out = out;
  }

  /** Bytes from the other end of the line. */
  receive(bytes: Iterable<number>): void {
    const { incoming } = this.#s;
    for (const value of bytes) {
      if (incoming.length < QUEUE_LIMIT) incoming.push(value);
    }
    this.#refill();
    this.#update();
  }

  readPort(offset: number, _width: Width): number {
    const s = this.#s;
    switch (offset) {
      case DATA:
        return (s.lcr & LCR_DLAB) !== 0 ? s.divisor & 0xff : this.#readData();
      case IER:
        return (s.lcr & LCR_DLAB) !== 0 ? s.divisor >>> 8 : s.ier;
      case IIR_FCR:
        return this.#readIdentification();
      case LCR:
        return s.lcr;
      case MCR:
        return s.mcr;
      case LSR:
        return this.#readLineStatus();
      case MSR: {
        const value = s.msr;
        s.msr &= 0xf0;
        this.#update();
        return value;
      }
      default:
        return s.scratch;
    }
  }

  writePort(offset: number, _width: Width, value: number): void {
    const s = this.#s;
    const data = value & 0xff;
    switch (offset) {
      case DATA:
        if ((s.lcr & LCR_DLAB) !== 0) s.divisor = (s.divisor & 0xff00) | data;
        else this.#transmit(data);
        break;
      case IER:
        if ((s.lcr & LCR_DLAB) !== 0) s.divisor = (s.divisor & 0x00ff) | (data << 8);
        else this.#writeEnables(data & 0x0f);
        break;
      case IIR_FCR:
        this.#writeFifoControl(data);
        break;
      case LCR:
        s.lcr = data;
        break;
      case MCR:
        this.#writeModemControl(data & 0x1f);
        break;
      case LSR:
      case MSR:
        // Factory test registers: writing them does nothing here.
        break;
      default:
        s.scratch = data;
    }
  }

  reset(): void {
    this.#s = powerOn();
    this.#irq.set(false);
  }

  save(): DeviceState {
    return SHAPE.save(this.#s);
  }

  load(state: DeviceState): void {
    this.#s = SHAPE.load(state, this.name);
  }

  #readData(): number {
    const value = this.#s.fifo.shift();
    // On a wire the next byte would come later and make its own edge; a driver that takes one byte an
    // interrupt must see one here too.
    this.#irq.set(false);
    this.#refill();
    this.#update();
    return value;
  }

  #transmit(data: number): void {
    const s = this.#s;
    // Shorter words than eight bits lose their high bits on the wire.
    const sent = data & (0xff >>> (3 - (s.lcr & LCR_WORD_LENGTH)));
    if ((s.mcr & MCR_LOOP) === 0) {
      this.#out.put(sent);
    } else if (s.fifo.length < this.#capacity()) {
      s.fifo.push(sent);
    } else {
      s.overrun = true;
    }
    // Writing THR ends its interrupt, and sending the byte raises the next: an edge for each.
    s.thrInterrupt = false;
    this.#update();
    s.thrInterrupt = true;
    this.#update();
  }

  #writeEnables(ier: number): void {
    const s = this.#s;
    // Asking for the interrupt while THR is empty raises it: drivers start their transmitter that way.
    if ((ier & ~s.ier & IER_THR_EMPTY) !== 0) s.thrInterrupt = true;
    s.ier = ier;
    this.#update();
  }

  #writeFifoControl(fcr: number): void {
    const s = this.#s;
    const switched = ((fcr ^ s.fcr) & FCR_ENABLE) !== 0;
    const enabled = (fcr & FCR_ENABLE) !== 0;
    // Switching the FIFOs on or off empties them; the other bits count only while they are on.
    if (switched || (enabled && (fcr & FCR_CLEAR_RECEIVER) !== 0)) s.fifo.clear();
    s.fcr = enabled ? fcr & (IIR_FIFOS | FCR_ENABLE) : 0;
    this.#refill();
    this.#update();
  }

  #writeModemControl(mcr: number): void {
    const s = this.#s;
    s.mcr = mcr;
    const levels = (mcr & MCR_LOOP) === 0 ? MSR_CONNECTED : loopedLevels(mcr);
    const changed = (levels ^ s.msr) >>> 4;
    const ringEnded = (s.msr & ~levels & MSR_RI) >>> 4;
    // Deltas of CTS, DSR and DCD count any change, that of RI only its trailing edge.
    s.msr = levels | (s.msr & 0x0f) | (changed & 0x0b) | ringEnded;
    this.#refill();
    this.#update();
  }

  #readIdentification(): number {
    const source = this.#source();
    if (source === IIR_THR_EMPTY) {
      this.#s.thrInterrupt = false;
      this.#update();
    }
    return source | ((this.#s.fcr & FCR_ENABLE) !== 0 ? IIR_FIFOS : 0);
  }

  #readLineStatus(): number {
    const s = this.#s;
    let value = LSR_THR_EMPTY | LSR_TRANSMITTER_EMPTY;
    if (s.fifo.length !== 0) value |= LSR_DATA_READY;
    if (s.overrun) {
      value |= LSR_OVERRUN;
      s.overrun = false;
      this.#update();
    }
    return value;
  }

  #capacity(): number {
    return (this.#s.fcr & FCR_ENABLE) !== 0 ? FIFO_SIZE : 1;
  }

  /** The line feeds the receiver as it gets room; in loopback the receiver hears only the transmitter. */
  #refill(): void {
    const { fifo, incoming, mcr } = this.#s;
    if ((mcr & MCR_LOOP) !== 0) return;
    const capacity = this.#capacity();
    while (incoming.length !== 0 && fifo.length < capacity) fifo.push(incoming.shift());
  }

  /** The interrupt of highest priority, as IIR bits 3:0 (datasheet table IV). */
  #source(): number {
    const s = this.#s;
    if ((s.ier & IER_LINE_STATUS) !== 0 && s.overrun) return IIR_LINE_STATUS;
    if ((s.ier & IER_RECEIVED) !== 0 && s.fifo.length !== 0) {
      // Below the trigger the character timeout reports what has come; the line is idle at once.
      const full = (s.fcr & FCR_ENABLE) === 0 || s.fifo.length >= TRIGGERS[s.fcr >>> 6];
      return full ? IIR_RECEIVED : IIR_TIMEOUT;
    }
    if ((s.ier & IER_THR_EMPTY) !== 0 && s.thrInterrupt) return IIR_THR_EMPTY;
    if ((s.ier & IER_MODEM_STATUS) !== 0 && (s.msr & 0x0f) !== 0) return IIR_MODEM_STATUS;
    return IIR_NONE;
  }

  #update(): void {
    // A PC gates the interrupt with OUT2, which loopback holds inactive.
    const gate = (this.#s.mcr & (MCR_OUT2 | MCR_LOOP)) === MCR_OUT2;
    this.#irq.set(gate && this.#source() !== IIR_NONE);
  }
}

/** Loopback wires the outputs to the inputs: RTS to CTS, DTR to DSR, OUT1 to RI, OUT2 to DCD. */
function loopedLevels(mcr: number): number {
  return (
    ((mcr & MCR_RTS) !== 0 ? MSR_CTS : 0) |
    ((mcr & MCR_DTR) !== 0 ? MSR_DSR : 0) |
    ((mcr & MCR_OUT1) !== 0 ? MSR_RI : 0) |
    ((mcr & MCR_OUT2) !== 0 ? MSR_DCD : 0)
  );
}

function powerOn(): UartState {
  return {
    divisor: 12,
    ier: 0,
    fcr: 0,
    lcr: 0x03,
    mcr: 0,
    scratch: 0,
    msr: MSR_CONNECTED,
    overrun: false,
    thrInterrupt: true,
    fifo: new ByteQueue(),
    incoming: new ByteQueue(),
  };
}
