/**
 * Memory-mapped devices by physical address. It knows nothing of RAM: the monitor asks it only for pages
 * that are not RAM. What nobody claims reads as all ones and swallows writes.
 */
import { assert } from '../util/assert.ts';
import type { MmioDevice, Width } from './device.ts';
import { type BusAccess, InterposerChain } from './interposer.ts';

/** A device and the physical range it answers at. */
export interface MmioRange {
  readonly base: number;
  readonly length: number;
  readonly device: MmioDevice;
}

export class MmioBus {
  readonly interposers = new InterposerChain();
  #ranges: MmioRange[] = [];

  /** Gives `length` bytes of physical addresses to a device. They must be free. */
  map(base: number, length: number, device: MmioDevice): void {
    assert(base >= 0 && length > 0 && base + length <= 2 ** 32, `memory range ${base}+${length} of ${device.name}`);
    const taken = this.#ranges.find((range) => base < range.base + range.length && range.base < base + length);
    assert(taken === undefined, `memory range of ${device.name} overlaps ${taken?.device.name}`);
    this.#ranges = [...this.#ranges, { base, length, device }].sort((a, b) => a.base - b.base);
  }

  /** Who answers at a physical address (unsigned). */
  find(physical: number): MmioRange | undefined {
    for (const range of this.#ranges) {
      if (physical >= range.base && physical < range.base + range.length) return range;
    }
    return undefined;
  }

  /** True when some device answers in this page. */
  covers(physicalPage: number): boolean {
    const start = physicalPage * 4096;
    // Asked at every shadow fill, mostly of an empty list.
    for (const { base, length } of this.#ranges) if (base < start + 4096 && start < base + length) return true;
    return false;
  }

  mappings(): readonly MmioRange[] {
    return this.#ranges;
  }

  /** An unsigned value; all ones where there is no device. */
  read(physical: number, width: Width): number {
    if (!this.interposers.active) return this.#read(physical, width);
    const access: BusAccess = { bus: 'mmio', kind: 'read', address: physical, width, value: mask(width) >>> 0 };
    return (this.interposers.pass(access, (a) => this.#read(a.address, a.width)) & mask(width)) >>> 0;
  }

  write(physical: number, width: Width, value: number): void {
    if (!this.interposers.active) {
      this.#write(physical, width, value);
      return;
    }
    const access: BusAccess = {
      bus: 'mmio',
      kind: 'write',
      address: physical,
      width,
      value: (value & mask(width)) >>> 0,
    };
    this.interposers.pass(access, (a) => {
      this.#write(a.address, a.width, a.value);
      return a.value;
    });
  }

  #read(physical: number, width: Width): number {
    const range = this.find(physical);
    if (range !== undefined && physical + width <= range.base + range.length) {
      return (range.device.readMmio(physical - range.base, width) & mask(width)) >>> 0;
    }
    // Nobody, or an access over the end of a range: byte by byte.
    if (width === 1) return 0xff;
    let value = 0;
    for (let i = 0; i < width; i++) value |= this.#read(physical + i, 1) << (8 * i);
    return value >>> 0;
  }

  #write(physical: number, width: Width, value: number): void {
    const range = this.find(physical);
    if (range !== undefined && physical + width <= range.base + range.length) {
      range.device.writeMmio(physical - range.base, width, (value & mask(width)) >>> 0);
    } else if (width !== 1) {
      for (let i = 0; i < width; i++) this.#write(physical + i, 1, value >>> (8 * i));
    }
  }
}

function mask(width: Width): number {
  return width === 4 ? -1 : (1 << (8 * width)) - 1;
}
