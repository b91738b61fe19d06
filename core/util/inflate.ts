/**
 * Decompresses zlib streams (RFC 1950 around RFC 1951), synchronously and without host help: debug sections
 * of kernels come compressed. Not a stream, no compression, no check of the Adler-32 sum.
 */

/** No DEFLATE code yields more than 258 bytes from 2 bits. */
const MOST_PER_BYTE = 1032;
const MAX_BITS = 15;
const END_OF_BLOCK = 256;
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
];
const DISTANCE_EXTRA = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
];
/** The order in which a dynamic block lists the lengths of its code-length code (RFC 1951, 3.2.7). */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** `size` bytes of plain text from a zlib stream; undefined when it is malformed or yields another size. */
export function inflateZlib(stream: Uint8Array, size: number): Uint8Array | undefined {
  // A lying size must not become a huge allocation.
  if (stream.length < 2 || size > stream.length * MOST_PER_BYTE) return undefined;
  if ((stream[0] & 15) !== 8 || ((stream[0] << 8) | stream[1]) % 31 !== 0 || stream[1] & 0x20) return undefined;
  const inflater = new Inflater(stream, 2, size);
  return inflater.run() ? inflater.output : undefined;
}

/** Canonical Huffman code: how many codes of each length, and the symbols in code order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function makeCode(lengths: Uint8Array): Code {
  const counts = new Uint16Array(MAX_BITS + 1);
  for (const length of lengths) counts[length]++;
  counts[0] = 0;
  const next = new Uint16Array(MAX_BITS + 2);
  for (let bits = 1; bits <= MAX_BITS; bits++) next[bits + 1] = next[bits] + counts[bits];
  const symbols = new Uint16Array(lengths.length);
  for (let symbol = 0; symbol < lengths.length; symbol++)
    if (lengths[symbol] !== 0) symbols[next[lengths[symbol]]++] = symbol;
  return { counts, symbols };
}

const FIXED_LITERALS = makeCode(
  Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)),
);
const FIXED_DISTANCES = makeCode(new Uint8Array(30).fill(5));

class Inflater {
  readonly output: Uint8Array;
  private readonly input: Uint8Array;
  private position: number;
  private written = 0;
  private bitBuffer = 0;
  private bitCount = 0;
  private failed = false;

  constructor(input: Uint8Array, start: number, size: number) {
    this.input = input;
    this.position = start;
    this.output = new Uint8Array(size);
  }

  run(): boolean {
    for (let last = 0; last === 0 && !this.failed; ) {
      last = this.bits(1);
      const type = this.bits(2);
      if (type === 0) this.stored();
      else if (type === 1) this.block(FIXED_LITERALS, FIXED_DISTANCES);
      else if (type === 2) this.dynamic();
      else this.failed = true;
    }
    return !this.failed && this.written === this.output.length;
  }

  private bits(count: number): number {
    while (this.bitCount < count) {
      if (this.position >= this.input.length) {
        this.failed = true;
        return 0;
      }
      this.bitBuffer |= this.input[this.position++] << this.bitCount;
      this.bitCount += 8;
    }
    const value = this.bitBuffer & ((1 << count) - 1);
    this.bitBuffer >>>= count;
    this.bitCount -= count;
    return value;
  }

  private symbol(code: Code): number {
    let value = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MAX_BITS && !this.failed; length++) {
      value |= this.bits(1);
      const count = code.counts[length];
      if (value - first < count) return code.symbols[index + value - first];
      index += count;
      first = (first + count) << 1;
      value <<= 1;
    }
    this.failed = true;
    return END_OF_BLOCK;
  }

  private stored(): void {
    this.bitBuffer = 0;
    this.bitCount = 0;
    const at = this.position;
    const length = this.input[at] | (this.input[at + 1] << 8);
    this.position = at + 4 + length;
    if (this.position > this.input.length || this.written + length > this.output.length) {
      this.failed = true;
      return;
    }
    this.output.set(this.input.subarray(at + 4, this.position), this.written);
    this.written += length;
  }

  private dynamic(): void {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const codeLengths = this.bits(4) + 4;
    const lengths = new Uint8Array(19);
    for (let i = 0; i < codeLengths; i++) lengths[CODE_LENGTH_ORDER[i]] = this.bits(3);
    const code = makeCode(lengths);
    const all = new Uint8Array(literals + distances);
    for (let i = 0; i < all.length && !this.failed; ) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        all[i++] = symbol;
        continue;
      }
      const previous = symbol === 16 && i > 0 ? all[i - 1] : 0;
      const repeat = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if ((symbol === 16 && i === 0) || i + repeat > all.length) this.failed = true;
      else all.fill(previous, i, i + repeat);
      i += repeat;
    }
    if (!this.failed) this.block(makeCode(all.subarray(0, literals)), makeCode(all.subarray(literals)));
  }

  private block(literals: Code, distances: Code): void {
    while (!this.failed) {
      const symbol = this.symbol(literals);
      if (symbol === END_OF_BLOCK) return;
      if (symbol < END_OF_BLOCK) {
        if (this.written >= this.output.length) this.failed = true;
        else this.output[this.written++] = symbol;
      } else this.copy(symbol - 257, distances);
    }
  }

  private copy(lengthCode: number, distances: Code): void {
    const length = LENGTH_BASE[lengthCode] + this.bits(LENGTH_EXTRA[lengthCode] ?? 0);
    const distanceCode = this.symbol(distances);
    const distance = DISTANCE_BASE[distanceCode] + this.bits(DISTANCE_EXTRA[distanceCode] ?? 0);
    // NaN from a code that does not exist fails these comparisons, too.
    if (!(distance <= this.written && this.written + length <= this.output.length)) {
      this.failed = true;
      return;
    }
    // Byte by byte: source and destination may overlap, which repeats a pattern.
    for (let i = 0; i < length; i++, this.written++) this.output[this.written] = this.output[this.written - distance];
  }
}
