/** EFLAGS bits by name, for messages. */
const NAMES: readonly (readonly [number, string])[] = [
  [0x1, 'CF'],
  [0x4, 'PF'],
  [0x10, 'AF'],
  [0x40, 'ZF'],
  [0x80, 'SF'],
  [0x100, 'TF'],
  [0x200, 'IF'],
  [0x400, 'DF'],
  [0x800, 'OF'],
];

/** `CF=1 ZF=0` for the bits in `which`. */
export function arithmeticNames(flags: number, which: number): string {
  return NAMES.filter(([bit]) => which & bit)
    .map(([bit, name]) => `${name}=${flags & bit ? 1 : 0}`)
    .join(' ');
}
