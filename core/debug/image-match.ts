/**
 * Whether a symbol file can be that of an image, before anything runs: by the identity that linkers give a build
 * (NT_GNU_BUILD_ID), or where there is none, by the code both files have at the same addresses. What programs
 * look like in memory is another matter (the debug adapter looks at stops).
 */
import { type ElfFile, PF_X, PT_LOAD, parseElf } from '../image/elf.ts';
import { ByteCursor } from '../util/bytes.ts';
import { UserError } from '../util/errors.ts';

export type Mismatch =
  | { readonly kind: 'build-id' }
  /** The first address at which the code differs. */
  | { readonly kind: 'code'; readonly address: number };

const NT_GNU_BUILD_ID = 3;
/** Each is compared with each of the other file: linkers make one or two. */
const MAX_SEGMENTS = 64;

/**
 * Undefined where they agree, and where they have no code at the same addresses: another program.
 * @param offset where the symbol file runs, less where it was linked
 */
export function symbolMismatch(symbols: Uint8Array, offset: number, image: Uint8Array): Mismatch | undefined {
  try {
    return compare(parseElf(symbols), offset, parseElf(image));
  } catch (error) {
    // A file that is no ELF file, or is cut off, is told of where it is loaded.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

function compare(symbols: ElfFile, offset: number, image: ElfFile): Mismatch | undefined {
  const shared = sharedCode(symbols, offset, image);
  if (shared.length === 0) return undefined;
  const [own, other] = [buildId(symbols), buildId(image)];
  if (own !== undefined && other !== undefined) return own === other ? undefined : { kind: 'build-id' };
  for (const { address, left, right } of shared) {
    const length = Math.min(left.length, right.length);
    for (let i = 0; i < length; i++) if (left[i] !== right[i]) return { kind: 'code', address: (address + i) >>> 0 };
  }
  return undefined;
}

interface Shared {
  readonly address: number;
  /** Empty where a file keeps only the symbols of the code. */
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}

function sharedCode(symbols: ElfFile, offset: number, image: ElfFile): Shared[] {
  const shared: Shared[] = [];
  for (const one of codeOf(symbols)) {
    for (const other of codeOf(image)) {
      const moved = (one.virtual + offset) >>> 0;
      const start = Math.max(moved, other.virtual);
      if (start >= Math.min(moved + one.memorySize, other.virtual + other.memorySize)) continue;
      const contents = (file: ElfFile, segment: typeof one, base: number) =>
        file.bytes.subarray(Math.min(segment.offset + start - base, end(segment)), end(segment));
      shared.push({
        address: start,
        left: contents(symbols, one, moved),
        right: contents(image, other, other.virtual),
      });
    }
  }
  return shared;
}

function end(segment: { readonly offset: number; readonly fileSize: number }): number {
  return segment.offset + segment.fileSize;
}

function codeOf(elf: ElfFile) {
  const code = elf.segments.filter((segment) => segment.type === PT_LOAD && (segment.flags & PF_X) !== 0);
  return code.slice(0, MAX_SEGMENTS);
}

/** Name size, contents size, type, "GNU", the bytes (gABI, note sections). */
function buildId(elf: ElfFile): string | undefined {
  const section = elf.section('.note.gnu.build-id');
  if (section === undefined) return undefined;
  const cursor = new ByteCursor(elf.contents(section));
  const [nameSize, size, type] = [cursor.u32(), cursor.u32(), cursor.u32()];
  cursor.skip((nameSize + 3) & ~3);
  const bytes = cursor.take(size);
  return cursor.overrun || type !== NT_GNU_BUILD_ID ? undefined : bytes.join();
}
