/**
 * What a file is, by its content; names and suffixes say nothing. Kinds that later versions boot are told
 * apart already, so that their users get the right answer.
 */
import { isElf } from './elf.ts';
import { findMultibootHeader } from './multiboot-header.ts';
import { findMultiboot2Header } from './multiboot2-header.ts';

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

export function detectImage(bytes: Uint8Array): DetectedKind {
  if (bytes.length === 0) return 'empty';
  // A kernel that carries both headers boots by the first: we have that loader.
  // One that needs ELF to say where it goes may also lie in a disk image whose first file is a kernel.
  const header = findMultibootHeader(bytes);
  if (header !== undefined && (header.addresses !== undefined || isElf(bytes))) return 'multiboot';
  const second = findMultiboot2Header(bytes) >= 0;
  if (second && isElf(bytes)) return 'multiboot2';
  if (isElf(bytes)) return 'elf';
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip';
  // Linux's setup header stands in what is also a boot sector; a hybrid ISO has a boot sector, too.
  if (hasText(bytes, 0x202, 'HdrS')) return 'bzimage';
  if (hasText(bytes, 0x8001, 'CD001')) return 'iso';
  if (bytes.length >= 512 && bytes[510] === 0x55 && bytes[511] === 0xaa) return 'disk';
  if (second) return 'multiboot2';
  return 'unknown';
}

function hasText(bytes: Uint8Array, offset: number, text: string): boolean {
  if (bytes.length < offset + text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[offset + i] !== text.charCodeAt(i)) return false;
  return true;
}
