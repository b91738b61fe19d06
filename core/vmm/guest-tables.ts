/**
 * The guest's page tables as the processor uses them: walk, check rights, raise the true #PF, set the
 * accessed and dirty flags (SDM vol. 3, 4.6–4.8). It caches nothing: the shadow is elsewhere.
 */
import { PAGE_FAULT, PF_PRESENT, PF_RESERVED, PF_USER, PF_WRITE } from '../isa/exceptions.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import {
  newWalk,
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_USER,
  PTE_WRITABLE,
  WALK_ABSENT,
  WALK_MAPPED,
  WALK_RESERVED,
  walkTables,
} from '../memory/page-walk.ts';
import { FRAME_CODE, FRAME_ROM, type PhysicalMemory } from '../memory/physical-memory.ts';
import type { Space } from './space-cache.ts';

/** Where an access goes whose page is gone by the time it is made: nothing drives the bus there. */
const NOWHERE = 0xfffff000;

export class GuestTables {
  /** The last fault raised; overwritten by the next one. */
  readonly fault = { vector: PAGE_FAULT, errorCode: 0, linear: 0, cause: '' };
  /** The last walk. */
  readonly walk = newWalk();
  /** True while A and D bits are being written, which ends no trace: no entry depends on their being clear. */
  updating = false;
  readonly #memory: LinearMemory;
  readonly #physical: PhysicalMemory;

  constructor(memory: LinearMemory, physical: PhysicalMemory) {
    this.#memory = memory;
    this.#physical = physical;
  }

  /** Walks and checks one access. True when it is permitted (`walk` says where), false with `fault`. Sets no bit. */
  permits(space: Space, linear: number, write: boolean, user: boolean): boolean {
    const status = this.#translate(space, linear);
    const { rights } = this.walk;
    if (status === WALK_MAPPED) {
      const mayTouch = !user || (rights & PTE_USER) !== 0;
      const mayWrite = !write || (rights & PTE_WRITABLE) !== 0 || !(user || space.writeProtect);
      if (mayTouch && mayWrite) return true;
    }
    const { fault } = this;
    fault.errorCode =
      (write ? PF_WRITE : 0) |
      (user ? PF_USER : 0) |
      (status === WALK_ABSENT ? 0 : PF_PRESENT) |
      (status === WALK_RESERVED ? PF_RESERVED : 0);
    fault.linear = linear >>> 0;
    if (status === WALK_ABSENT) fault.cause = 'page not present';
    else if (status === WALK_RESERVED) fault.cause = 'reserved bit set in a page-directory entry';
    else if (user && (rights & PTE_USER) === 0) fault.cause = 'user access to a supervisor page';
    else fault.cause = 'write to a read-only page';
    return false;
  }

  /** Physical address for an access that has been permitted before. */
  locate(space: Space, linear: number): number {
    if (!space.paging) return (linear & space.mask) >>> 0;
    // Unless an instruction with several stores has just unmapped its own page.
    if (this.#translate(space, linear) !== WALK_MAPPED) return NOWHERE + (linear & 0xfff);
    return this.walk.physicalPage * 4096 + (linear & 0xfff);
  }

  /** Physical address of the entry that `setFlags` would change, or -1. */
  flagsToSet(write: boolean): number {
    const { large, directoryAt, directoryEntry, tableAt, tableEntry } = this.walk;
    const leaf = large ? directoryEntry : tableEntry;
    const wanted = PTE_ACCESSED | (write ? PTE_DIRTY : 0);
    if ((leaf & wanted) !== wanted) return large ? directoryAt : tableAt;
    return (directoryEntry & PTE_ACCESSED) === 0 ? directoryAt : -1;
  }

  /** Sets A along the last walk, and D in its leaf for a write; true when the page is dirty by now. */
  setFlags(write: boolean): boolean {
    const { large, directoryAt, directoryEntry, tableAt, tableEntry } = this.walk;
    if (large) return this.#mark(directoryAt, directoryEntry, write);
    this.#mark(directoryAt, directoryEntry, false);
    return this.#mark(tableAt, tableEntry, write);
  }

  #mark(at: number, entry: number, dirty: boolean): boolean {
    const wanted = entry | PTE_ACCESSED | (dirty ? PTE_DIRTY : 0);
    if (wanted !== (entry | 0)) this.#write(at, wanted);
    return (wanted & PTE_DIRTY) !== 0;
  }

  /** A physical write for whoever decoded code there. */
  #write(at: number, value: number): void {
    const hostPage = this.#physical.hostPage(at >>> 12);
    if (hostPage === 0 || this.#physical.frameFlags[hostPage] & FRAME_ROM) return;
    this.#memory.i32[hostPage * 1024 + ((at & 0xfff) >>> 2)] = value;
    if ((this.#physical.frameFlags[hostPage] & FRAME_CODE) === 0) return;
    this.updating = true;
    this.#physical.written(hostPage, at & 0xfff, 4, 'cpu');
    this.updating = false;
  }

  /** PAE tables are not understood yet: nothing is mapped, and ShadowPaging.refusal says so. */
  #translate(space: Space, linear: number): number {
    if (space.pae) return WALK_ABSENT;
    return walkTables(this.#physical, space.cr3, space.pse, space.mask, linear, this.walk);
  }
}
