/**
 * Write-tracing of the guest's page tables. Remembers which shadow entries were derived
 * from which table frame, and says what a write to such a frame makes stale. It holds no entries.
 *
 * A table frame has any number of roles: the directory of a space, or the page table behind directory
 * entry `region` of a space; a self-mapped directory is both. Roles are a fixed set (1025 a space), so
 * the lists need no allocation.
 */
import { FRAME_TABLE, type PhysicalMemory } from '../memory/physical-memory.ts';
import { REGIONS, type ShadowTables } from './shadow-tables.ts';

/** Role number of a space's directory; smaller numbers are regions. */
export const ROLE_DIRECTORY = REGIONS;
const ROLES = REGIONS + 1;
/**
 * Writes between two uses of a table that are answered entry by entry. A guest that maps a page on
 * demand writes one entry and must not lose its neighbours; a burst (fork, a freed table that becomes
 * data) drops everything once and then runs free until the table is used again.
 */
const PRECISE_WRITES = 8;

export class TableTrace {
  readonly #physical: PhysicalMemory;
  readonly #tables: ShadowTables;
  /** By host page: role id + 1 of the first role. */
  readonly #first: Uint32Array;
  readonly #next: Uint32Array;
  readonly #previous: Uint32Array;
  /** By role id: host page of the table, 0 = none. */
  readonly #frame: Uint32Array;
  /** By host page: writes since the table was last used. */
  readonly #writes: Uint8Array;

  constructor(physical: PhysicalMemory, tables: ShadowTables, hostPages: number, spaces: number) {
    this.#physical = physical;
    this.#tables = tables;
    this.#first = new Uint32Array(hostPages);
    this.#writes = new Uint8Array(hostPages);
    this.#next = new Uint32Array(spaces * ROLES);
    this.#previous = new Uint32Array(spaces * ROLES);
    this.#frame = new Uint32Array(spaces * ROLES);
  }

  /** Entries are about to be derived from a table frame in this role. */
  use(space: number, role: number, frame: number): void {
    const id = space * ROLES + role;
    this.#writes[frame] = 0;
    if (this.#frame[id] === frame) return;
    if (this.#frame[id] !== 0) this.#unlink(id);
    const second = this.#first[frame];
    this.#frame[id] = frame;
    this.#next[id] = second;
    this.#previous[id] = 0;
    if (second !== 0) this.#previous[second - 1] = id + 1;
    this.#first[frame] = id + 1;
    this.#physical.setFlag(frame, FRAME_TABLE);
  }

  /** Bytes of a traced frame were written: drops what may be stale. */
  written(frame: number, offset: number, length: number): void {
    if (this.#first[frame] === 0) return;
    if (length > 8 || ++this.#writes[frame] > PRECISE_WRITES) this.#end(frame);
    else this.#dropEntries(frame, offset >>> 2, (offset + length - 1) >>> 2);
  }

  /** The space takes part no more; its entries are gone already. */
  forget(space: number): void {
    for (let id = space * ROLES; id < (space + 1) * ROLES; id++) if (this.#frame[id] !== 0) this.#unlink(id);
  }

  #dropEntries(frame: number, first: number, last: number): void {
    for (let link = this.#first[frame]; link !== 0; link = this.#next[link - 1]) {
      const space = Math.floor((link - 1) / ROLES);
      const role = (link - 1) % ROLES;
      for (let index = first; index <= last; index++) {
        if (role === ROLE_DIRECTORY) this.#tables.dropRegion(space, index);
        else this.#tables.dropPage(space, (role << 10) | index);
      }
    }
  }

  #end(frame: number): void {
    while (this.#first[frame] !== 0) {
      const id = this.#first[frame] - 1;
      const space = Math.floor(id / ROLES);
      const role = id % ROLES;
      if (role === ROLE_DIRECTORY) this.#tables.dropSpace(space);
      else this.#tables.dropRegion(space, role);
      this.#unlink(id);
    }
  }

  #unlink(id: number): void {
    const frame = this.#frame[id];
    const next = this.#next[id];
    const previous = this.#previous[id];
    if (previous === 0) this.#first[frame] = next;
    else this.#next[previous - 1] = next;
    if (next !== 0) this.#previous[next - 1] = previous;
    this.#frame[id] = 0;
    if (this.#first[frame] === 0) this.#physical.clearFlag(frame, FRAME_TABLE);
  }
}
