/** Questions about whole ranges of 32-bit words, for memory by the megabyte. */

/** True when words [start, end) are all zero; the count must be a multiple of eight. */
export function allZero(view: Uint32Array, start: number, end: number): boolean {
  for (let i = start; i < end; i += 8) {
    const any =
      view[i] | view[i + 1] | view[i + 2] | view[i + 3] | view[i + 4] | view[i + 5] | view[i + 6] | view[i + 7];
    if (any !== 0) return false;
  }
  return true;
}
