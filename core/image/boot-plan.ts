/**
 * What a loader hands to the machine: bytes for physical memory and the state of the boot processor. Pure
 * data; nothing here touches a machine, so a plan can be checked, stored and applied again at each reset.
 */
import { UserError } from '../util/errors.ts';
import { hex } from '../util/hex.ts';

export type ImageKind = 'multiboot' | 'multiboot2' | 'flat-elf';

export interface BootSegment {
  readonly physical: number;
  readonly bytes: Uint8Array;
  /** Bytes to occupy; what `bytes` does not cover is zero. At least `bytes.length`. */
  readonly size: number;
}

/**
 * CPU state at the first instruction. `protected-flat`: CR0.PE set, paging off, EFLAGS = 2 (IF clear), A20
 * open; CS = `codeSelector`, the other segments `dataSelector`, all of base 0 and limit 4 GiB as in the
 * table at `gdt`, which the loader put in memory; IDTR limit 0, so that any interrupt before the guest
 * loads its own table shuts down.
 */
export interface EntryState {
  readonly mode: 'protected-flat';
  readonly eip: number;
  readonly eax: number;
  readonly ebx: number;
  readonly esp: number;
  readonly gdt: { readonly base: number; readonly limit: number };
  readonly codeSelector: number;
  readonly dataSelector: number;
}

export interface BootPlan {
  readonly kind: ImageKind;
  /** In order; a later one overwrites an earlier. All lie in RAM. */
  readonly segments: readonly BootSegment[];
  readonly entry: EntryState;
  /** Lines for the user: what the image asked for and did not get. */
  readonly notes: readonly string[];
}

export interface LoadOptions {
  /** First word of the command line. */
  readonly name: string;
  readonly append: string;
  readonly modules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
  readonly memoryBytes: number;
}

/** Conventional memory ends where the extended BIOS data area would start. */
export const LOW_MEMORY_END = 0x9fc00;
export const HIGH_MEMORY_START = 0x10_0000;

/** The usual address of a boot sector: 30 KiB of stack below it, above the BIOS data area. */
export const BOOT_STACK = 0x7c00;

export const CODE_SELECTOR = 0x08;
export const DATA_SELECTOR = 0x10;

/** null; code 0–4 GiB execute/read, accessed; data 0–4 GiB read/write, accessed (SDM vol. 3, 3.4.5). */
export const FLAT_GDT = Uint8Array.of(
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0, //
  0xff,
  0xff,
  0,
  0,
  0,
  0x9b,
  0xcf,
  0,
  0xff,
  0xff,
  0,
  0,
  0,
  0x93,
  0xcf,
  0,
);

/** Checks that a segment of the image has RAM to go to. @throws UserError */
export function placeSegment(physical: number, bytes: Uint8Array, size: number, memoryBytes: number): BootSegment {
  const end = physical + size;
  if (end > memoryBytes) {
    throw new UserError(
      'image-memory',
      `the image loads at ${hex(physical)}h up to ${(end - 1).toString(16).padStart(8, '0')}h, beyond the ${memoryBytes / 2 ** 20} MiB of memory`,
      physical >= 0x8000_0000
        ? 'the segments need physical load addresses: AT() in the linker script'
        : 'give more with --mem',
    );
  }
  return { physical, bytes, size };
}

/**
 * Finds `size` bytes of RAM that no segment uses: from 64 KiB up in conventional memory, where GRUB puts its
 * own tables, then anywhere in it, then above everything else. @throws UserError when memory is too small
 */
export function findRoom(segments: readonly BootSegment[], size: number, memoryBytes: number): number {
  const low = [0x1_0000, 0x1000, ...segments.map(pageAfter)];
  for (const start of low)
    if (start >= 0x1000 && start + size <= LOW_MEMORY_END && isFree(segments, start, size)) return start;
  return findHighRoom(segments, size, memoryBytes);
}

/** The first page above all segments and above 1 MiB. @throws UserError when memory is too small */
export function findHighRoom(segments: readonly BootSegment[], size: number, memoryBytes: number): number {
  const start = segments.reduce((top, segment) => Math.max(top, pageAfter(segment)), HIGH_MEMORY_START);
  if (start + size > memoryBytes)
    throw new UserError('image-memory', 'the image and its modules do not fit into memory', 'give more with --mem');
  return start;
}

function pageAfter(segment: BootSegment): number {
  return Math.ceil((segment.physical + segment.size) / 4096) * 4096;
}

function isFree(segments: readonly BootSegment[], start: number, size: number): boolean {
  return segments.every((segment) => segment.physical + segment.size <= start || start + size <= segment.physical);
}
