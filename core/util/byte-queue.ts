/** A first-in first-out queue of bytes with cheap removal at the front. */
export class ByteQueue {
  #bytes: number[] = [];
  #head = 0;

  constructor(bytes: ArrayLike<number> = []) {
    for (let i = 0; i < bytes.length; i++) this.push(bytes[i]);
  }

  get length(): number {
    return this.#bytes.length - this.#head;
  }

  push(byte: number): void {
    this.#bytes.push(byte & 0xff);
  }

  /** The oldest byte without removing it; 0 when empty. */
  peek(): number {
    return this.length === 0 ? 0 : this.#bytes[this.#head];
  }

  /** Removes and answers the oldest byte; 0 when empty. */
  shift(): number {
    if (this.length === 0) return 0;
    const byte = this.#bytes[this.#head++];
    // Dropping the spent front only now and then keeps a long paste linear.
    if (this.#head === this.#bytes.length) this.clear();
    else if (this.#head >= 4096) {
      this.#bytes = this.#bytes.slice(this.#head);
      this.#head = 0;
    }
    return byte;
  }

  clear(): void {
    this.#bytes = [];
    this.#head = 0;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes.slice(this.#head));
  }
}
