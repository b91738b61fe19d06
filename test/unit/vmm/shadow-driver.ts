/**
 * Drives ShadowPaging the way the engine does: look the shadow table up, else fill, then access the host
 * address directly or go through load and store. Page crossings probe both halves first.
 */
import {
  CTX_SCRATCH,
  layoutFor,
  SHADOW_READ_SUPERVISOR,
  SHADOW_READ_USER,
  SHADOW_WRITE_SUPERVISOR,
  SHADOW_WRITE_USER,
} from '../../../core/memory/layout.ts';
import { LinearMemory } from '../../../core/memory/linear-memory.ts';
import { PhysicalMemory } from '../../../core/memory/physical-memory.ts';
import { ACCESS_READ, ACCESS_WRITE, FILL_ALONE, FILL_FAULT, isEntry } from '../../../core/vcpu/address-space.ts';
import { Context } from '../../../core/vcpu/context.ts';
import { type MemoryBus, NO_DEVICES } from '../../../core/vmm/memory-bus.ts';
import { ShadowPaging } from '../../../core/vmm/shadow-paging.ts';

export const CR0_WP = 0x10000;
export const CR0_PG = 0x80000000;
export const CR4_PSE = 0x10;

export type Outcome =
  | { readonly kind: 'value'; readonly value: number }
  | { readonly kind: 'fault'; readonly errorCode: number; readonly linear: number }
  | { readonly kind: 'alone' };

export class Rig {
  readonly control = { cr0: 0, cr3: 0, cr4: 0, a20: true };
  readonly memory: LinearMemory;
  readonly physical: PhysicalMemory;
  readonly space: ShadowPaging;
  readonly context: Context;
  /** What the direct path served, to know that tests test it. */
  hits = 0;

  constructor(pages: number, bus: MemoryBus = NO_DEVICES, tables = 3) {
    const layout = layoutFor(pages, tables);
    // No frame exists at first, so that memory grows under whatever is going on.
    this.memory = new LinearMemory({ ...layout, initial: Math.ceil(layout.frames / 65536) * 65536 });
    this.physical = new PhysicalMemory(this.memory, pages * 4096);
    this.space = new ShadowPaging(this.memory, this.physical, bus, this.control);
    this.context = new Context(this.memory, 0);
    this.space.switchSpace(this.context);
  }

  /** Changes control registers as the monitor does. */
  set(change: Partial<{ cr0: number; cr3: number; cr4: number; a20: boolean }>): void {
    Object.assign(this.control, change);
    this.space.switchSpace(this.context);
  }

  /** A physical word, behind everybody's back. */
  peek(physical: number): number {
    return this.physical.word(physical);
  }

  /** A table entry written before anything is cached. */
  poke(physical: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.physical.write('loader', physical, bytes);
  }

  /** The entry in force. */
  entry(linear: number): number {
    return this.memory.i32[(this.context.shadow >>> 2) + (linear >>> 12)];
  }

  read(linear: number, size: number, user = false, stepping = false): Outcome {
    const mask = user ? SHADOW_READ_USER : SHADOW_READ_SUPERVISOR;
    const at = this.#reach(linear, size, ACCESS_READ, mask, user, stepping);
    if (typeof at !== 'number') return at;
    const host = at === 0 ? this.context.base + CTX_SCRATCH : at;
    if (at === 0) this.space.load(this.context, linear, size, host);
    let value = 0;
    for (let i = size - 1; i >= 0; i--) value = value * 256 + this.memory.u8[host + i];
    return { kind: 'value', value };
  }

  write(linear: number, size: number, value: number, user = false, stepping = false): Outcome {
    const mask = user ? SHADOW_WRITE_USER : SHADOW_WRITE_SUPERVISOR;
    const at = this.#reach(linear, size, ACCESS_WRITE, mask, user, stepping);
    if (typeof at !== 'number') return at;
    const host = at === 0 ? this.context.base + CTX_SCRATCH : at;
    for (let i = 0; i < size; i++) this.memory.u8[host + i] = value >>> (8 * i);
    if (at === 0) this.space.store(this.context, linear, size, host);
    return { kind: 'value', value };
  }

  /** Host address, 0 for the slow path, or why not. */
  #reach(
    linear: number,
    size: number,
    access: 0 | 1,
    mask: number,
    user: boolean,
    stepping: boolean,
  ): number | Outcome {
    const first = Math.min(size, 4096 - (linear & 0xfff));
    if (first === size) {
      const entry = this.entry(linear);
      if (entry & mask) {
        this.hits++;
        return ((entry & ~0xfff) + linear) >>> 0;
      }
    }
    const low = this.space.fill(this.context, linear, first, access, user, stepping);
    if (low === FILL_FAULT) return this.#fault();
    if (low === FILL_ALONE) return { kind: 'alone' };
    if (first === size) return isEntry(low) ? ((low & ~0xfff) + linear) >>> 0 : 0;
    const high = this.space.fill(this.context, (linear + first) >>> 0, size - first, access, user, stepping);
    if (high === FILL_FAULT) return this.#fault();
    return high === FILL_ALONE ? { kind: 'alone' } : 0;
  }

  #fault(): Outcome {
    const { errorCode, linear } = this.space.fault;
    return { kind: 'fault', errorCode, linear };
  }
}
