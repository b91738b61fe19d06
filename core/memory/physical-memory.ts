/**
 * Guest physical memory: RAM pages behind one indirection (physical page -> host page), flags of each
 * host frame, and the one door through which every writer that is not generated code goes. It is not
 * the memory bus: device ranges lie beside it (bus/mmio-bus.ts) and shadow paging decides between them.
 *
 * Layout: RAM from 0 to `ramBytes`. A0000h–BFFFFh is plain frames that the video device reads,
 * C0000h–FFFFFh plain frames that `setRom` can make read-only. Above RAM there is nothing.
 */
import { allZero } from '../util/words.ts';
import type { LinearMemory } from './linear-memory.ts';

/** Who writes. The processor and DMA cannot write ROM, nor can a debugger; the others fill it. */
export type Initiator = 'cpu' | 'dma' | 'firmware' | 'loader' | 'debugger' | 'load';

/** Decoded code stems from this frame: whoever writes it must say so. */
export const FRAME_CODE = 1;
/** A guest page table that shadow entries were derived from. */
export const FRAME_TABLE = 2;
/** The processor's writes are dropped. */
export const FRAME_ROM = 4;

export type WriteListener = (hostPage: number, offset: number, length: number, initiator: Initiator) => void;
export type ProtectListener = (hostPage: number) => void;

const PAGE = 4096;
const PAGE_WORDS = PAGE / 4;
/** What a read answers where nothing drives the bus. */
const FLOATING = 0xffffffff;

export class PhysicalMemory {
  readonly ramBytes: number;
  /** FRAME_* bits by host page. Change them by `setFlag` and `clearFlag` only. */
  readonly frameFlags: Uint8Array;
  readonly #memory: LinearMemory;
  readonly #pages: number;
  /** Host page of the first RAM page; the others follow it. */
  readonly #firstHostPage: number;
  /** Pages whose place was ever asked for: nobody can have written to another one. */
  readonly #asked: Uint8Array;
  readonly #writeListeners: WriteListener[] = [];
  readonly #protectListeners: ProtectListener[] = [];

  /** @param ramBytes a multiple of 4096, at most what the layout has frames for */
  constructor(memory: LinearMemory, ramBytes: number) {
    this.#memory = memory;
    const { frames, frameCount, total } = memory.layout;
    const pages = Math.min(Math.floor(ramBytes / PAGE), frameCount);
    this.ramBytes = pages * PAGE;
    this.frameFlags = new Uint8Array(total / PAGE);
    this.#pages = pages;
    this.#firstHostPage = frames / PAGE;
    this.#asked = new Uint8Array(pages);
  }

