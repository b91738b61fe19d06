/** Backslash escapes in scenario texts: \n \r \t \b \e \0 \\ \xHH. Any other escape stands for itself. */
const SIMPLE: Record<string, string> = { n: '\n', r: '\r', t: '\t', b: '\b', e: '\x1b', 0: '\0', '\\': '\\' };

export function decodeEscapes(text: string): string {
  return text.replace(/\\(?:x([0-9a-fA-F]{2})|([nrtbe0\\]))/g, (_, code: string | undefined, name: string) =>
    code === undefined ? SIMPLE[name] : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

/** The bytes of a text whose characters are all below 256; others become their UTF-8 bytes. */
export function textBytes(text: string): number[] {
  const bytes: number[] = [];
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (code < 256) bytes.push(code);
    else bytes.push(...new TextEncoder().encode(character));
  }
  return bytes;
}
