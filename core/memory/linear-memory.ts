/**
 * The one `WebAssembly.Memory` of a machine and its typed views. Views come only from here, because
 * growth detaches every view that was made before it.
 */
import { UserError } from '../util/errors.ts';
import type { MemoryLayout } from './layout.ts';

const WASM_PAGE = 65536;

export class LinearMemory {
  readonly layout: MemoryLayout;
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array;
  u16!: Uint16Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  view!: DataView;

  /** @throws UserError when the host has not even the addresses for it */
  constructor(layout: MemoryLayout) {
    this.layout = layout;
    const pages = { initial: layout.initial / WASM_PAGE, maximum: layout.total / WASM_PAGE };
    this.memory = fromHost(layout.total, () => new WebAssembly.Memory(pages));
    this.#remake();
  }

  /** Bytes there are now. */
  get size(): number {
    return this.u8.length;
  }

  /**
   * Sees to it that addresses below `end` exist. It may make the views anew: nobody keeps one across a call that
   * can come here, which is every lookup of a guest frame.
   * @throws UserError when the host has no memory left
   */
  ensure(end: number): void {
    if (end <= this.size) return;
    // Twice as much each time: growing costs V8 a collection of its garbage, whatever the amount.
    const wanted = Math.min(Math.max(end, 2 * this.size), this.layout.total);
    fromHost(wanted, () => this.memory.grow(Math.ceil((wanted - this.size) / WASM_PAGE)));
    this.#remake();
  }

  #remake(): void {
    const buffer = this.memory.buffer;
    this.u8 = new Uint8Array(buffer);
    this.u16 = new Uint16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.view = new DataView(buffer);
  }

  /** The word at a 4-aligned address, unsigned. */
  word(address: number): number {
    return this.u32[address >>> 2];
  }

  setWord(address: number, value: number): void {
    this.i32[address >>> 2] = value;
  }
}

function fromHost<T>(bytes: number, allocate: () => T): T {
  try {
    return allocate();
  } catch {
    throw new UserError(
      'host-memory',
      `the host has no ${Math.ceil(bytes / 0x100000)} MiB of memory for this machine`,
      'give the guest less with --mem',
    );
  }
}
