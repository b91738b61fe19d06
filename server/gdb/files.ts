/**
 * The one file a client may read through us: the image that was booted, so that gdb gets symbols without
 * a file argument (qXfer:exec-file, then vFile). Read-only; no other host file can be named.
 */
import { type ImageInfo, isElf } from '../../core/index.ts';

const FIRST_DESCRIPTOR = 3;

export class OpenFiles {
  readonly #image: ImageInfo | undefined;
  readonly #open = new Set<number>();

  /** @param image only an ELF file is of use to gdb; a boot sector would make it complain */
  constructor(image: ImageInfo | undefined) {
    this.#image = image !== undefined && isElf(image.bytes) ? image : undefined;
  }

  /** Path under which gdb asks for the image; undefined when nothing was booted from a file. */
  get path(): string | undefined {
    return this.#image === undefined ? undefined : this.#image.path || this.#image.name;
  }

  /** A descriptor, or undefined when there is no such file. */
  open(path: string): number | undefined {
    if (this.#image === undefined || path !== this.path) return undefined;
    let descriptor = FIRST_DESCRIPTOR;
    while (this.#open.has(descriptor)) descriptor++;
    this.#open.add(descriptor);
    return descriptor;
  }

  /** The file's bytes, or undefined for a descriptor that is not open. */
  content(descriptor: number): Uint8Array | undefined {
    return this.#open.has(descriptor) ? this.#image?.bytes : undefined;
  }

  close(descriptor: number): boolean {
    return this.#open.delete(descriptor);
  }
}
