/**
 * The one `WebAssembly.Memory` of a machine and its typed views. Views come only from here, because
 * growth detaches every view that was made before it.
 */
import type { MemoryLayout } from './layout.ts';

export class LinearMemory {
  readonly layout: MemoryLayout;
  readonly memory: WebAssembly.Memory;
  u8!: Uint8Array;
  u16!: Uint16Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  view!: DataView;

  constructor(layout: MemoryLayout) {
    this.layout = layout;
    const pages = layout.total / 65536;
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: 65536 });
    this.remake();
  }

  /** Makes the views again; called after every growth, which happens only between slices. */
  remake(): void {
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
