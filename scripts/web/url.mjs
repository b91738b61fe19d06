/** The debug adapter base classes turn client paths into URLs and back. */
export const { URL } = globalThis;

export function parse(text) {
  return new URL(text);
}
