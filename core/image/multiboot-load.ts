/**
 * What both multiboot versions share: the kernel placed by its ELF headers or by the addresses of its own
 * header, modules on pages behind it, and the sections nobody loaded.
 */
import { UserError } from '../util/errors.ts';
import { type BootSegment, findHighRoom, type LoadOptions, placeSegment } from './boot-plan.ts';
import { type ElfFile, isElf, parseElf, SECTION_SIZE, SHT_NOBITS, truncated } from './elf.ts';
import { loadElfSegments, physicalEntry } from './elf-load.ts';

/** Where a header in the file says its image goes. */
export interface LoadAddresses {
  /** Of the header itself. */
  readonly header: number;
  readonly load: number;
  /** 0: the whole rest of the file. */
  readonly loadEnd: number;
  /** 0: no bss. */
  readonly bssEnd: number;
  readonly entry: number;
}

export interface SectionTable {
  /** The section header table with addresses filled in, as the file's own entries. */
  readonly table: Uint8Array;
  readonly count: number;
  readonly entrySize: number;
  readonly names: number;
}

/** Adds the modules, always on page boundaries: nobody who did not ask for it is harmed. @throws UserError */
export function placeModules(
  segments: BootSegment[],
  options: LoadOptions,
): { name: string; start: number; end: number }[] {
  return options.modules.map(({ name, bytes }) => {
    const start = findHighRoom(segments, bytes.length, options.memoryBytes);
    segments.push({ physical: start, bytes, size: bytes.length });
    return { name, start, end: start + bytes.length };
  });
}

export interface LoadedKernel {
  readonly segments: readonly BootSegment[];
  readonly entry: number;
  readonly elf?: ElfFile;
}

/** @throws UserError when the image is not ELF either */
export function loadByElf(image: Uint8Array, options: LoadOptions): LoadedKernel {
  if (!isElf(image))
    throw new UserError('image-malformed', 'the multiboot header gives no load addresses and the image is not ELF');
  const elf = parseElf(image);
  return { segments: loadElfSegments(elf, options.memoryBytes), entry: physicalEntry(elf), elf };
}

/**
 * The header's own addresses tell which part of the file goes where; they win over ELF's.
 * @param offset of the header in the file @throws UserError
 */
export function loadByAddresses(
  image: Uint8Array,
  offset: number,
  addresses: LoadAddresses,
  options: LoadOptions,
): LoadedKernel {
  const fileStart = offset - (addresses.header - addresses.load);
  if (addresses.header < addresses.load || fileStart < 0)
    throw contradiction('load_addr does not lie before the header');
  const loadSize = addresses.loadEnd === 0 ? image.length - fileStart : addresses.loadEnd - addresses.load;
  if (loadSize < 0) throw contradiction('load_end_addr lies before load_addr');
  if (fileStart + loadSize > image.length) throw truncated('the part that the multiboot header wants loaded');
  const size = addresses.bssEnd === 0 ? loadSize : addresses.bssEnd - addresses.load;
  if (size < loadSize) throw contradiction('bss_end_addr lies before load_end_addr');
  const bytes = image.subarray(fileStart, fileStart + loadSize);
  return { segments: [placeSegment(addresses.load, bytes, size, options.memoryBytes)], entry: addresses.entry };
}

/**
 * Gives the kernel its own section headers, and the sections that no segment loaded (symbols, strings, debug
 * information) in memory with their `sh_addr` filled in. What does not fit is left out: nobody needs it to boot.
 */
export function placeSections(
  elf: ElfFile,
  segments: BootSegment[],
  memoryBytes: number,
  notes: string[],
): SectionTable | undefined {
  if (elf.sections.length === 0) return undefined;
  const table = new DataView(new ArrayBuffer(SECTION_SIZE * elf.sections.length));
  const placed: BootSegment[] = [];
  let next = findHighRoom(segments, 0, Number.POSITIVE_INFINITY);
  for (const section of elf.sections) {
    let address = section.address;
    const inFile = section.type !== 0 && section.type !== SHT_NOBITS;
    if (address === 0 && section.size > 0 && inFile) {
      const align = section.align >= 1 && section.align <= 4096 ? section.align : 4096;
      address = Math.ceil(next / align) * align;
      next = address + section.size;
      placed.push({ physical: address, bytes: elf.contents(section), size: section.size });
    }
    writeSection(table, elf, section.index, address);
  }
  if (next > memoryBytes) {
    notes.push('the symbols of the image do not fit into memory beside it: the kernel does not get them');
    return undefined;
  }
  segments.push(...placed);
  return {
    table: new Uint8Array(table.buffer),
    count: elf.sections.length,
    entrySize: SECTION_SIZE,
    names: elf.nameSection,
  };
}

/** The file's own entry, with another sh_addr (offset 12). */
function writeSection(table: DataView, elf: ElfFile, index: number, address: number): void {
  const source = elf.sectionHeader(index);
  new Uint8Array(table.buffer).set(source, index * SECTION_SIZE);
  table.setUint32(index * SECTION_SIZE + 12, address, true);
}

function contradiction(what: string): UserError {
  return new UserError('image-malformed', `malformed multiboot header: ${what}`);
}
