/**
 * The plain model of the shadow coherence test: a byte array and a page walk at every access, nothing
 * cached. Written from SDM vol. 3, 4.3–4.8 without a look at the shadow's code; it honours that our
 * shadow never holds stale entries, so it has no TLB.
 */
import type { Outcome } from './shadow-driver.ts';

export interface ModelControl {
  cr0: number;
  cr3: number;
  cr4: number;
  a20: boolean;
}

interface Place {
  physical: number;
  pdeAt: number;
  pteAt: number;
}

export class PagingModel {
  readonly ram: DataView;
  readonly control: ModelControl;

  constructor(bytes: number, control: ModelControl) {
    this.ram = new DataView(new ArrayBuffer(bytes));
    this.control = control;
  }

  word(physical: number): number {
    return physical + 4 <= this.ram.byteLength ? this.ram.getUint32(physical, true) : 0xffffffff;
  }

  setWord(physical: number, value: number): void {
    if (physical + 4 <= this.ram.byteLength) this.ram.setUint32(physical, value, true);
  }

  access(linear: number, size: number, user: boolean, value?: number): Outcome {
    const write = value !== undefined;
    const places: number[] = [];
    // Both pages are checked, and marked, in order; a fault in the second leaves the marks of the first.
    for (let i = 0; i < size; i++) {
      const byte = (linear + i) >>> 0;
      if (i === 0 || (byte & 0xfff) === 0) {
        const place = this.#translate(byte, write, user);
        if ('kind' in place) return place;
        this.#mark(place, write);
        places.push(place.physical);
      } else places.push(places[i - 1] + 1);
    }
    let result = 0;
    for (let i = size - 1; i >= 0; i--) {
      const inRam = places[i] < this.ram.byteLength;
      if (write && inRam) this.ram.setUint8(places[i], (value >>> (8 * i)) & 0xff);
      result = result * 256 + (inRam ? this.ram.getUint8(places[i]) : 0xff);
    }
    return { kind: 'value', value: write ? value : result };
  }

  #translate(linear: number, write: boolean, user: boolean): Place | Outcome {
    const { cr0, cr3, cr4, a20 } = this.control;
    const wire = (address: number) => (a20 ? address >>> 0 : (address & ~0x100000) >>> 0);
    if ((cr0 & 0x80000000) === 0) return { physical: wire(linear), pdeAt: -1, pteAt: -1 };
    const fault = (present: number): Outcome => {
      return { kind: 'fault', errorCode: present + (write ? 2 : 0) + (user ? 4 : 0), linear };
    };
    const pdeAt = wire((cr3 & 0xfffff000) + (linear >>> 22) * 4);
    const pde = this.word(pdeAt);
    if ((pde & 1) === 0) return fault(0);
    let rights = pde;
    let pteAt = -1;
    let physical: number;
    if (cr4 & 0x10 && pde & 0x80) {
      if (((pde >>> 12) & 0x3ff) !== 0) return fault(9);
      physical = wire((pde & 0xffc00000) + (linear & 0x3fffff));
    } else {
      pteAt = wire((pde & 0xfffff000) + ((linear >>> 12) & 0x3ff) * 4);
      const pte = this.word(pteAt);
      if ((pte & 1) === 0) return fault(0);
      if (cr4 & 0x10 && pte & 0x80) return fault(9);
      rights &= pte;
      physical = wire((pte & 0xfffff000) + (linear & 0xfff));
    }
    if (user && (rights & 4) === 0) return fault(1);
    if (write && (rights & 2) === 0 && (user || cr0 & 0x10000)) return fault(1);
    return { physical, pdeAt, pteAt };
  }

  #mark({ pdeAt, pteAt }: Place, write: boolean): void {
    if (pdeAt < 0) return;
    this.setWord(pdeAt, this.word(pdeAt) | 0x20);
    const leafAt = pteAt < 0 ? pdeAt : pteAt;
    this.setWord(leafAt, this.word(leafAt) | 0x20 | (write ? 0x40 : 0));
  }
}
