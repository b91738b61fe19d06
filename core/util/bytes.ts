/**
 * A little-endian reading position over bytes that nobody vouched for (ELF, DWARF, snapshots). Reading past
 * the end is data, not an exception: the read yields 0, the position moves to the end and `overrun` stays
 * true. A caller reads a whole record, looks at `overrun` once and words the complaint itself.
 */

const UTF8 = new TextDecoder('utf-8');

export class ByteCursor {
  readonly bytes: Uint8Array;
  /** First offset that may not be read. */
  readonly end: number;
  offset: number;
  /** True once any read went past the end. */
  overrun = false;

  /** Offsets are those of `bytes`; `start` and `end` are clipped to it, and a clipped start is an overrun. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.end = Math.max(0, Math.min(end, bytes.length));
    this.offset = Math.min(start, this.end);
    this.overrun = start > this.end || start < 0 || end > bytes.length;
    if (this.offset < 0) this.offset = 0;
  }

  get remaining(): number {
    return this.end - this.offset;
  }

  /** True while there is something left and nothing went wrong. */
  get more(): boolean {
    return this.offset < this.end && !this.overrun;
  }

  seek(offset: number): void {
    if (offset >= 0 && offset <= this.end) this.offset = offset;
    else this.fail();
  }

  skip(count: number): void {
    this.seek(this.offset + count);
  }

  u8(): number {
    if (this.offset >= this.end) return this.fail();
    return this.bytes[this.offset++];
  }

  u16(): number {
    if (this.offset + 2 > this.end) return this.fail();
    const at = this.offset;
    this.offset = at + 2;
    return this.bytes[at] | (this.bytes[at + 1] << 8);
  }

  u24(): number {
    const low = this.u16();
    return low | (this.u8() << 16);
  }

  u32(): number {
    if (this.offset + 4 > this.end) return this.fail();
    const at = this.offset;
    const b = this.bytes;
    this.offset = at + 4;
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
  }

  /** As a double: exact up to 2^53, which no offset or address in a 32-bit file reaches. */
  u64(): number {
    const low = this.u32();
    return low + this.u32() * 0x1_0000_0000;
  }

  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  /** ULEB128 (DWARF 5, 7.6); digits above bit 63 are dropped. */
  uleb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      if (shift < 64) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  /** SLEB128 (DWARF 5, 7.6). */
  sleb(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.u8();
      if (shift < 64) value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return byte & 0x40 ? value - 2 ** Math.min(shift + 7, 70) : value;
    }
  }

  /** The next `count` bytes as a view; shorter on an overrun. */
  take(count: number): Uint8Array {
    const start = this.offset;
    if (count < 0 || count > this.remaining) this.fail();
    else this.offset = start + count;
    return this.bytes.subarray(start, this.offset);
  }

  /** Text up to a NUL, which is consumed; an unterminated one is an overrun. */
  text(): string {
    const start = this.offset;
    let at = start;
    let ascii = true;
    while (at < this.end && this.bytes[at] !== 0) if (this.bytes[at++] >= 0x80) ascii = false;
    if (at >= this.end) this.fail();
    else this.offset = at + 1;
    return decodeText(this.bytes, start, at, ascii);
  }

  private fail(): 0 {
    this.offset = this.end;
    this.overrun = true;
    return 0;
  }
}

/** The NUL-terminated text at `offset`, or undefined when it does not lie wholly in `bytes`. */
export function textAt(bytes: Uint8Array, offset: number): string | undefined {
  if (offset < 0 || offset >= bytes.length) return undefined;
  const cursor = new ByteCursor(bytes, offset);
  const text = cursor.text();
  return cursor.overrun ? undefined : text;
}

/** Names are short and nearly all ASCII: a plain loop beats a decoder call by far. */
function decodeText(bytes: Uint8Array, start: number, end: number, ascii: boolean): string {
  if (!ascii || end - start > 4096) return UTF8.decode(bytes.subarray(start, end));
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** `text` as bytes with a NUL at the end. */
export function nulTerminated(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  const bytes = new Uint8Array(encoded.length + 1);
  bytes.set(encoded);
  return bytes;
}
