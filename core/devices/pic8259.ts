/**
 * The two 8259As of a PC: the slave's INT is the master's input 2. What the monitor asks for interrupts.
 *
 * Ports by offset: 0 1 master, 2 3 slave (command, data), 4 5 edge/level control (ELCR) of each.
 */
import type { DeviceState, InterruptController, IrqLine, PortDevice, Width } from '../bus/device.ts';
import { StateShape } from '../bus/state-shape.ts';
import { assert } from '../util/assert.ts';
import { CHIP_FIELDS, type ChipState, Pic8259Chip, powerOnChip, SPURIOUS } from './pic8259-chip.ts';

const CASCADE = 2;
const CASCADE_BIT = 1 << CASCADE;
/** The timer, keyboard and cascade (and the clock and FPU of the slave) are edge-triggered for good. */
const LEVEL_MASTER = 0xf8;
const LEVEL_SLAVE = 0xde;
/** What the CPU reads as vector when no chip drives the bus. */
const FLOATING = 0xff;

interface PairState {
  master: ChipState;
  slave: ChipState;
}

const SHAPE = new StateShape<PairState>(1, { master: CHIP_FIELDS, slave: CHIP_FIELDS });

export class Pic8259Pair implements PortDevice, InterruptController {
  readonly name: string;
  /** True while the master's INT output is high. A plain field: the monitor looks often. */
  pending = false;
  readonly #master = new Pic8259Chip(true);
  readonly #slave = new Pic8259Chip(false);
  readonly #lines: readonly IrqLine[];

  constructor(name = 'pic') {
    this.name = name;
    this.#lines = Array.from({ length: 16 }, (_, n) => ({ set: (level: boolean) => this.#setLine(n, level) }));
  }

  /** Input 0–15; 2 is taken by the cascade. */
  irq(n: number): IrqLine {
    assert(n >= 0 && n < 16 && n !== CASCADE, `IRQ ${n}`);
    return this.#lines[n];
  }

  /** Both INTA cycles. A request that has gone is answered with level 7 of the chip that was asked. */
  acknowledge(): number {
    const { s } = this.#master;
    const level = this.#master.acknowledge();
    let vector = this.#master.vector(level);
    if (level === CASCADE && (s.icw3 & CASCADE_BIT) !== 0) {
      // The master puts the slave's number on the cascade lines; only a slave told that number answers.
      const answers = this.#slave.s.phase === 'ready' && (this.#slave.s.icw3 & 7) === CASCADE;
      vector = answers ? this.#slave.vector(this.#slave.acknowledge()) : FLOATING;
      this.#dropCascade();
    }
    this.#update();
    return vector;
  }

  readPort(offset: number, _width: Width): number {
    if (offset >= 4) return offset === 4 ? this.#master.s.level : this.#slave.s.level;
    const chip = offset < 2 ? this.#master : this.#slave;
    const polled = chip.s.poll;
    const value = chip.read((offset & 1) !== 0);
    if (polled) {
      if (chip === this.#slave) this.#dropCascade();
      this.#update();
    }
    return value;
  }

  writePort(offset: number, _width: Width, value: number): void {
    const data = value & 0xff;
    if (offset === 4) this.#master.setLevelMask(data & LEVEL_MASTER);
    else if (offset >= 5) this.#slave.setLevelMask(data & LEVEL_SLAVE);
    else {
      const chip = offset < 2 ? this.#master : this.#slave;
      if ((offset & 1) === 0) chip.writeCommand(data);
      else chip.writeData(data);
    }
    this.#update();
  }

  reset(): void {
    // The wires keep their levels: a device that still drives one high does so after the reset, too.
    this.#master.s = { ...powerOnChip(), lines: this.#master.s.lines };
    this.#slave.s = { ...powerOnChip(), lines: this.#slave.s.lines };
    this.#update();
  }

  save(): DeviceState {
    return SHAPE.save({ master: this.#master.s, slave: this.#slave.s });
  }

  load(state: DeviceState): void {
    const { master, slave } = SHAPE.load(state, this.name);
    this.#master.s = master;
    this.#slave.s = slave;
    this.#update();
  }

  /** What a monitor command shows: the registers of both chips. */
  inspect(): { readonly master: Readonly<ChipState>; readonly slave: Readonly<ChipState> } {
    return { master: { ...this.#master.s }, slave: { ...this.#slave.s } };
  }

  #setLine(n: number, level: boolean): void {
    const chip = n < 8 ? this.#master : this.#slave;
    const bit = 1 << (n & 7);
    // Most calls repeat the level the line has.
    if (level === ((chip.s.lines & bit) !== 0)) return;
    chip.setLine(n & 7, level);
    this.#update();
  }

  /** INT goes low with every acknowledge, so that a request still waiting makes a new edge at the master. */
  #dropCascade(): void {
    this.#master.setLine(CASCADE, false);
  }

  /** Carries the slave's INT to the master and looks at the master's. */
  #update(): void {
    this.#master.setLine(CASCADE, this.#slave.request() !== SPURIOUS);
    this.pending = this.#master.request() !== SPURIOUS;
  }
}
