/**
 * Mangled names of Rust in the old manner, which dresses them as C++: `_ZN4core3fmt5Write9write_fmt17h<hash>E`.
 * The hash is left out, and what stands for punctuation becomes punctuation again.
 */

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['SP', '@'],
  ['BP', '*'],
  ['RF', '&'],
  ['LT', '<'],
  ['GT', '>'],
  ['LP', '('],
  ['RP', ')'],
  ['C', ','],
]);
const HASH = /^h[0-9a-f]{16}$/;

/** Undefined for what is no such name. */
export function demangleRust(mangled: string): string | undefined {
  const body = /^_ZN(.*)E(?:\.llvm\.[0-9A-F@]+)?$/.exec(mangled)?.[1];
  if (body === undefined) return undefined;
  const parts: string[] = [];
  for (let at = 0; at < body.length; ) {
    const digits = /^\d{1,4}/.exec(body.slice(at, at + 4))?.[0];
    if (digits === undefined) return undefined;
    const start = at + digits.length;
    at = start + Number(digits);
    if (at > body.length) return undefined;
    parts.push(body.slice(start, at));
  }
  if (parts.length < 2 || !HASH.test(parts[parts.length - 1])) return undefined;
  return parts.slice(0, -1).map(readable).join('::');
}

function readable(part: string): string {
  // An identifier must not begin with a `$`: an underscore keeps it from that.
  return part
    .replace(/^_(?=\$)/, '')
    .replaceAll(/\$(\w+)\$/g, (whole, name: string) => {
      const code = Number.parseInt(/^u([0-9a-f]{1,6})$/.exec(name)?.[1] ?? '', 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : (ESCAPES.get(name) ?? whole);
    })
    .replaceAll('..', '::');
}
