/** The header a multiboot 1 image carries in its first 8 KiB. Multiboot specification 0.6.96, 3.1. */
import { ByteCursor } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';
import type { LoadAddresses } from './multiboot-load.ts';

const SEARCH_LIMIT = 8192;
const MAGIC = 0x1bad_b002;

export const REQUEST_PAGE_ALIGN = 1 << 0;
export const REQUEST_MEMORY = 1 << 1;
export const REQUEST_VIDEO = 1 << 2;
/** The header gives load addresses itself: the "a.out kludge". */
export const HAS_ADDRESSES = 1 << 16;
/** Bits 0–15 are demands: a loader that does not know one must refuse. */
const KNOWN_DEMANDS = REQUEST_PAGE_ALIGN | REQUEST_MEMORY | REQUEST_VIDEO;

export interface MultibootHeader {
  /** Where it lies in the file. */
  readonly offset: number;
  readonly flags: number;
  /** The file ends within what the flags say is there. */
  readonly cut: boolean;
  readonly addresses?: LoadAddresses;
  /** Wanted mode: 0 linear graphics, 1 text. */
  readonly videoType?: number;
}

/** The first header with a right checksum, on a 4-byte boundary; undefined when there is none. */
export function findMultibootHeader(image: Uint8Array): MultibootHeader | undefined {
  const limit = Math.min(SEARCH_LIMIT, image.length) - 12;
  for (let offset = 0; offset <= limit; offset += 4) {
    if (image[offset] !== (MAGIC & 0xff)) continue;
    const cursor = new ByteCursor(image, offset);
    if (cursor.u32() !== MAGIC) continue;
    const flags = cursor.u32();
    if ((MAGIC + flags + cursor.u32()) % 0x1_0000_0000 === 0) return readFields(image, offset, flags);
  }
  return undefined;
}

/** @throws UserError when the image demands what a multiboot 1 loader cannot know */
export function checkDemands(header: MultibootHeader): void {
  const unknown = header.flags & 0xffff & ~KNOWN_DEMANDS;
  if (unknown === 0) return;
  throw new UserError(
    'multiboot-demand',
    `the multiboot header demands features that nobody defined (flags ${unknown.toString(16)}h)`,
  );
}

/*
 * offset  0 magic   4 flags   8 checksum
 *        12 header_addr  16 load_addr  20 load_end_addr  24 bss_end_addr  28 entry_addr   (flags bit 16)
 *        32 mode_type    36 width      40 height         44 depth                         (flags bit 2)
 */
function readFields(image: Uint8Array, offset: number, flags: number): MultibootHeader {
  const cursor = new ByteCursor(image, offset + 12);
  const [header, load, loadEnd, bssEnd, entry] = [cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32(), cursor.u32()];
  let cut = (flags & HAS_ADDRESSES) !== 0 && cursor.overrun;
  const videoType = cursor.u32();
  cut ||= (flags & REQUEST_VIDEO) !== 0 && cursor.overrun;
  return {
    offset,
    flags,
    cut,
    addresses: flags & HAS_ADDRESSES ? { header, load, loadEnd, bssEnd, entry } : undefined,
    videoType: flags & REQUEST_VIDEO ? videoType : undefined,
  };
}
