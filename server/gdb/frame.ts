/**
 * Replies of the GDB remote protocol, framed (GDB manual, appendix E.1): what `packet.ts` reads the other way.
 * A run may be shortened to `<byte>*<count + 29>`.
 */
import { latin1 } from './packet.ts';

const DOLLAR = 0x24;
const HASH = 0x23;
const PLUS = 0x2b;
const STAR = 0x2a;
const ESCAPE = 0x7d;
const ESCAPE_XOR = 0x20;
/** `~` stands for so many. */
const MAX_COUNT = 97;

/** A framed reply; text is taken as Latin-1, so that binary can be built as text too, and bytes as hex digits. */
export function frame(data: string | Uint8Array, acknowledge = false): Uint8Array {
  const body = typeof data === 'string' ? textBody(data) : hexBody(data);
  const framed = Buffer.allocUnsafe(body.length + (acknowledge ? 5 : 4));
  const start = acknowledge ? 2 : 1;
  framed[0] = PLUS;
  framed[start - 1] = DOLLAR;
  scratch.copy(framed, start, 0, body.length);
  framed[framed.length - 3] = HASH;
  framed[framed.length - 2] = DIGITS[(body.sum >> 4) & 15];
  framed[framed.length - 1] = DIGITS[body.sum & 15];
  return framed;
}

/** What a reply is put together in; grows to twice the longest one. */
let scratch = Buffer.alloc(4096);
const DIGITS = latin1('0123456789abcdef');

interface Body {
  /** Bytes of it in `scratch`. */
  readonly length: number;
  readonly sum: number;
}

function reserve(size: number): Uint8Array {
  if (scratch.length < size) scratch = Buffer.alloc(2 * size);
  return scratch;
}

function textBody(text: string): Body {
  // Escaped throughout it is twice as long; the source lies behind that and is read before it is overwritten.
  const room = 2 * text.length;
  const out = reserve(room + text.length);
  const end = room + scratch.write(text, room, 'latin1');
  let length = 0;
  let sum = 0;
  for (let at = room; at < end; ) {
    const byte = out[at++];
    if (byte === DOLLAR || byte === HASH || byte === ESCAPE || byte === STAR) {
      out[length++] = ESCAPE;
      out[length++] = byte ^ ESCAPE_XOR;
      sum += ESCAPE + (byte ^ ESCAPE_XOR);
      continue;
    }
    out[length++] = byte;
    sum += byte;
    let run = at;
    while (run < end && run - at < MAX_COUNT && out[run] === byte) run++;
    const count = repeatCount(run - at);
    if (count === 0) continue;
    at += count;
    out[length++] = STAR;
    out[length++] = count + 29;
    sum += STAR + count + 29;
  }
  return { length, sum };
}

/** Two digits a byte; a run of equal digits is one of equal bytes whose halves are equal. */
function hexBody(bytes: Uint8Array): Body {
  const out = reserve(2 * bytes.length);
  let length = 0;
  let sum = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at++];
    const low = DIGITS[byte & 15];
    if (byte % 0x11 !== 0 || bytes[at] !== byte) {
      const high = DIGITS[byte >> 4];
      out[length++] = high;
      out[length++] = low;
      sum += high + low;
      continue;
    }
    let run = at;
    while (run < bytes.length && bytes[run] === byte) run++;
    let left = 2 * (run - at + 1);
    at = run;
    while (left > 0) {
      out[length++] = low;
      sum += low;
      const count = repeatCount(--left);
      if (count === 0) continue;
      left -= count;
      out[length++] = STAR;
      out[length++] = count + 29;
      sum += STAR + count + 29;
    }
  }
  return { length, sum };
}

/** How many of `left` repeats one count stands for: a printable character that is neither `#` nor `$`. */
function repeatCount(left: number): number {
  if (left < 3) return 0;
  // 6 and 7 repeats would be written `#` and `$`.
  return left === 6 || left === 7 ? 5 : Math.min(left, MAX_COUNT);
}
