/**
 * Guest accesses that have no single host address: device pages, holes, ROM, watched pages, traced
 * tables, code, page crossings. Works on physical runs that stay within a page; translation is the
 * caller's. Host side is always a place in linear memory (a context's scratch buffer).
 */
import type { LinearMemory } from '../memory/linear-memory.ts';
import { FRAME_CODE, FRAME_ROM, FRAME_TABLE, type PhysicalMemory } from '../memory/physical-memory.ts';
import type { BusWidth, MemoryBus } from './memory-bus.ts';

export class SlowAccess {
  readonly #memory: LinearMemory;
  readonly #physical: PhysicalMemory;
  readonly #bus: MemoryBus;

  constructor(memory: LinearMemory, physical: PhysicalMemory, bus: MemoryBus) {
    this.#memory = memory;
    this.#physical = physical;
    this.#bus = bus;
  }

  /** Guest to host. Holes read as all ones. */
  load(physical: number, size: number, to: number): void {
    const page = physical >>> 12;
    if (this.#bus.covers(page)) {
      this.#loadDevice(physical, size, to);
      return;
    }
    const hostPage = this.#physical.hostPage(page);
    const { u8 } = this.#memory;
    if (hostPage === 0) u8.fill(0xff, to, to + size);
    else u8.copyWithin(to, hostPage * 4096 + (physical & 0xfff), hostPage * 4096 + (physical & 0xfff) + size);
  }

  /** Host to guest, as the processor's write: ROM and holes drop it, code and traced tables are told. */
  store(physical: number, size: number, from: number): void {
    const page = physical >>> 12;
    if (this.#bus.covers(page)) {
      this.#storeDevice(physical, size, from);
      return;
    }
    const hostPage = this.#physical.hostPage(page);
    if (hostPage === 0) return;
    const flags = this.#physical.frameFlags[hostPage];
    if (flags & FRAME_ROM) return;
    const offset = physical & 0xfff;
    this.#memory.u8.copyWithin(hostPage * 4096 + offset, from, from + size);
    if (flags & (FRAME_CODE | FRAME_TABLE)) this.#physical.written(hostPage, offset, size, 'cpu');
  }

  /** A device sees naturally wide pieces, lowest address first: 4, then 2, then 1. */
  #loadDevice(physical: number, size: number, to: number): void {
    for (let done = 0; done < size; ) {
      const width = widest(size - done);
      const value = this.#bus.read(physical + done, width);
      const { view } = this.#memory;
      if (width === 4) view.setUint32(to + done, value, true);
      else if (width === 2) view.setUint16(to + done, value, true);
      else view.setUint8(to + done, value);
      done += width;
    }
  }

  #storeDevice(physical: number, size: number, from: number): void {
    for (let done = 0; done < size; ) {
      const width = widest(size - done);
      const at = from + done;
      const { view } = this.#memory;
      const value = width === 4 ? view.getUint32(at, true) : width === 2 ? view.getUint16(at, true) : view.getUint8(at);
      this.#bus.write(physical + done, width, value);
      done += width;
    }
  }
}

function widest(left: number): BusWidth {
  return left >= 4 ? 4 : left >= 2 ? 2 : 1;
}
