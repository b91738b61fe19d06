/**
 * Which shadow table belongs to which guest address space. A space is known by everything that changes
 * what a walk answers (CR3 base, PG, PSE, PAE, WP, A20), so a CR3 reload finds its table again and is
 * a pointer swap. Least recently used tables are given to new spaces.
 */
import { SHADOW_TABLE_SIZE, shadowTable } from '../memory/layout.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { a20Mask } from '../memory/page-walk.ts';

/** The registers that choose the guest's address space; the virtual CPU has them. */
export interface PagingControl {
  readonly cr0: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly a20: boolean;
}

export const CR0_WP = 1 << 16;
export const CR0_PG = 1 << 31;
export const CR4_PSE = 1 << 4;
export const CR4_PAE = 1 << 5;

/** One address space that has a shadow table. Its fields are the key and change only on eviction. */
export interface Space {
  readonly index: number;
  /** Host address of its shadow table. */
  readonly table: number;
  paging: boolean;
  /** 0 without paging. */
  cr3: number;
  pse: boolean;
  pae: boolean;
  writeProtect: boolean;
  /** AND mask of physical addresses. */
  mask: number;
  /** Time of last use; 0 = never used. */
  used: number;
}

export class SpaceCache {
  readonly spaces: readonly Space[];
  readonly #memory: LinearMemory;
  readonly #evict: (space: Space) => void;
  #time = 0;

  /** @param evict empties the table of a space before another takes it */
  constructor(memory: LinearMemory, evict: (space: Space) => void) {
    const { layout } = memory;
    this.#memory = memory;
    this.#evict = evict;
    this.spaces = Array.from({ length: layout.shadowCount }, (_, index) => ({
      index,
      table: shadowTable(layout, index),
      paging: false,
      cr3: 0,
      pse: false,
      pae: false,
      writeProtect: false,
      mask: -1,
      used: 0,
    }));
  }

  /** The space whose table lies at host address `table`. */
  at(table: number): Space {
    const { shadow, moreShadow } = this.#memory.layout;
    return this.spaces[table === shadow ? 0 : 1 + (table - moreShadow) / SHADOW_TABLE_SIZE];
  }

  /** The space that the control registers select, found or made. */
  select(control: PagingControl): Space {
    const paging = (control.cr0 & CR0_PG) !== 0;
    const cr3 = paging ? (control.cr3 & ~0xfff) >>> 0 : 0;
    const pse = paging && (control.cr4 & CR4_PSE) !== 0;
    const pae = paging && (control.cr4 & CR4_PAE) !== 0;
    const writeProtect = paging && (control.cr0 & CR0_WP) !== 0;
    const mask = a20Mask(control.a20);
    let oldest = this.spaces[0];
    for (const space of this.spaces) {
      if (
        space.used !== 0 &&
        space.cr3 === cr3 &&
        space.paging === paging &&
        space.pse === pse &&
        space.pae === pae &&
        space.writeProtect === writeProtect &&
        space.mask === mask
      ) {
        space.used = ++this.#time;
        return space;
      }
      if (space.used < oldest.used) oldest = space;
    }
    if (oldest.used !== 0) this.#evict(oldest);
    this.#memory.ensure(oldest.table + SHADOW_TABLE_SIZE);
    oldest.paging = paging;
    oldest.cr3 = cr3;
    oldest.pse = pse;
    oldest.pae = pae;
    oldest.writeProtect = writeProtect;
    oldest.mask = mask;
    oldest.used = ++this.#time;
    return oldest;
  }
}
