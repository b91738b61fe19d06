/**
 * What a client of the GDB remote protocol sends: bytes to items. Knows no command; replies are `frame.ts`.
 * (GDB manual, appendix E.1 "Overview".)
 *
 *   $ <data> # <2 hex digits: sum of data modulo 256>
 *
 * In data, `}` escapes the next byte (xor 20h). Requests are never run-length encoded, so a `*` in one is a
 * plain byte.
 */

/** Largest request we take, framing excluded; advertised as PacketSize. */
export const MAX_PACKET = 0x20000;

const DOLLAR = 0x24;
const HASH = 0x23;
const PLUS = 0x2b;
const MINUS = 0x2d;
const ESCAPE = 0x7d;
const ESCAPE_XOR = 0x20;
const CONTROL_C = 0x03;

export type Item =
  /** With escapes resolved. */
  | { readonly kind: 'packet'; readonly data: Uint8Array }
  /** Framed correctly but longer than MAX_PACKET; its bytes are gone. */
  | { readonly kind: 'oversized' }
  /** The checksum did not match, or its two digits are not hexadecimal. */
  | { readonly kind: 'damaged' }
  | { readonly kind: 'ack' }
  | { readonly kind: 'nack' }
  | { readonly kind: 'interrupt' };

type State =
  | { readonly at: 'between' }
  | { readonly at: 'body' }
  | { readonly at: 'checksum'; readonly first: number | undefined };

const BETWEEN: State = { at: 'between' };
const BODY: State = { at: 'body' };
const CHECKSUM: State = { at: 'checksum', first: undefined };

/** Cuts one connection's byte stream into items, wherever the transport happened to split it. */
export class PacketReader {
  #state: State = BETWEEN;
  #body = new Uint8Array(1024);
  #length = 0;
  #sum = 0;

  /** Items completed by `bytes`. What is not complete yet waits for the next call. */
  feed(bytes: Uint8Array): Item[] {
    const items: Item[] = [];
    let at = 0;
    while (at < bytes.length) at = this.#state.at === 'body' ? this.#takeBody(bytes, at) : this.#take(bytes, at, items);
    return items;
  }

  /** One byte outside a body. Answers where the next one is. */
  #take(bytes: Uint8Array, at: number, items: Item[]): number {
    const byte = bytes[at];
    if (this.#state.at === 'checksum') {
      if (this.#state.first === undefined) this.#state = { at: 'checksum', first: byte };
      else {
        items.push(this.#finish(this.#state.first, byte));
        this.#state = BETWEEN;
      }
    } else if (byte === DOLLAR) this.#begin();
    else if (byte === PLUS) items.push({ kind: 'ack' });
    else if (byte === MINUS) items.push({ kind: 'nack' });
    else if (byte === CONTROL_C) items.push({ kind: 'interrupt' });
    // Anything else is line noise, which the protocol says to skip.
    return at + 1;
  }

  /** As much of a body as there is. */
  #takeBody(bytes: Uint8Array, from: number): number {
    let sum = this.#sum;
    let at = from;
    while (at < bytes.length && bytes[at] !== HASH && bytes[at] !== DOLLAR) sum += bytes[at++];
    this.#sum = sum & 0xff;
    this.#keep(bytes.subarray(from, at));
    if (at === bytes.length) return at;
    if (bytes[at] === HASH) this.#state = CHECKSUM;
    // A new packet starts: the sender gave up on the one before (`$` is always escaped in data).
    else this.#begin();
    return at + 1;
  }

  #begin(): void {
    this.#state = BODY;
    this.#length = 0;
    this.#sum = 0;
  }

  #keep(part: Uint8Array): void {
    // Escapes may double the wire length of a packet that is within the limit once decoded.
    const kept = Math.min(part.length, 2 * MAX_PACKET - this.#length);
    if (this.#length + kept > this.#body.length) {
      const larger = new Uint8Array(Math.max(this.#length + kept, 2 * this.#body.length));
      larger.set(this.#body);
      this.#body = larger;
    }
    this.#body.set(kept < part.length ? part.subarray(0, kept) : part, this.#length);
    this.#length += kept;
  }

  #finish(first: number, second: number): Item {
    if (hexValue(first) * 16 + hexValue(second) !== this.#sum) return { kind: 'damaged' };
    const data = resolveEscapes(this.#body.subarray(0, this.#length));
    return data.length > MAX_PACKET || this.#length >= 2 * MAX_PACKET
      ? { kind: 'oversized' }
      : { kind: 'packet', data };
  }
}

/** Of a hexadecimal digit; NaN for anything else. */
function hexValue(digit: number): number {
  if (digit >= 0x30 && digit <= 0x39) return digit - 0x30;
  const letter = digit | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : Number.NaN;
}

/** Resolves `}` escapes, in bytes of its own. A `}` at the very end stands for nothing. */
function resolveEscapes(body: Uint8Array): Uint8Array {
  if (!body.includes(ESCAPE)) return body.slice();
  const data = new Uint8Array(body.length);
  let length = 0;
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== ESCAPE) data[length++] = body[i];
    else if (++i < body.length) data[length++] = body[i] ^ ESCAPE_XOR;
  }
  return data.subarray(0, length);
}

/** Bytes of a string whose characters are all below 100h (higher ones lose their upper bits). */
export function latin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

/** The reverse of `latin1`. */
export function fromLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
