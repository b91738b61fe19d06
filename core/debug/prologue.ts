/** What code around a function tells, where line tables do not say enough. System V ABI i386, 3.2. */

/**
 * True for `push %ebp; mov %esp,%ebp`, also behind ENDBR32, with operand-size prefixes, or behind GCC's stack
 * realignment. Optimized code also saves EBP alone, as one register of many.
 */
export function opensFrame(code: Uint8Array): boolean {
  let at = 0;
  if (code[0] === 0xf3 && code[1] === 0x0f && code[2] === 0x1e && code[3] === 0xfb) at = 4;
  // lea 4(%esp),%ecx; and $-16,%esp; push -4(%ecx): `main` realigns its stack first
  if (code[at] === 0x8d && code[at + 1] === 0x4c && code[at + 2] === 0x24 && code[at + 3] === 0x04) at += 10;
  if (code[at] === 0x66) at++;
  if (code[at++] !== 0x55) return false;
  if (code[at] === 0x66) at++;
  return isFrameMove(code, at);
}

/** `mov %esp,%ebp` in either encoding (89 E5, 8B EC). */
export function isFrameMove(code: Uint8Array, at: number): boolean {
  return (code[at] === 0x89 && code[at + 1] === 0xe5) || (code[at] === 0x8b && code[at + 1] === 0xec);
}

/** Bytes that are enough to tell. */
export const PROLOGUE_BYTES = 24;

/** Enough for the longest call: FF /2 with an address byte and a displacement, and 9A with a selector. */
export const CALL_BYTES = 7;

/** True when the last of the CALL_BYTES bytes end a CALL (SDM vol. 2, CALL): E8, 9A, FF /2 or FF /3. */
export function endsCall(code: Uint8Array, operandSize: 2 | 4): boolean {
  const end = code.length;
  if (code[end - 1 - operandSize] === 0xe8 || code[end - 3 - operandSize] === 0x9a) return true;
  for (let length = 2; length <= CALL_BYTES; length++) {
    const reg = (code[end - length + 1] >> 3) & 7;
    if (code[end - length] === 0xff && (reg === 2 || reg === 3)) return true;
  }
  return false;
}
