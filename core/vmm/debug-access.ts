/**
 * A debugger's view of memory through the guest's page tables: it walks them afresh, honours no rights,
 * sets no accessed or dirty bit, raises no fault and never touches a device.
 */
import { a20Mask, newWalk, WALK_MAPPED, walkTables } from '../memory/page-walk.ts';
import type { Initiator, PhysicalMemory } from '../memory/physical-memory.ts';
import type { MemoryBus } from './memory-bus.ts';
import { CR0_PG, CR4_PAE, CR4_PSE, type PagingControl } from './space-cache.ts';

const PAGE = 4096;
const SPACE_END = 2 ** 32;

export class DebugAccess {
  readonly #physical: PhysicalMemory;
  readonly #bus: MemoryBus;
  readonly #control: PagingControl;
  readonly #walk = newWalk();

  constructor(physical: PhysicalMemory, bus: MemoryBus, control: PagingControl) {
    this.#physical = physical;
    this.#bus = bus;
    this.#control = control;
  }

  /** Physical address or -1. With `cr3` it walks those tables, even while the guest has paging off. */
  translate(linear: number, cr3?: number): number {
    const { cr0, cr4, a20 } = this.#control;
    const mask = a20Mask(a20);
    if (cr3 === undefined && (cr0 & CR0_PG) === 0) return (linear & mask) >>> 0;
    if (cr4 & CR4_PAE) return -1;
    const status = walkTables(
      this.#physical,
      cr3 ?? this.#control.cr3,
      (cr4 & CR4_PSE) !== 0,
      mask,
      linear,
      this.#walk,
    );
    return status === WALK_MAPPED ? this.#walk.physicalPage * PAGE + (linear & 0xfff) : -1;
  }

  /** Short at the first byte that is unmapped, a device or no memory. */
  read(linear: number, length: number, cr3?: number): Uint8Array {
    const start = linear >>> 0;
    const end = Math.min(start + Math.max(length, 0), SPACE_END);
    const pieces: Uint8Array[] = [];
    let at = start;
    while (at < end) {
      const count = Math.min(end - at, PAGE - (at % PAGE));
      const physical = this.#plain(at, cr3);
      const piece = physical < 0 ? undefined : this.#physical.read(physical, count);
      if (piece === undefined || piece.length === 0) break;
      pieces.push(piece);
      at += piece.length;
      if (piece.length < count) break;
    }
    const bytes = new Uint8Array(at - start);
    let filled = 0;
    for (const piece of pieces) {
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  write(initiator: Initiator, linear: number, bytes: Uint8Array, cr3?: number): number {
    const start = linear >>> 0;
    const end = Math.min(start + bytes.length, SPACE_END);
    let at = start;
    while (at < end) {
      const count = Math.min(end - at, PAGE - (at % PAGE));
      const physical = this.#plain(at, cr3);
      if (physical < 0) break;
      const taken = this.#physical.write(initiator, physical, bytes.subarray(at - start, at - start + count));
      at += taken;
      if (taken < count) break;
    }
    return at - start;
  }

  /** Physical address of plain memory, or -1. */
  #plain(linear: number, cr3?: number): number {
    const physical = this.translate(linear, cr3);
    return physical >= 0 && this.#bus.covers(physical >>> 12) ? -1 : physical;
  }
}
