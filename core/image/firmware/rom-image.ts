/**
 * What a machine needs of the ROM before any of it runs: its bytes, and where the interrupts go. Bundles have the
 * values of these constants as a table (scripts/lib/tables.mjs): no start-up puts the ROM together.
 */
import { buildRom } from './rom.ts';

const { bytes, vectors, dummy } = buildRom();
/** Zeros that are stored sooner than another piece is begun. */
const GAP = 16;
const VECTORS = 0x78;

/** ROM offsets and the bytes there; everything else is zero. */
export const ROM_PIECES: readonly (readonly [offset: number, bytes: readonly number[]])[] = pieces();

/** ROM offset of the handler of each interrupt from 0 on. */
export const VECTOR_OFFSETS: readonly number[] = Array.from({ length: VECTORS }, (_, i) => vectors.get(i) ?? dummy);

function pieces(): [number, number[]][] {
  const found: [number, number[]][] = [];
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0) continue;
    const last = found.at(-1);
    if (last !== undefined && at - (last[0] + last[1].length) < GAP)
      last[1].push(...bytes.subarray(last[0] + last[1].length, at + 1));
    else found.push([at, [bytes[at]]]);
  }
  return found;
}
