/** Bytes on their way to a descriptor, gathered so that a byte from the guest costs no system call. */
import { cannotWrite, closeOutput, OutputClosed, openOutput, writeAll } from './files.ts';

const CAPACITY = 16 * 1024;

export class ByteFile {
  readonly #descriptor: number;
  readonly #path: string;
  readonly #buffer = new Uint8Array(CAPACITY);
  #length = 0;
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

  put(byte: number): void {
    this.#buffer[this.#length++] = byte;
    this.last = byte;
    if (this.#length === CAPACITY) this.flush();
  }

  /** @throws OutputClosed, or UserError when the bytes cannot be written */
  flush(): void {
    if (this.#length === 0) return;
    const length = this.#length;
    this.#length = 0;
    try {
      writeAll(this.#descriptor, this.#buffer.subarray(0, length));
    } catch (error) {
      throw error instanceof OutputClosed ? error : cannotWrite(this.#path, error);
    }
  }

  close(): void {
    this.flush();
    if (this.#descriptor > 2) closeOutput(this.#descriptor);
  }
}
