/**
 * What a file is, by its content; names and suffixes say nothing. Kinds that later versions boot are told
 * apart already, so that their users get the right answer.
 */
import { ByteCursor } from '../util/bytes.ts';
import { isElf } from './elf.ts';
import { findMultibootHeader } from './multiboot-header.ts';

export type DetectedKind =
  | 'empty'
  | 'multiboot'
  | 'multiboot2'
  | 'elf'
  | 'bzimage'
  | 'iso'
  | 'disk'
  | 'gzip'
  | 'unknown';

const MULTIBOOT2_SEARCH_LIMIT = 32768;
const MULTIBOOT2_MAGIC = 0xe852_50d6;

export function detectImage(bytes: Uint8Array): DetectedKind {
  if (bytes.length === 0) return 'empty';
  // A kernel that carries both headers boots by the first: we have that loader.
  // One that needs ELF to say where it goes may also lie in a disk image whose first file is a kernel.
  const header = findMultibootHeader(bytes);
  if (header !== undefined && (header.addresses !== undefined || isElf(bytes))) return 'multiboot';
  if (hasMultiboot2Header(bytes)) return 'multiboot2';
  if (isElf(bytes)) return 'elf';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  // Linux's setup header stands in what is also a boot sector; a hybrid ISO has a boot sector, too.
  if (hasText(bytes, 0x202, 'HdrS')) return 'bzimage';
  if (hasText(bytes, 0x8001, 'CD001')) return 'iso';
  if (bytes.length >= 512 && bytes[510] === 0x55 && bytes[511] === 0xaa) return 'disk';
  return 'unknown';
}

/** Magic, architecture, length and checksum on an 8-byte boundary (Multiboot 2 specification, 3.1.1). */
function hasMultiboot2Header(bytes: Uint8Array): boolean {
  const limit = Math.min(MULTIBOOT2_SEARCH_LIMIT, bytes.length) - 16;
  for (let offset = 0; offset <= limit; offset += 8) {
    if (bytes[offset] !== (MULTIBOOT2_MAGIC & 0xff)) continue;
    const cursor = new ByteCursor(bytes, offset);
    if (
      (cursor.u32() === MULTIBOOT2_MAGIC ? MULTIBOOT2_MAGIC + cursor.u32() + cursor.u32() + cursor.u32() : 1) %
        0x1_0000_0000 ===
      0
    )
      return true;
  }
  return false;
}

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
