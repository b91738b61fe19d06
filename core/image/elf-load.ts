/**
 * The part of booting an ELF file that multiboot and flat images share: PT_LOAD segments go to their
 * *physical* addresses, because paging is off at the entry.
 */
import { UserError } from '../util/errors.ts';
import { hex0x } from '../util/hex.ts';
import { type BootSegment, placeSegment } from './boot-plan.ts';
import { type ElfFile, ET_DYN, ET_EXEC, PT_INTERP, PT_LOAD, truncated } from './elf.ts';

/** No linker makes nearly as many; a file with more would only cost time. */
const MAX_SEGMENTS = 1024;

/** @throws UserError when the file cannot be booted as it is or does not fit */
export function loadElfSegments(elf: ElfFile, memoryBytes: number): BootSegment[] {
  if (elf.type !== ET_EXEC && elf.type !== ET_DYN) {
    throw new UserError('image-kind', 'an ELF object file, not an executable', 'link it first');
  }
  if (elf.segments.some((segment) => segment.type === PT_INTERP)) {
    throw new UserError('image-kind', 'a dynamically linked program, not a kernel', 'link it with -static -nostdlib');
  }
  const loaded: BootSegment[] = [];
  let total = 0;
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD || segment.memorySize === 0) continue;
    if (segment.offset + segment.fileSize > elf.bytes.length)
      throw truncated(`the segment for ${hex0x(segment.physical)}`);
    if (segment.fileSize > segment.memorySize) {
      throw new UserError('image-malformed', 'malformed ELF file: a segment is larger in the file than in memory');
    }
    const bytes = elf.bytes.subarray(segment.offset, segment.offset + segment.fileSize);
    loaded.push(placeSegment(segment.physical, bytes, segment.memorySize, memoryBytes));
    total += segment.memorySize;
    // Headers may claim the same memory again and again: copying it must stay bounded.
    if (loaded.length > MAX_SEGMENTS || total > memoryBytes)
      throw new UserError('image-malformed', 'malformed ELF file: its segments overlap');
  }
  if (loaded.length === 0)
    throw new UserError('image-malformed', 'the ELF file has nothing to load', 'a kernel needs PT_LOAD segments');
  return loaded;
}

/**
 * Where execution starts, physically. A high-half kernel may name a virtual entry; GRUB and QEMU translate
 * it through the segment that holds it, and so do we.
 */
export function physicalEntry(elf: ElfFile): number {
  for (const segment of elf.segments) {
    if (segment.type !== PT_LOAD) continue;
    const offset = elf.entry - segment.virtual;
    if (offset >= 0 && offset < segment.memorySize) return (segment.physical + offset) >>> 0;
  }
  return elf.entry;
}
