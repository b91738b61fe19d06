/**
 * ELF32 for IA-32: header, program headers, section headers, symbols. Reads only; what a segment or section
 * means to a boot or a debugger is the caller's business. Every number in the file may lie: tables are
 * bounded by the file's own size before anything is allocated, and a wrong file is a `UserError`.
 * System V ABI, chapters 4 and 5, and its Intel386 supplement.
 */
import { ByteCursor, textAt } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';

export const ET_REL = 1;
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const EM_386 = 3;
const EM_486 = 6;
export const PT_LOAD = 1;
export const PT_INTERP = 3;
export const PF_X = 1;
export const SHT_SYMTAB = 2;
export const SHT_STRTAB = 3;
export const SHT_NOBITS = 8;
export const SHF_ALLOC = 2;
export const SHF_EXECINSTR = 4;
export const SHF_COMPRESSED = 0x800;
const SHN_UNDEF = 0;
const SHN_LORESERVE = 0xff00;
export const SHN_ABS = 0xfff1;
const SHN_XINDEX = 0xffff;

const HEADER_SIZE = 52;
const SEGMENT_SIZE = 32;
export const SECTION_SIZE = 40;
const SYMBOL_SIZE = 16;

export interface ElfSegment {
  readonly type: number;
  readonly offset: number;
  readonly virtual: number;
  readonly physical: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly flags: number;
}

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly align: number;
}

export interface ElfSymbol {
  readonly name: string;
  readonly value: number;
  readonly size: number;
  readonly kind: 'none' | 'object' | 'function' | 'section' | 'file' | 'other';
  readonly binding: 'local' | 'global' | 'weak' | 'other';
  /** Index of the section it lies in; SHN_ABS for an absolute one. Undefined symbols are left out. */
  readonly section: number;
}

export class ElfFile {
  readonly bytes: Uint8Array;
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
  readonly sections: readonly ElfSection[];
  /** Index of the section that holds section names. */
  readonly nameSection: number;
  private readonly sectionTable: number;
  private readonly sectionSize: number;
  private symbolCache: readonly ElfSymbol[] | undefined;

  constructor(
    bytes: Uint8Array,
    header: Header,
    segments: readonly ElfSegment[],
    sections: readonly ElfSection[],
    nameSection: number,
  ) {
    this.bytes = bytes;
    this.type = header.type;
    this.machine = header.machine;
    this.entry = header.entry;
    this.segments = segments;
    this.sections = sections;
    this.nameSection = nameSection;
    this.sectionTable = header.sectionTable;
    this.sectionSize = header.sectionSize;
  }

  /** The entry of the section header table as it stands in the file, 40 bytes. */
  sectionHeader(index: number): Uint8Array {
    const start = this.sectionTable + index * this.sectionSize;
    return this.bytes.subarray(start, start + SECTION_SIZE);
  }

  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** The section's bytes as a view; empty for NOBITS. @throws UserError when they lie outside the file */
  contents(section: ElfSection): Uint8Array {
    if (section.type === SHT_NOBITS) return new Uint8Array(0);
    if (section.offset + section.size > this.bytes.length) throw truncated(`section ${section.name || section.index}`);
    return this.bytes.subarray(section.offset, section.offset + section.size);
  }

  /** Defined symbols of .symtab in file order, read on first use. @throws UserError when the table is cut off */
  get symbols(): readonly ElfSymbol[] {
    this.symbolCache ??= readSymbols(this);
    return this.symbolCache;
  }
}

interface Header {
  readonly type: number;
  readonly machine: number;
  readonly entry: number;
  readonly segmentTable: number;
  readonly segmentSize: number;
  readonly segmentCount: number;
  readonly sectionTable: number;
  readonly sectionSize: number;
  readonly sectionCount: number;
  readonly nameSection: number;
}

