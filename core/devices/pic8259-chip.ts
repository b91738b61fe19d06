/**
 * One 8259A interrupt controller: requests, priorities and the command words of its two ports. Who is
 * wired to whom is the pair's business (pic8259.ts). MCS-80 mode (ICW4 bit 0 clear) is answered as 8086
 * mode: no PC can use it. Section names are those of the Intel 8259A datasheet.
 */
import { byte, flag, int, record, word } from '../bus/state-shape.ts';

const ICW1 = 0x10;
const ICW1_ICW4 = 0x01;
const ICW1_SINGLE = 0x02;
const ICW1_LEVEL = 0x08;
const ICW4_AUTO_EOI = 0x02;
const ICW4_SPECIAL_FULLY_NESTED = 0x10;
const OCW3 = 0x08;
const OCW3_READ_REGISTER = 0x02;
const OCW3_READ_ISR = 0x01;
const OCW3_POLL = 0x04;
const OCW3_SET_SPECIAL_MASK = 0x40;
const OCW3_SPECIAL_MASK = 0x20;

/** What a chip answers when nothing is left to acknowledge. */
export const SPURIOUS = -1;

export interface ChipState {
  /** Which command word the data port expects. `off`: never initialised, so it requests nothing. */
  phase: 'off' | 'icw2' | 'icw3' | 'icw4' | 'ready';
  /** Input levels as the wires have them. */
  lines: number;
  irr: number;
  isr: number;
  imr: number;
  /** Edge/level control of the chipset (ELCR): 1 = level. */
  level: number;
  icw1: number;
  /** ICW2 bits 7:3. */
  base: number;
  icw3: number;
  icw4: number;
  /** The level with the lowest priority; the next one has the highest. */
  lowest: number;
  rotateInAutoEoi: boolean;
  specialMask: boolean;
  readIsr: boolean;
  poll: boolean;
}

export const CHIP_FIELDS = record<ChipState>({
  phase: word('off', 'icw2', 'icw3', 'icw4', 'ready'),
  lines: byte,
  irr: byte,
  isr: byte,
  imr: byte,
  level: byte,
  icw1: byte,
  base: byte,
  icw3: byte,
  icw4: byte,
  lowest: int(0, 7),
  rotateInAutoEoi: flag,
  specialMask: flag,
  readIsr: flag,
  poll: flag,
});

export function powerOnChip(): ChipState {
  return {
    phase: 'off',
    lines: 0,
    irr: 0,
    isr: 0,
    imr: 0xff,
    level: 0,
    icw1: 0,
    base: 0,
    icw3: 0,
    icw4: 0,
    lowest: 7,
    rotateInAutoEoi: false,
    specialMask: false,
    readIsr: false,
    poll: false,
  };
}

export class Pic8259Chip {
  s = powerOnChip();
  /** ICW3 means inputs to a master and an own number to a slave. */
  readonly #isMaster: boolean;

  constructor(isMaster: boolean) {
    this.#isMaster = isMaster;
  }

