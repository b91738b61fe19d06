/**
 * The header a multiboot 2 image carries in its first 32 KiB, and the tags behind it. Multiboot 2 specification,
 * 3.1. Every tag is type, flags (bit 0: may be ignored), size, content, on an 8-byte boundary.
 */
import { ByteCursor } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';
import type { LoadAddresses } from './multiboot-load.ts';

const SEARCH_LIMIT = 32768;
const MAGIC = 0xe852_50d6;
const I386 = 0;
const HEADER_SIZE = 16;
const OPTIONAL = 1;
/** A header is a few tags; one that claims more is damaged. */
const MAX_TAGS = 256;

const TAG_END = 0;
const TAG_INFORMATION = 1;
const TAG_ADDRESSES = 2;
const TAG_ENTRY = 3;
const TAG_CONSOLE = 4;
const TAG_FRAMEBUFFER = 5;
/** Modules on pages (6), EFI boot services (7), EFI entries (8, 9), relocatable (10): nothing to do for any. */
const HARMLESS = new Set([TAG_CONSOLE, 6, 7, 8, 9, 10]);

export interface Multiboot2Header {
  /** Where it lies in the file. */
  readonly offset: number;
  readonly addresses?: LoadAddresses;
  /** Physical; instead of the ELF file's own. */
  readonly entry?: number;
  /** The image would like pixels. */
  readonly graphics: boolean;
  /** Kinds of information that must be there. */
  readonly demanded: readonly number[];
}

/** Where the first header with a right checksum lies, on an 8-byte boundary; -1 when there is none. */
export function findMultiboot2Header(image: Uint8Array): number {
  const limit = Math.min(SEARCH_LIMIT, image.length) - HEADER_SIZE;
  for (let offset = 0; offset <= limit; offset += 8) {
    if (image[offset] !== (MAGIC & 0xff)) continue;
    const cursor = new ByteCursor(image, offset);
    if (cursor.u32() !== MAGIC) continue;
    if ((MAGIC + cursor.u32() + cursor.u32() + cursor.u32()) % 0x1_0000_0000 === 0) return offset;
  }
  return -1;
}

/** @throws UserError when it is cut off, of another architecture, or demands what we do not know */
export function parseMultiboot2Header(image: Uint8Array, offset: number): Multiboot2Header {
  const head = new ByteCursor(image, offset + 4);
  const architecture = head.u32();
  const length = head.u32();
  if (architecture !== I386)
    throw new UserError('multiboot-demand', `the multiboot 2 header is for architecture ${architecture}, not i386`);
  if (offset + length > image.length) throw malformed('it reaches beyond the end of the file');
  let addresses: Omit<LoadAddresses, 'entry'> | undefined;
  let entry: number | undefined;
  let graphics = false;
  const demanded: number[] = [];
  let at = offset + HEADER_SIZE;
  for (let count = 0; at + 8 <= offset + length; count++) {
    if (count === MAX_TAGS) throw malformed('it has too many tags');
    const cursor = new ByteCursor(image, at);
    const type = cursor.u16();
    const optional = (cursor.u16() & OPTIONAL) !== 0;
    const size = cursor.u32();
    if (type === TAG_END) break;
    if (size < 8 || at + size > offset + length) throw malformed(`tag ${type} has size ${size}`);
    if (type === TAG_INFORMATION) {
      for (let left = size - 8; left >= 4; left -= 4) {
        const wanted = cursor.u32();
        if (!optional) demanded.push(wanted);
      }
    } else if (type === TAG_ADDRESSES) {
      addresses = { header: cursor.u32(), load: cursor.u32(), loadEnd: endOf(cursor.u32()), bssEnd: cursor.u32() };
    } else if (type === TAG_ENTRY) entry = cursor.u32();
    else if (type === TAG_FRAMEBUFFER) graphics = cursor.u32() !== 80 || cursor.u32() !== 25 || cursor.u32() !== 0;
    else if (!HARMLESS.has(type) && !optional)
      throw new UserError('multiboot-demand', `the multiboot 2 header demands a feature that nobody defined (${type})`);
    at += (size + 7) & ~7;
  }
  if (addresses !== undefined && entry === undefined) throw malformed('it gives load addresses but no entry address');
  return {
    offset,
    addresses: addresses && { ...addresses, entry: entry ?? 0 },
    entry,
    graphics,
    demanded,
  };
}

/** All ones, as some loaders' documentation has it, means the same as 0: the whole file. */
function endOf(value: number): number {
  return value === 0xffff_ffff ? 0 : value;
}

function malformed(what: string): UserError {
  return new UserError('image-malformed', `malformed multiboot 2 header: ${what}`);
}