/** True when the bytes start with ELF's magic number, whatever follows. */
export function isElf(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** @throws UserError for what is not a whole ELF32 file for IA-32 */
export function parseElf(bytes: Uint8Array): ElfFile {
  if (!isElf(bytes)) throw new UserError('image-kind', 'not an ELF file');
  if (bytes.length < HEADER_SIZE) throw truncated('the ELF header');
  if (bytes[4] === 2)
    throw new UserError('image-kind', 'a 64-bit ELF file', 'this is an IA-32 machine: build with -m32');
  if (bytes[4] !== 1 || bytes[5] !== 1) throw new UserError('image-kind', 'an ELF file of another byte order or class');
  const header = readHeader(bytes);
  if (header.machine !== EM_386 && header.machine !== EM_486) {
    throw new UserError(
      'image-kind',
      `an ELF file for another processor (machine ${header.machine})`,
      'this is an IA-32 machine',
    );
  }
  const segments = readSegments(bytes, header);
  const { sections, nameSection } = readSections(bytes, header);
  return new ElfFile(bytes, header, segments, sections, nameSection);
}

function readHeader(bytes: Uint8Array): Header {
  const cursor = new ByteCursor(bytes, 16);
  const type = cursor.u16();
  const machine = cursor.u16();
  cursor.skip(4); // e_version
  const entry = cursor.u32();
  const segmentTable = cursor.u32();
  const sectionTable = cursor.u32();
  cursor.skip(6); // e_flags, e_ehsize
  const segmentSize = cursor.u16();
  const segmentCount = cursor.u16();
  const sectionSize = cursor.u16();
  const sectionCount = cursor.u16();
  const nameSection = cursor.u16();
  return {
    type,
    machine,
    entry,
    segmentTable,
    segmentSize,
    segmentCount,
    sectionTable,
    sectionSize,
    sectionCount,
    nameSection,
  };
}

function readSegments(bytes: Uint8Array, header: Header): ElfSegment[] {
  const segments: ElfSegment[] = [];
  if (header.segmentCount === 0) return segments;
  if (header.segmentSize < SEGMENT_SIZE) throw malformed('program header size');
  if (header.segmentTable + header.segmentSize * header.segmentCount > bytes.length)
    throw truncated('the program headers');
  for (let i = 0; i < header.segmentCount; i++) {
    const c = new ByteCursor(bytes, header.segmentTable + i * header.segmentSize);
    const [type, offset, virtual, physical, fileSize, memorySize, flags] = [
      c.u32(),
      c.u32(),
      c.u32(),
      c.u32(),
      c.u32(),
      c.u32(),
      c.u32(),
    ];
    segments.push({ type, offset, virtual, physical, fileSize, memorySize, flags });
  }
  return segments;
}

function readSections(bytes: Uint8Array, header: Header): { sections: ElfSection[]; nameSection: number } {
  const sections: ElfSection[] = [];
  if (header.sectionTable === 0) return { sections, nameSection: 0 };
  if (header.sectionSize < SECTION_SIZE) throw malformed('section header size');
  // Section 0 is never a section: its fields hold what did not fit into 16 bits (gABI, "Sections").
  const zero = new ByteCursor(bytes, header.sectionTable + 20);
  const extendedCount = zero.u32();
  const extendedNames = zero.u32();
  if (zero.overrun) throw truncated('the section headers');
  const count = header.sectionCount === 0 ? extendedCount : header.sectionCount;
  const nameSection = header.nameSection === SHN_XINDEX ? extendedNames : header.nameSection;
  if (header.sectionTable + header.sectionSize * count > bytes.length) throw truncated('the section headers');
  const nameOffsets: number[] = [];
  for (let index = 0; index < count; index++) {
    const c = new ByteCursor(bytes, header.sectionTable + index * header.sectionSize);
    nameOffsets.push(c.u32());
    const [type, flags, address, offset, size, link] = [c.u32(), c.u32(), c.u32(), c.u32(), c.u32(), c.u32()];
    c.skip(4); // sh_info
    sections.push({ index, name: '', type, flags, address, offset, size, link, align: c.u32() });
  }
  const names = sections[nameSection];
  if (names === undefined || names.type === SHT_NOBITS || names.offset + names.size > bytes.length)
    return { sections, nameSection };
  const table = bytes.subarray(names.offset, names.offset + names.size);
  return {
    sections: sections.map((section, i) => ({ ...section, name: textAt(table, nameOffsets[i]) ?? '' })),
    nameSection,
  };
}

const SYMBOL_KINDS = ['none', 'object', 'function', 'section', 'file'] as const;
const SYMBOL_BINDINGS = ['local', 'global', 'weak'] as const;

function readSymbols(elf: ElfFile): ElfSymbol[] {
  const symbols: ElfSymbol[] = [];
  const table = elf.sections.find((section) => section.type === SHT_SYMTAB);
  if (table === undefined) return symbols;
  const strings = elf.sections[table.link];
  const names = strings === undefined ? new Uint8Array(0) : elf.contents(strings);
  const cursor = new ByteCursor(elf.contents(table));
  while (cursor.remaining >= SYMBOL_SIZE) {
    const name = cursor.u32();
    const value = cursor.u32();
    const size = cursor.u32();
    const info = cursor.u8();
    cursor.skip(1); // st_other
    const section = cursor.u16();
    if (section === SHN_UNDEF || (section >= SHN_LORESERVE && section !== SHN_ABS && section !== SHN_XINDEX)) continue;
    const kind = SYMBOL_KINDS[info & 15] ?? 'other';
    const binding = SYMBOL_BINDINGS[info >> 4] ?? 'other';
    symbols.push({ name: textAt(names, name) ?? '', value, size, kind, binding, section });
  }
  return symbols;
}

/** What the user should hear about a file that ends too early. */
export function truncated(what: string): UserError {
  return new UserError('image-truncated', `truncated file: it does not hold all of ${what}`, 'copy or build it again');
}

function malformed(what: string): UserError {
  return new UserError('image-malformed', `malformed ELF file: wrong ${what}`);
}
