/**
 * The I/O port space (SDM vol. 1, chapter 19): 65,536 byte ports, each of at most one device. Accesses
 * wider than a device decodes are split into narrower cycles, low address first, as an ISA bridge does,
 * so that `out dx, ax` to an index/data pair works. What nobody claims reads as all ones.
 */
import { assert } from '../util/assert.ts';
import type { PortDevice, Width } from './device.ts';
import { type BusAccess, InterposerChain } from './interposer.ts';

export interface PortMapping {
  /** The offset the device sees at the first port; lets one device sit at several places. Default 0. */
  readonly offset?: number;
  /** The widest access the device takes in one piece. Default 1. */
  readonly width?: Width;
}

export interface PortRange extends PortMapping {
  readonly base: number;
  readonly count: number;
}

interface Slot extends Required<PortMapping> {
  readonly base: number;
  readonly count: number;
  readonly device: PortDevice;
}

const PORTS = 0x10000;

export class PortBus {
  readonly interposers = new InterposerChain();
  /** By port: index into `#slots`, 0 = nobody. */
  readonly #slotOf = new Uint16Array(PORTS);
  readonly #slots: (Slot | undefined)[] = [undefined];

  /** Gives `count` ports from `base` to a device. They must be free: an overlap is our own mistake. */
  map(base: number, count: number, device: PortDevice, { offset = 0, width = 1 }: PortMapping = {}): void {
    assert(base >= 0 && count > 0 && base + count <= PORTS, `port range ${base}+${count} of ${device.name}`);
    for (let port = base; port < base + count; port++) {
      const taken = this.#slots[this.#slotOf[port]];
      assert(taken === undefined, `port ${port.toString(16)} of ${device.name} belongs to ${taken?.device.name}`);
      this.#slotOf[port] = this.#slots.length;
    }
    this.#slots.push({ base, count, device, offset, width });
  }

  /** Maps a device at all its places. */
  attach(device: PortDevice, ranges: readonly PortRange[]): void {
    for (const range of ranges) this.map(range.base, range.count, device, range);
  }

  /** Who sits where, in the order of mapping. */
  mappings(): { base: number; count: number; name: string }[] {
    return this.#slots.flatMap((slot) =>
      slot === undefined ? [] : [{ base: slot.base, count: slot.count, name: slot.device.name }],
    );
  }

  /** An unsigned value; all ones where there is no device. */
  read(port: number, width: Width): number {
    if (!this.interposers.active) return this.#read(port, width);
    const access: BusAccess = { bus: 'port', kind: 'read', address: port, width, value: mask(width) >>> 0 };
    return (this.interposers.pass(access, (a) => this.#read(a.address, a.width)) & mask(width)) >>> 0;
  }

  write(port: number, width: Width, value: number): void {
    if (!this.interposers.active) {
      this.#write(port, width, value);
      return;
    }
    const access: BusAccess = { bus: 'port', kind: 'write', address: port, width, value: (value & mask(width)) >>> 0 };
    this.interposers.pass(access, (a) => {
      this.#write(a.address, a.width, a.value);
      return a.value;
    });
  }

  #read(port: number, width: Width): number {
    const slot = port < PORTS ? this.#slots[this.#slotOf[port]] : undefined;
    if (slot !== undefined && takesWhole(slot, port, width)) {
      return (slot.device.readPort(port - slot.base + slot.offset, width) & mask(width)) >>> 0;
    }
    if (width === 1) return 0xff;
    const half = (width >>> 1) as Width;
    const low = this.#read(port, half);
    return (low | (this.#read(port + half, half) << (8 * half))) >>> 0;
  }

  #write(port: number, width: Width, value: number): void {
    const slot = port < PORTS ? this.#slots[this.#slotOf[port]] : undefined;
    if (slot !== undefined && takesWhole(slot, port, width)) {
      slot.device.writePort(port - slot.base + slot.offset, width, (value & mask(width)) >>> 0);
    } else if (width !== 1) {
      const half = (width >>> 1) as Width;
      this.#write(port, half, value);
      this.#write(port + half, half, value >>> (8 * half));
    }
  }
}

function takesWhole(slot: Slot, port: number, width: Width): boolean {
  return width <= slot.width && port + width <= slot.base + slot.count;
}

/** All ones of a width, as the int32 that `&` wants. */
function mask(width: Width): number {
  return width === 4 ? -1 : (1 << (8 * width)) - 1;
}