  /** Host address >>> 12 of a physical page, which exists from now on; 0 where there is no RAM. */
  hostPage(physicalPage: number): number {
    if (physicalPage >= this.#pages) return 0;
    this.#asked[physicalPage] = 1;
    const hostPage = this.#firstHostPage + physicalPage;
    this.#memory.ensure((hostPage + 1) * PAGE);
    return hostPage;
  }

  /** How many pages of RAM exist by now; those behind them are zero. */
  get presentPages(): number {
    return Math.min(this.#pages, Math.floor(this.#memory.size / PAGE) - this.#firstHostPage);
  }

  /** Pages that may hold anything but zeros, ascending. */
  *pagesInUse(): Generator<number> {
    for (let page = this.#asked.indexOf(1); page >= 0; page = this.#asked.indexOf(1, page + 1)) yield page;
  }

  /** The word at a 4-aligned physical address, unsigned; all ones where there is no RAM. Used by page walks. */
  word(physical: number): number {
    const page = physical >>> 12;
    if (page >= this.#pages) return FLOATING;
    return this.#memory.u32[(this.#firstHostPage + page) * 1024 + ((physical & 0xfff) >>> 2)] ?? 0;
  }

  /** Copies up to `length` bytes; fewer where RAM ends. */
  read(physical: number, length: number): Uint8Array {
    const end = Math.min(physical + Math.max(length, 0), this.ramBytes);
    if (physical < 0 || physical >= end) return new Uint8Array(0);
    const bytes = new Uint8Array(end - physical);
    for (let at = physical; at < end; ) {
      const count = Math.min(end - at, PAGE - (at % PAGE));
      const host = this.hostPage(Math.floor(at / PAGE)) * PAGE + (at % PAGE);
      bytes.set(this.#memory.u8.subarray(host, host + count), at - physical);
      at += count;
    }
    return bytes;
  }

  /** Writes and tells the listeners; answers how many bytes were taken (it stops at the end of RAM and at ROM). */
  write(initiator: Initiator, physical: number, bytes: Uint8Array): number {
    const end = Math.min(physical + bytes.length, this.ramBytes);
    if (physical < 0) return 0;
    let at = physical;
    while (at < end) {
      const count = Math.min(end - at, PAGE - (at % PAGE));
      const hostPage = this.hostPage(Math.floor(at / PAGE));
      if (this.frameFlags[hostPage] & FRAME_ROM && !mayWriteRom(initiator)) break;
      this.#memory.u8.set(bytes.subarray(at - physical, at - physical + count), hostPage * PAGE + (at % PAGE));
      this.written(hostPage, at % PAGE, count, initiator);
      at += count;
    }
    return Math.max(at - physical, 0);
  }

  /** Zeroes all RAM (power-on) and tells the listeners. ROM marks stay. */
  clear(): void {
    for (const page of this.pagesInUse()) {
      const hostPage = this.hostPage(page);
      // Writing zeros over zeros would make the host give memory to pages that no guest ever touched.
      if (allZero(this.#memory.u32, hostPage * PAGE_WORDS, (hostPage + 1) * PAGE_WORDS)) continue;
      this.#memory.u32.fill(0, hostPage * PAGE_WORDS, (hostPage + 1) * PAGE_WORDS);
      if (this.frameFlags[hostPage] !== 0) this.written(hostPage, 0, PAGE, 'load');
    }
  }

  /** Says that bytes of a frame changed by other means than `write`. */
  written(hostPage: number, offset: number, length: number, initiator: Initiator): void {
    for (const listener of this.#writeListeners) listener(hostPage, offset, length, initiator);
  }

  isRom(physicalPage: number): boolean {
    return (this.frameFlags[this.hostPage(physicalPage)] & FRAME_ROM) !== 0;
  }

  /** Makes whole RAM pages read-only for the guest, or writable again. */
  setRom(physical: number, length: number, rom = true): void {
    for (let page = physical >>> 12; page * PAGE < physical + length; page++) {
      const hostPage = this.hostPage(page);
      if (hostPage === 0) return;
      if (rom) this.setFlag(hostPage, FRAME_ROM);
      else this.clearFlag(hostPage, FRAME_ROM);
    }
  }

  /** Sets FRAME_* bits; when one is new, whoever caches permissions hears of it before this returns. */
  setFlag(hostPage: number, flag: number): void {
    const before = this.frameFlags[hostPage];
    if ((before & flag) === flag) return;
    this.frameFlags[hostPage] = before | flag;
    for (const listener of this.#protectListeners) listener(hostPage);
  }

  /** Clears bits. Nobody is told: a permission that was taken away comes back when it is next asked for. */
  clearFlag(hostPage: number, flag: number): void {
    this.frameFlags[hostPage] &= ~flag;
  }

  /** The listener hears of every `write` and of the guest's own writes to frames with FRAME_CODE or FRAME_TABLE. */
  onWrite(listener: WriteListener): void {
    this.#writeListeners.push(listener);
  }

  /** The listener hears of frames that may no longer be written directly. */
  onProtect(listener: ProtectListener): void {
    this.#protectListeners.push(listener);
  }
}

function mayWriteRom(initiator: Initiator): boolean {
  return initiator === 'firmware' || initiator === 'loader' || initiator === 'load';
}
