/** Numbers in packets: strict, so that a damaged packet is an error and never another packet. */
import { hexByte } from '../../core/index.ts';

/** An unsigned hexadecimal number of at most 32 bits, or undefined. */
export function hexNumber(text: string): number | undefined {
  if (!/^[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  const value = Number.parseInt(text, 16);
  return value <= 0xffffffff ? value : undefined;
}

/** `count` hexadecimal numbers separated by commas, or undefined. */
export function hexNumbers(text: string, count: number): number[] | undefined {
  const parts = text.split(',');
  if (parts.length !== count) return undefined;
  const numbers: number[] = [];
  for (const part of parts) {
    const value = hexNumber(part);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return numbers;
}

/**
 * A thread id: `0` and `-1` mean any, `p1.1` is the multiprocess form. Answers the vCPU number, 'any', or
 * undefined when it is not an id.
 */
export function threadId(text: string): number | 'any' | undefined {
  const plain = /^p(?:1|0|-1)(?:\.|$)/.test(text) ? text.replace(/^p-?[0-9a-f]+\.?/, '') || '-1' : text;
  if (plain === '-1' || /^0+$/.test(plain)) return 'any';
  const value = hexNumber(plain);
  return value === undefined ? undefined : value - 1;
}

/** A little-endian hex string of `bytes` bytes; `value` is below 2^53. */
export function littleEndian(value: number, bytes: number): string {
  const low = hexByte(value) + hexByte(value >>> 8) + hexByte(value >>> 16) + hexByte(value >>> 24);
  return bytes <= 4 ? low.slice(0, 2 * bytes) : low + littleEndian(Math.floor(value / 2 ** 32), bytes - 4);
}
