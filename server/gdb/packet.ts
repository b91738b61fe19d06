/**
 * Framing of the GDB remote protocol: bytes to items and replies to bytes. Knows no command.
 * (GDB manual, appendix E.1 "Overview".)
 *
 *   $ <data> # <2 hex digits: sum of data modulo 256>
 *
 * In data, `}` escapes the next byte (xor 20h). Replies may shorten a run: `<byte>*<count + 29>`.
 * Requests are never run-length encoded, so a `*` in one is a plain byte.
 */

/** Largest request we take, framing excluded; advertised as PacketSize. */
export const MAX_PACKET = 0x20000;

const DOLLAR = 0x24;
const HASH = 0x23;
const PLUS = 0x2b;
const MINUS = 0x2d;
const STAR = 0x2a;
const ESCAPE = 0x7d;
const ESCAPE_XOR = 0x20;
const CONTROL_C = 0x03;

export type Item =
  /** `raw` as it was on the wire (the checksum's text), `data` with escapes resolved. */
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

/** Cuts one connection's byte stream into items, wherever the transport happened to split it. */
export class PacketReader {
  #state: State = { at: 'between' };
  #body = new Uint8Array(1024);
  #length = 0;
  #sum = 0;

  /** Items completed by `bytes`. What is not complete yet waits for the next call. */
  feed(bytes: Uint8Array): Item[] {
    const items: Item[] = [];
    for (const byte of bytes) this.#take(byte, items);
    return items;
  }

  #take(byte: number, items: Item[]): void {
    switch (this.#state.at) {
      case 'between':
        if (byte === DOLLAR) this.#begin();
        else if (byte === PLUS) items.push({ kind: 'ack' });
        else if (byte === MINUS) items.push({ kind: 'nack' });
        else if (byte === CONTROL_C) items.push({ kind: 'interrupt' });
        // Anything else is line noise, which the protocol says to skip.
        return;
      case 'body':
        if (byte === HASH) this.#state = { at: 'checksum', first: undefined };
        // A new packet starts: the sender gave up on the one before (`$` is always escaped in data).
        else if (byte === DOLLAR) this.#begin();
        else this.#keep(byte);
        return;
      case 'checksum':
        if (this.#state.first === undefined) this.#state = { at: 'checksum', first: byte };
        else {
          items.push(this.#finish(this.#state.first, byte));
          this.#state = { at: 'between' };
        }
    }
  }

  #begin(): void {
    this.#state = { at: 'body' };
    this.#length = 0;
    this.#sum = 0;
  }

  #keep(byte: number): void {
    this.#sum = (this.#sum + byte) & 0xff;
    // Escapes may double the wire length of a packet that is within the limit once decoded.
    if (this.#length >= 2 * MAX_PACKET) return;
    if (this.#length === this.#body.length) {
      const larger = new Uint8Array(this.#body.length * 2);
      larger.set(this.#body);
      this.#body = larger;
    }
    this.#body[this.#length++] = byte;
  }

  #finish(first: number, second: number): Item {
    const text = String.fromCharCode(first, second);
    if (!/^[0-9a-fA-F]{2}$/.test(text) || Number.parseInt(text, 16) !== this.#sum) return { kind: 'damaged' };
    const data = resolveEscapes(this.#body.subarray(0, this.#length));
    return data.length > MAX_PACKET || this.#length >= 2 * MAX_PACKET
      ? { kind: 'oversized' }
      : { kind: 'packet', data };
  }
}

/** Resolves `}` escapes. A `}` at the very end stands for nothing. */
function resolveEscapes(body: Uint8Array): Uint8Array {
  const data = new Uint8Array(body.length);
  let length = 0;
  for (let i = 0; i < body.length; i++) {
    if (body[i] !== ESCAPE) data[length++] = body[i];
    else if (++i < body.length) data[length++] = body[i] ^ ESCAPE_XOR;
  }
  return data.subarray(0, length);
}

/** A framed reply; text is taken as Latin-1, so that binary can be built as text too. */
export function frame(data: string | Uint8Array): Uint8Array {
  const bytes = typeof data === 'string' ? latin1(data) : data;
  const out: number[] = [DOLLAR];
  let i = 0;
  while (i < bytes.length) {
    const byte = bytes[i];
    if (byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === STAR) {
      out.push(ESCAPE, byte ^ ESCAPE_XOR);
      i++;
      continue;
    }
    let run = 1;
    while (i + run < bytes.length && bytes[i + run] === byte) run++;
    emitRun(out, byte, run);
    i += run;
  }
  let sum = 0;
  for (let k = 1; k < out.length; k++) sum += out[k];
  out.push(HASH, hexDigit((sum >> 4) & 15), hexDigit(sum & 15));
  return Uint8Array.from(out);
}

/** `byte` and its repeats: a count is one printable character that is neither `#` nor `$`. */
function emitRun(out: number[], byte: number, run: number): void {
  let left = run;
  while (left > 0) {
    out.push(byte);
    left--;
    if (left < 3) continue;
    let count = Math.min(left, 97);
    // 6 and 7 repeats would be written `#` and `$`.
    if (count === 6 || count === 7) count = 5;
    out.push(STAR, count + 29);
    left -= count;
  }
}

function hexDigit(value: number): number {
  return value < 10 ? 0x30 + value : 0x57 + value;
}

/** Bytes of a string whose characters are all below 100h (higher ones lose their upper bits). */
export function latin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The reverse of `latin1`. */
export function fromLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return text;
}
