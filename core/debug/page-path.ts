/**
 * The way from a linear to a physical address through the guest's page tables, entry by entry, for people
 * (SDM vol. 3, 4.3). It is a generator: it yields the physical addresses of the entries it needs and is
 * sent their values, so that one walk serves callers that read at once and callers that have to wait.
 * A20 is taken to be open.
 */
import { PDE_LARGE, PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT, PTE_USER, PTE_WRITABLE } from '../memory/page-walk.ts';
import { hex } from '../util/hex.ts';
import type { Registers } from './target.ts';

export interface PageEntry {
  /** `PDE` or `PTE`. */
  readonly level: 'PDE' | 'PTE';
  readonly index: number;
  /** Physical address of the entry. */
  readonly at: number;
  /** Undefined where no RAM is. */
  readonly value: number | undefined;
}

export interface PagePath {
  readonly linear: number;
  /** False: paging is off, and linear addresses are physical ones. */
  readonly paging: boolean;
  readonly entries: readonly PageEntry[];
  /** Undefined when the address is not mapped; `reason` says why. */
  readonly physical: number | undefined;
  readonly pageBytes: number;
  /** PTE_WRITABLE and PTE_USER: what all levels grant. */
  readonly rights: number;
  readonly reason?: string;
}

const CR0_PG = 0x80000000;
const CR4_PSE = 1 << 4;
const CR4_PAE = 1 << 5;
const PCD_PWT = 0x18;
const GLOBAL = 0x100;

type Control = Pick<Registers, 'cr0' | 'cr3' | 'cr4'>;

export function* pagePath(control: Control, address: number): Generator<number, PagePath, number | undefined> {
  const linear = address >>> 0;
  const entries: PageEntry[] = [];
  const path = { linear, paging: true, entries, physical: undefined, pageBytes: 4096, rights: 0 };
  if (!(control.cr0 & CR0_PG)) return { ...path, paging: false, physical: linear, rights: PTE_WRITABLE | PTE_USER };
  if (control.cr4 & CR4_PAE) return { ...path, reason: 'PAE is not supported yet' };
  const directory = yield* step('PDE', control.cr3, linear >>> 22, entries);
  if (typeof directory === 'string') return { ...path, reason: directory };
  if (directory & PDE_LARGE && control.cr4 & CR4_PSE) {
    const physical = ((directory & 0xffc00000) | (linear & 0x3fffff)) >>> 0;
    return { ...path, physical, pageBytes: 1 << 22, rights: rightsOf(directory) };
  }
  const table = yield* step('PTE', directory, (linear >>> 12) & 0x3ff, entries);
  if (typeof table === 'string') return { ...path, reason: table };
  const physical = ((table & 0xfffff000) | (linear & 0xfff)) >>> 0;
  return { ...path, physical, rights: rightsOf(directory & table) };
}

/** The entry's value, or why the walk ends here. */
function* step(
  level: PageEntry['level'],
  base: number,
  index: number,
  entries: PageEntry[],
): Generator<number, number | string, number | undefined> {
  const at = ((base & 0xfffff000) + index * 4) >>> 0;
  const value = yield at;
  entries.push({ level, index, at, value });
  if (value === undefined) return `the ${level} lies outside of RAM`;
  return value & PTE_PRESENT ? value : `the ${level} is not present`;
}

function rightsOf(entry: number): number {
  return entry & (PTE_WRITABLE | PTE_USER);
}

/** Runs the walk where memory can be read at once. */
export function walkNow(
  control: Control,
  linear: number,
  read: (physical: number, length: number) => Uint8Array,
): PagePath {
  const walk = pagePath(control, linear);
  for (let next = walk.next(); ; ) {
    if (next.done) return next.value;
    next = walk.next(word(read(next.value, 4)));
  }
}

/** A little-endian word; undefined when the read came up short. */
export function word(bytes: Uint8Array): number | undefined {
  return bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
}

/** `user writable`, `supervisor read-only`. */
export function rightsText(rights: number): string {
  return `${rights & PTE_USER ? 'user' : 'supervisor'} ${rights & PTE_WRITABLE ? 'writable' : 'read-only'}`;
}

const ENTRY_BITS: readonly (readonly [mask: number, name: string])[] = [
  [PTE_PRESENT, 'P'],
  [PTE_WRITABLE, 'RW'],
  [PTE_USER, 'US'],
  [PTE_ACCESSED, 'A'],
  [PTE_DIRTY, 'D'],
  [PDE_LARGE, 'PS'],
  [GLOBAL, 'G'],
  [PCD_PWT, 'PCD/PWT'],
];

/** `0x00103067 → 0x00103000 P RW US A D`. An entry that is not present says so and shows its bits. */
export function entryText({ level, value }: Pick<PageEntry, 'level' | 'value'>): string {
  if (value === undefined) return 'outside of RAM';
  if (!(value & PTE_PRESENT)) return `0x${hex(value)} not present`;
  const names = ENTRY_BITS.filter(([mask, name]) => value & mask && (level === 'PDE' || name !== 'PS'));
  return `0x${hex(value)} → 0x${hex(value & 0xfffff000)} ${names.map(([, name]) => name).join(' ')}`;
}

/** A whole walk, a line an entry and a line for what came out. */
export function pagePathText(path: PagePath): string {
  const lines = path.entries.map(
    (entry) => `${entry.level} ${String(entry.index).padStart(4)} at 0x${hex(entry.at)}: ${entryText(entry)}\n`,
  );
  return `${lines.join('')}${pagePathResult(path)}\n`;
}

/** `0xc0100000 → phys:0x00100000, 4 KiB page, supervisor writable`. */
export function pagePathResult({ linear, paging, physical, pageBytes, rights, reason }: PagePath): string {
  if (physical === undefined) return `0x${hex(linear)} is not mapped: ${reason}`;
  if (!paging) return `0x${hex(linear)} → phys:0x${hex(physical)}, paging is off`;
  const size = pageBytes === 4096 ? '4 KiB' : '4 MiB';
  return `0x${hex(linear)} → phys:0x${hex(physical)}, ${size} page, ${rightsText(rights)}`;
}