  /** One input changes. */
  setLine(input: number, high: boolean): void {
    const s = this.s;
    const bit = 1 << input;
    if (high) {
      // Edge mode latches the rise; the request stays one until it is acknowledged or the line drops.
      if ((s.lines & bit) === 0 || this.#isLevel(bit)) s.irr |= bit;
      s.lines |= bit;
    } else {
      // "IR inputs must remain high until after the falling edge of the first INTA": a request that
      // goes away earlier is none.
      s.lines &= ~bit;
      s.irr &= ~bit;
    }
  }

  /** The request that INT stands for now, by level, or -1. */
  request(): number {
    const s = this.s;
    if (s.phase !== 'ready') return SPURIOUS;
    const requests = s.irr & ~s.imr;
    if (requests === 0) return SPURIOUS;
    // Special mask mode: a masked level in service blocks nobody. Special fully nested mode: a slave's
    // level in service still lets that slave's higher requests through.
    let serving = s.specialMask ? s.isr & ~s.imr : s.isr;
    if (this.#isMaster && (s.icw4 & ICW4_SPECIAL_FULLY_NESTED) !== 0) serving &= ~s.icw3;
    for (let i = 1; i <= 8; i++) {
      const level = (s.lowest + i) & 7;
      if ((serving & (1 << level)) !== 0) return SPURIOUS;
      if ((requests & (1 << level)) !== 0) return level;
    }
    return SPURIOUS;
  }

  /** First INTA: the level acknowledged, or -1 when the request has gone. */
  acknowledge(): number {
    const s = this.s;
    const level = this.request();
    if (level === SPURIOUS) return SPURIOUS;
    const bit = 1 << level;
    if (!this.#isLevel(bit)) s.irr &= ~bit;
    if ((s.icw4 & ICW4_AUTO_EOI) === 0) s.isr |= bit;
    else if (s.rotateInAutoEoi) s.lowest = level;
    return level;
  }

  /** The vector of a level; level 7 stands for a request that has gone. */
  vector(level: number): number {
    return this.s.base | (level === SPURIOUS ? 7 : level);
  }

  /** Reads OCW3's choice (A0 = 0) or the mask (A0 = 1). */
  read(dataPort: boolean): number {
    const s = this.s;
    if (s.poll) {
      // Poll command: the next read is the acknowledge and answers 1000 0LLL, or 0 for no request.
      s.poll = false;
      const level = this.acknowledge();
      return level === SPURIOUS ? 0 : 0x80 | level;
    }
    if (dataPort) return s.imr;
    return s.readIsr ? s.isr : s.irr;
  }

  writeCommand(value: number): void {
    if ((value & ICW1) !== 0) this.#initialise(value);
    else if ((value & OCW3) !== 0) this.#operationWord3(value);
    else this.#operationWord2(value);
  }

  writeData(value: number): void {
    const s = this.s;
    switch (s.phase) {
      case 'icw2':
        s.base = value & 0xf8;
        s.phase = (s.icw1 & ICW1_SINGLE) === 0 ? 'icw3' : afterIcw3(s);
        break;
      case 'icw3':
        s.icw3 = value;
        s.phase = afterIcw3(s);
        break;
      case 'icw4':
        s.icw4 = value & 0x1f;
        s.phase = 'ready';
        break;
      default:
        // OCW1. Before any ICW1 it only stores: masking everything first is what careful guests do.
        s.imr = value;
    }
  }

  /** Which inputs the edge/level registers make level-triggered. */
  setLevelMask(level: number): void {
    this.s.level = level;
    // An input that is high becomes a request as soon as levels count.
    this.s.irr |= this.s.lines & level;
  }

  /** ICW1: clears edge sense, mask, service, special mask; level 7 lowest; reads answer IRR. */
  #initialise(icw1: number): void {
    const { lines, level } = this.s;
    this.s = { ...powerOnChip(), lines, level, icw1, imr: 0, phase: 'icw2' };
    // "The edge sense circuit is reset": lines that are high must rise again, level inputs count at once.
    this.s.irr = (icw1 & ICW1_LEVEL) !== 0 ? lines : lines & level;
  }

  /** OCW2: end of interrupt and rotation, bits R SL EOI. */
  #operationWord2(value: number): void {
    const s = this.s;
    const level = value & 7;
    switch (value >>> 5) {
      case 0b001:
        this.#endHighest();
        break;
      case 0b011:
        s.isr &= ~(1 << level);
        break;
      case 0b101: {
        const ended = this.#endHighest();
        if (ended !== SPURIOUS) s.lowest = ended;
        break;
      }
      case 0b111:
        s.isr &= ~(1 << level);
        s.lowest = level;
        break;
      case 0b110:
        s.lowest = level;
        break;
      case 0b100:
        s.rotateInAutoEoi = true;
        break;
      case 0b000:
        s.rotateInAutoEoi = false;
        break;
      default:
        // 010 is no operation.
        break;
    }
  }

  #operationWord3(value: number): void {
    const s = this.s;
    if ((value & OCW3_SET_SPECIAL_MASK) !== 0) s.specialMask = (value & OCW3_SPECIAL_MASK) !== 0;
    if ((value & OCW3_POLL) !== 0) s.poll = true;
    else if ((value & OCW3_READ_REGISTER) !== 0) s.readIsr = (value & OCW3_READ_ISR) !== 0;
  }

  /** Non-specific EOI: ends the highest level in service. Special mask mode spares the masked ones. */
  #endHighest(): number {
    const s = this.s;
    const serving = s.specialMask ? s.isr & ~s.imr : s.isr;
    for (let i = 1; i <= 8; i++) {
      const level = (s.lowest + i) & 7;
      if ((serving & (1 << level)) !== 0) {
        s.isr &= ~(1 << level);
        return level;
      }
    }
    return SPURIOUS;
  }

  #isLevel(bit: number): boolean {
    return (this.s.icw1 & ICW1_LEVEL) !== 0 || (this.s.level & bit) !== 0;
  }
}

function afterIcw3(s: ChipState): 'icw4' | 'ready' {
  // "If IC4 = 0, all functions selected in ICW4 are set to zero": powerOnChip() has done that.
  return (s.icw1 & ICW1_ICW4) !== 0 ? 'icw4' : 'ready';
}
