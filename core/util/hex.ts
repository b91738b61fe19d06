/** Hexadecimal text: numbers for people, byte strings for the GDB protocol. */

/** `value` as an unsigned 32-bit number of exactly `digits` hex digits, without prefix. */
export function hex(value: number, digits = 8): string {
  return (value >>> 0).toString(16).padStart(digits, '0');
}

/** The same with `0x` in front. */
export function hex0x(value: number, digits = 8): string {
  return `0x${hex(value, digits)}`;
}

const DIGITS = Array.from({ length: 256 }, (_, value) => value.toString(16).padStart(2, '0'));

/** ASCII of the digits, for texts too long to be put together from pairs. */
const ASCII = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
let decoder: TextDecoder | undefined;
const SHORT = 16;

/** Values of ASCII hexadecimal digits; -1 for what is none. */
const VALUES = Int8Array.from({ length: 128 }, (_, code) => '0123456789abcdef'.indexOf(String.fromCharCode(code)));
for (let i = 0; i < 6; i++) VALUES[0x41 + i] = 10 + i;

/** One byte as two hex digits. */
export function hexByte(value: number): string {
  return DIGITS[value & 0xff];
}

/** Bytes as two hex digits each. */
export function bytesToHex(bytes: Uint8Array): string {
  if (bytes.length <= SHORT) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) text += DIGITS[bytes[i]];
    return text;
  }
  const text = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    text[2 * i] = ASCII[bytes[i] >> 4];
    text[2 * i + 1] = ASCII[bytes[i] & 15];
  }
  decoder ??= new TextDecoder();
  return decoder.decode(text);
}

/** The bytes of a string of hex digit pairs, or undefined when it is not one. */
export function hexToBytes(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    const value = (digitValue(text, 2 * i) << 4) | digitValue(text, 2 * i + 1);
    if (value < 0) return undefined;
    bytes[i] = value;
  }
  return bytes;
}

function digitValue(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code < VALUES.length ? VALUES[code] : -1;
}
