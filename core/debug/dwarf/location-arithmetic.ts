/** Arithmetic of DWARF expressions on 32-bit words: table only. DWARF 5, 2.5.1.4 and 2.5.1.5. */

const truth = (value: boolean) => (value ? 1 : 0);

/** `a op b`, b on top; undefined has no value. */
export const BINARY_OPERATIONS: ReadonlyMap<number, (a: number, b: number) => number | undefined> = new Map<
  number,
  (a: number, b: number) => number | undefined
>([
  [0x1a, (a, b) => a & b],
  [0x1b, (a, b) => (b === 0 ? undefined : Math.trunc(a / b))],
  [0x1c, (a, b) => a - b],
  [0x1d, (a, b) => (b === 0 ? undefined : (a >>> 0) % (b >>> 0))],
  [0x1e, (a, b) => Math.imul(a, b)],
  [0x21, (a, b) => a | b],
  [0x22, (a, b) => a + b],
  [0x24, (a, b) => (b >>> 0 > 31 ? 0 : a << b)],
  [0x25, (a, b) => (b >>> 0 > 31 ? 0 : a >>> b)],
  [0x26, (a, b) => a >> Math.min(b >>> 0, 31)],
  [0x27, (a, b) => a ^ b],
  [0x29, (a, b) => truth(a === b)],
  [0x2a, (a, b) => truth(a >= b)],
  [0x2b, (a, b) => truth(a > b)],
  [0x2c, (a, b) => truth(a <= b)],
  [0x2d, (a, b) => truth(a < b)],
  [0x2e, (a, b) => truth(a !== b)],
]);

export const UNARY_OPERATIONS: ReadonlyMap<number, (a: number) => number> = new Map([
  [0x19, (a: number) => Math.abs(a)],
  [0x1f, (a: number) => -a],
  [0x20, (a: number) => ~a],
]);
