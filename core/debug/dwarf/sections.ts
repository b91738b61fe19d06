/** Debug sections of an ELF file by name, decompressed: SHF_COMPRESSED (gABI) or the older `.zdebug_` names. */
import { type ElfFile, type ElfSection, SHF_COMPRESSED } from '../../image/elf.ts';
import { ByteCursor } from '../../util/bytes.ts';
import { UserError } from '../../util/errors.ts';
import { inflateZlib } from '../../util/inflate.ts';

const COMPRESSION_ZLIB = 1;
const EMPTY = new Uint8Array(0);

export interface DebugSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly line: Uint8Array;
  readonly text: Uint8Array;
  readonly lineText: Uint8Array;
  readonly textOffsets: Uint8Array;
  readonly addresses: Uint8Array;
  readonly ranges: Uint8Array;
  readonly rangeLists: Uint8Array;
  /** DWARF 2-4 and DWARF 5 location lists. */
  readonly locations: Uint8Array;
  readonly locationLists: Uint8Array;
  /** Type units of DWARF 4. */
  readonly types: Uint8Array;
  readonly frame: Uint8Array;
}

/**
 * Missing sections are empty.
 * @param suffix of their names: `.dwo` for those of split debug information
 * @throws UserError for one that is cut off or cannot be decompressed
 */
export function debugSections(elf: ElfFile, suffix = ''): DebugSections {
  const get = (name: string) => debugSection(elf, name, suffix);
  return {
    info: get('info'),
    abbrev: get('abbrev'),
    line: get('line'),
    text: get('str'),
    lineText: get('line_str'),
    textOffsets: get('str_offsets'),
    addresses: get('addr'),
    ranges: get('ranges'),
    rangeLists: get('rnglists'),
    locations: get('loc'),
    locationLists: get('loclists'),
    types: get('types'),
    frame: get('frame'),
  };
}

/** Empty when there is none. @throws UserError */
export function debugSection(elf: ElfFile, name: string, suffix = ''): Uint8Array {
  const plain = elf.section(`.debug_${name}${suffix}`);
  if (plain !== undefined) return plain.flags & SHF_COMPRESSED ? inflateStandard(elf, plain) : elf.contents(plain);
  const old = elf.section(`.zdebug_${name}${suffix}`);
  return old === undefined ? EMPTY : inflateOld(elf, old);
}

/* Elf32_Chdr: ch_type, ch_size, ch_addralign, then the stream. */
function inflateStandard(elf: ElfFile, section: ElfSection): Uint8Array {
  const bytes = elf.contents(section);
  const header = new ByteCursor(bytes);
  const type = header.u32();
  const size = header.u32();
  if (type !== COMPRESSION_ZLIB) {
    throw new UserError(
      'debug-compressed',
      `section ${section.name} is compressed by another method than zlib`,
      'link with -gz=zlib or -gz=none',
    );
  }
  return inflated(section, inflateZlib(bytes.subarray(12), size));
}

/* "ZLIB", the size as 8 bytes big-endian, then the stream. */
function inflateOld(elf: ElfFile, section: ElfSection): Uint8Array {
  const bytes = elf.contents(section);
  if (bytes.length < 12) return inflated(section, undefined);
  const size = ((bytes[8] << 24) | (bytes[9] << 16) | (bytes[10] << 8) | bytes[11]) >>> 0;
  return inflated(section, inflateZlib(bytes.subarray(12), size));
}

function inflated(section: ElfSection, bytes: Uint8Array | undefined): Uint8Array {
  if (bytes === undefined) throw new UserError('debug-compressed', `section ${section.name} cannot be decompressed`);
  return bytes;
}
