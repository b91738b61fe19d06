/**
 * Bytes on their way to a descriptor. The first one after a flush is written at once, so that what the guest
 * prints is seen when it begins to; those after it are gathered, so that each costs no system call.
 */
import { cannotWrite, closeOutput, OutputClosed, openOutput, writeAll } from './files.ts';

const CAPACITY = 16 * 1024;

export class ByteFile {
  readonly #descriptor: number;
  readonly #path: string;
  readonly #buffer = new Uint8Array(CAPACITY);
  #length = 0;
  #gathering = false;
  #failure: unknown;
  /** The last byte put, or a line feed when there was none. */
  last = 0x0a;

  private constructor(descriptor: number, path: string) {
    this.#descriptor = descriptor;
    this.#path = path;
  }

  /** @throws UserError when it cannot be written */
  static create(path: string): ByteFile {
    return new ByteFile(openOutput(path), path);
  }

  static standardOutput(): ByteFile {
    return new ByteFile(1, 'standard output');
  }

  /** Never throws, for a guest's instruction is under way: what goes wrong is told by the next `flush`. */
  put(byte: number): void {
    this.#buffer[this.#length++] = byte;
    this.last = byte;
    if (this.#length === CAPACITY || !this.#gathering) this.#write();
    this.#gathering = true;
  }

  /** @throws OutputClosed, or UserError when the bytes cannot be written */
  flush(): void {
    this.#gathering = false;
    if (this.#length > 0) this.#write();
    if (this.#failure === undefined) return;
    throw this.#failure instanceof OutputClosed ? this.#failure : cannotWrite(this.#path, this.#failure);
  }

  #write(): void {
    const length = this.#length;
    this.#length = 0;
    if (this.#failure !== undefined) return;
    try {
      writeAll(this.#descriptor, this.#buffer.subarray(0, length));
    } catch (error) {
      this.#failure = error;
    }
  }

  close(): void {
    this.flush();
    if (this.#descriptor > 2) closeOutput(this.#descriptor);
  }
}
