/**
 * The guest's own page tables, read and never written: two-level 32-bit paging with 4 KiB and 4 MiB
 * pages (SDM vol. 3, 4.3). It caches nothing, raises nothing and sets no bit; whoever walks decides
 * about rights, faults and the accessed and dirty flags.
 *
 *   31            22 21            12 11  9   8   7   6   5   4   3   2   1   0
 *   | page table / 4 MiB page base  | avail | G |PS | D | A |PCD|PWT|U/S|R/W| P |
 */
import type { PhysicalMemory } from './physical-memory.ts';

export const PTE_PRESENT = 1 << 0;
export const PTE_WRITABLE = 1 << 1;
export const PTE_USER = 1 << 2;
export const PTE_ACCESSED = 1 << 5;
export const PTE_DIRTY = 1 << 6;
/** In a directory entry, with CR4.PSE: maps 4 MiB. */
export const PDE_LARGE = 1 << 7;
/**
 * SDM vol. 3, 4.3, with CR4.PSE: bits 21:13 of a 4 MiB entry are reserved where PSE-36 does not exist, and bit 12 of
 * it and bit 7 of a page-table entry where the page attribute table does not.
 */
const PDE_LARGE_RESERVED = 0x003ff000;
const PTE_RESERVED = 1 << 7;

export const WALK_MAPPED = 0;
export const WALK_ABSENT = 1;
export const WALK_RESERVED = 2;

/** With A20 off, bit 20 of every physical address is 0. */
export function a20Mask(a20: boolean): number {
  return a20 ? -1 : ~(1 << 20);
}

/** Result of a walk; one record is reused by each walker. */
export interface Walk {
  /** WALK_MAPPED, WALK_ABSENT or WALK_RESERVED. The fields below hold only as far as the walk got. */
  status: number;
  /** Physical page number of the 4 KiB page. */
  physicalPage: number;
  /** PTE_WRITABLE and PTE_USER, the AND of all levels. */
  rights: number;
  /** True for a 4 MiB page: then there is no second level. */
  large: boolean;
  /** Physical address and value of the directory entry. */
  directoryAt: number;
  directoryEntry: number;
  /** Physical address and value of the page-table entry. */
  tableAt: number;
  tableEntry: number;
}

export function newWalk(): Walk {
  return {
    status: WALK_ABSENT,
    physicalPage: 0,
    rights: 0,
    large: false,
    directoryAt: 0,
    directoryEntry: 0,
    tableAt: 0,
    tableEntry: 0,
  };
}

/**
 * Walks from the directory at `cr3` to the page of `linear`; answers `out.status`. Tables outside RAM
 * read as all ones.
 * @param pse CR4.PSE @param mask see `a20Mask`
 */
export function walkTables(
  physical: PhysicalMemory,
  cr3: number,
  pse: boolean,
  mask: number,
  linear: number,
  out: Walk,
): number {
  out.status = walk(physical, cr3, pse, mask, linear, out);
  return out.status;
}

function walk(physical: PhysicalMemory, cr3: number, pse: boolean, mask: number, linear: number, out: Walk): number {
  out.directoryAt = (((cr3 & ~0xfff) | ((linear >>> 20) & 0xffc)) & mask) >>> 0;
  const directoryEntry = physical.word(out.directoryAt);
  out.directoryEntry = directoryEntry;
  out.large = pse && (directoryEntry & (PDE_LARGE | PTE_PRESENT)) === (PDE_LARGE | PTE_PRESENT);
  if ((directoryEntry & PTE_PRESENT) === 0) return WALK_ABSENT;
  if (out.large) {
    if (directoryEntry & PDE_LARGE_RESERVED) return WALK_RESERVED;
    out.rights = directoryEntry;
    out.physicalPage = (((directoryEntry & 0xffc00000) | (linear & 0x003ff000)) & mask) >>> 12;
    return WALK_MAPPED;
  }
  out.tableAt = (((directoryEntry & ~0xfff) | ((linear >>> 10) & 0xffc)) & mask) >>> 0;
  const tableEntry = physical.word(out.tableAt);
  out.tableEntry = tableEntry;
  if ((tableEntry & PTE_PRESENT) === 0) return WALK_ABSENT;
  if (pse && tableEntry & PTE_RESERVED) return WALK_RESERVED;
  out.rights = directoryEntry & tableEntry;
  out.physicalPage = (tableEntry & mask) >>> 12;
  return WALK_MAPPED;
}
