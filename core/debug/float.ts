/** Floating-point numbers of the guest as doubles: 4 and 8 bytes, and the x87's 10 (stored in 10, 12 or 16). */

const EXTENDED_BIAS = 16383;

/** NaN for a size that is none. An extended number is rounded to a double. */
export function floatOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length === 4) return view.getFloat32(0, true);
  if (bytes.length === 8) return view.getFloat64(0, true);
  return bytes.length >= 10 ? extendedOf(view) : Number.NaN;
}

/* 64 bits of significand with its leading one, 15 of exponent, sign (SDM vol. 1, 4.2.2). */
function extendedOf(view: DataView): number {
  const significand = view.getBigUint64(0, true);
  const high = view.getUint16(8, true);
  const sign = high & 0x8000 ? -1 : 1;
  const exponent = high & 0x7fff;
  if (exponent === 0x7fff) return BigInt.asUintN(63, significand) === 0n ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (significand === 0n) return sign * 0;
  return sign * Number(significand) * 2 ** (exponent - EXTENDED_BIAS - 63);
}

/** The bytes of a number in memory's format of `size` bytes; undefined for a size that is none. */
export function floatBytes(value: number, size: number): Uint8Array | undefined {
  const view = new DataView(new ArrayBuffer(8));
  if (size === 4) view.setFloat32(0, value, true);
  else if (size === 8) view.setFloat64(0, value, true);
  else return undefined;
  return new Uint8Array(view.buffer, 0, size);
}

/** As `%.{precision}g` of C prints it. */
export function floatText(value: number, size: number): string {
  if (Number.isNaN(value)) return 'nan';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  if (Object.is(value, -0)) return '-0';
  if (value === 0) return '0';
  const precision = size === 4 ? 9 : 17;
  const [mantissa, exponentText] = value.toExponential(precision - 1).split('e');
  const exponent = Number(exponentText);
  const trimmed = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);
  if (exponent < -4 || exponent >= precision) {
    const digits = String(Math.abs(exponent)).padStart(2, '0');
    return `${trimmed(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`;
  }
  return trimmed(value.toFixed(Math.min(Math.max(precision - 1 - exponent, 0), 100)));
}

/** A NaN with its sign and the rest of its significand: `-nan(0x7ffffd)`, in words of 32 bits as gdb has it. */
export function nanText(bytes: Uint8Array): string {
  const bits = bytes.length === 4 ? 23 : bytes.length === 8 ? 52 : 64;
  let whole = 0n;
  for (let i = Math.min(bytes.length, 10) - 1; i >= 0; i--) whole = (whole << 8n) | BigInt(bytes[i]);
  const sign = whole >> (bytes.length >= 10 ? 79n : BigInt(bytes.length * 8 - 1)) === 1n ? '-' : '';
  const significand = BigInt.asUintN(bits, whole);
  const low = bits > 32 ? (significand & 0xffff_ffffn).toString(16).padStart(8, '0') : '';
  const high = bits > 32 ? significand >> 32n : significand;
  return `${sign}nan(0x${high.toString(16)}${low})`;
}
