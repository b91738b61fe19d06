/** Characters in quotes as gdb prints them: escapes, and long runs of one of them outside of the quotes. */

/** gdb's own limits: `print elements`, `print repeats`. */
export const MAX_ELEMENTS = 200;
export const REPEATS = 10;

const ESCAPES: ReadonlyMap<number, string> = new Map([
  [7, '\\a'],
  [8, '\\b'],
  [9, '\\t'],
  [10, '\\n'],
  [11, '\\v'],
  [12, '\\f'],
  [13, '\\r'],
  [92, '\\\\'],
]);

/** One character inside `quote`s: printable, named escape, or octal; above 127 it is of Unicode or a mere byte. */
export function characterText(code: number, quote: string, isUnicode = code > 0xff): string {
  const named = ESCAPES.get(code);
  if (named !== undefined) return named;
  if (code >= 0x20 && code < 0x7f)
    return String.fromCharCode(code) === quote ? `\\${quote}` : String.fromCharCode(code);
  if (isUnicode && code >= 0xa0 && code <= 0x10ffff) return String.fromCodePoint(code);
  return `\\${code.toString(8).padStart(3, '0')}`;
}

/** The text of a C array or of what a `char *` points to: `"abc", '\000' <repeats 12 times>`. */
export function stringText(bytes: Uint8Array, isCut: boolean): string {
  // The NUL that ends a text is not shown.
  const hasEnd = !isCut && bytes.at(-1) === 0;
  const codes = Array.from(hasEnd ? bytes.subarray(0, -1) : bytes, (byte) => characterText(byte, '"'));
  return quotedText(codes, isCut);
}

/** The characters of a text in UTF-8, each as it stands inside of quotes. */
export function characters(bytes: Uint8Array): string[] {
  return Array.from(new TextDecoder().decode(bytes), (one) => characterText(one.codePointAt(0) ?? 0, '"', true));
}

/** Characters in quotes, long runs of one of them outside. */
export function quotedText(codes: readonly string[], isCut: boolean): string {
  if (codes.length === 0) return '""';
  const parts: string[] = [];
  let plainText = '';
  let printed = 0;
  let at = 0;
  while (at < codes.length && printed < MAX_ELEMENTS) {
    let run = 1;
    while (at + run < codes.length && codes[at + run] === codes[at]) run++;
    if (run > REPEATS) {
      if (plainText !== '') parts.push(`"${plainText}"`);
      plainText = '';
      parts.push(`'${single(codes[at])}' <repeats ${run} times>`);
      printed += REPEATS;
      at += run;
    } else {
      plainText += codes[at];
      printed++;
      at++;
    }
  }
  if (plainText !== '') parts.push(`"${plainText}"`);
  return parts.join(', ') + (isCut || at < codes.length ? '...' : '');
}

/** A character that stood in double quotes, in single ones. */
function single(code: string): string {
  return code === '\\"' ? '"' : code === "'" ? "\\'" : code;
}
