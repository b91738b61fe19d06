/**
 * Multiboot 1: image, modules and tables placed as GRUB does, entry as the specification's "machine state"
 * says (EAX = 2BADB002h, EBX = information structure, flat protected mode, paging and interrupts off).
 * Specification 0.6.96, 3.2 and 3.3.
 */
import { UserError } from '../util/errors.ts';
import type { BootPlan, BootSegment, LoadOptions } from './boot-plan.ts';
import {
  BOOT_STACK,
  CODE_SELECTOR,
  DATA_SELECTOR,
  FLAT_GDT,
  findHighRoom,
  findRoom,
  placeSegment,
} from './boot-plan.ts';
import { type ElfFile, isElf, parseElf, SECTION_SIZE, SHT_NOBITS, truncated } from './elf.ts';
import { loadElfSegments, physicalEntry } from './elf-load.ts';
import { checkDemands, type MultibootHeader } from './multiboot-header.ts';
import { buildMultibootInfo, type MultibootFacts } from './multiboot-info.ts';

const LOADER_MAGIC = 0x2bad_b002;
const VIDEO_GRAPHICS = 0;

/** @throws UserError when the image is cut off, contradicts itself or does not fit */
export function loadMultiboot(image: Uint8Array, header: MultibootHeader, options: LoadOptions): BootPlan {
  checkDemands(header);
  const notes: string[] = [];
  const kernel = header.addresses !== undefined ? loadByAddresses(image, header, options) : loadByElf(image, options);
  const segments = [...kernel.segments];
  const modules = options.modules.map(({ name, bytes }) => {
    // Always on page boundaries: nobody who did not ask for it is harmed.
    const start = findHighRoom(segments, bytes.length, options.memoryBytes);
    segments.push({ physical: start, bytes, size: bytes.length });
    return { name, start, end: start + bytes.length };
  });
  const sections =
    kernel.elf === undefined ? undefined : placeSections(kernel.elf, segments, options.memoryBytes, notes);
  if (header.videoType === VIDEO_GRAPHICS)
    notes.push('the image asks for a graphics mode; it gets the 80x25 text screen');
  const facts: MultibootFacts = {
    commandLine: options.append === '' ? options.name : `${options.name} ${options.append}`,
    memoryBytes: options.memoryBytes,
    modules,
    sections,
    textFramebuffer: header.videoType !== undefined,
  };
  const size = buildMultibootInfo(facts, 0).block.length;
  const base = findRoom(segments, size, options.memoryBytes);
  const { block, infoOffset } = buildMultibootInfo(facts, base);
  segments.push({ physical: base, bytes: block, size });
  return {
    kind: 'multiboot',
    segments,
    entry: {
      mode: 'protected-flat',
      eip: kernel.entry,
      eax: LOADER_MAGIC,
      ebx: base + infoOffset,
      esp: BOOT_STACK,
      gdt: { base, limit: FLAT_GDT.length - 1 },
      codeSelector: CODE_SELECTOR,
      dataSelector: DATA_SELECTOR,
    },
    notes,
  };
}

interface LoadedKernel {
  readonly segments: readonly BootSegment[];
  readonly entry: number;
  readonly elf?: ElfFile;
}

function loadByElf(image: Uint8Array, options: LoadOptions): LoadedKernel {
  if (!isElf(image))
    throw new UserError('image-malformed', 'the multiboot header gives no load addresses and the image is not ELF');
  const elf = parseElf(image);
  return { segments: loadElfSegments(elf, options.memoryBytes), entry: physicalEntry(elf), elf };
}

/** The header's own addresses tell which part of the file goes where (flags bit 16); they win over ELF's. */
function loadByAddresses(image: Uint8Array, header: MultibootHeader, options: LoadOptions): LoadedKernel {
  const addresses = header.addresses as NonNullable<MultibootHeader['addresses']>;
  const fileStart = header.offset - (addresses.header - addresses.load);
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
function placeSections(
  elf: ElfFile,
  segments: BootSegment[],
  memoryBytes: number,
  notes: string[],
): MultibootFacts['sections'] {
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
