/** From a file's bytes to a boot plan, whatever kind of image it is. Pure: touches no machine. */
import { notSupportedYet, UserError } from '../util/errors.ts';
import type { BootPlan, LoadOptions } from './boot-plan.ts';
import { type DetectedKind, detectImage } from './detect.ts';
import { parseElf } from './elf.ts';
import { loadFlatElf } from './flat-elf.ts';
import { loadMultiboot } from './multiboot.ts';
import { findMultibootHeader } from './multiboot-header.ts';
import { loadMultiboot2 } from './multiboot2.ts';
import { findMultiboot2Header } from './multiboot2-header.ts';

/** @throws UserError naming the image: of no known kind, cut off, too large, or of a kind not built yet */
export function loadImage(bytes: Uint8Array, options: LoadOptions): BootPlan {
  try {
    const header = findMultibootHeader(bytes);
    if (header !== undefined) return loadMultiboot(bytes, header, options);
    const kind = detectImage(bytes);
    if (kind === 'multiboot2') return loadMultiboot2(bytes, findMultiboot2Header(bytes), options);
    if (kind === 'elf') return loadFlatElf(parseElf(bytes), options);
    throw refusal(kind);
  } catch (error) {
    if (error instanceof UserError && error.code !== 'not-supported')
      throw new UserError(error.code, `${options.name}: ${error.message}`, error.hint);
    throw error;
  }
}

function refusal(kind: DetectedKind): UserError {
  switch (kind) {
    case 'bzimage':
      return notSupportedYet('Linux bzImage kernels');
    case 'iso':
      return notSupportedYet('ISO images');
    case 'disk':
      return new UserError('image-kind', 'a disk image, not a kernel', 'give it as --fda or --hda');
    case 'gzip':
      return new UserError('image-kind', 'a gzip-compressed file', 'gunzip it first');
    case 'empty':
      return new UserError('image-truncated', 'the file is empty');
    default:
      return new UserError(
        'image-kind',
        'no image that can be booted',
        'expected a multiboot or ELF32 i386 kernel, or a disk with a boot sector',
      );
  }
}
