/** Names of C++ and Rust as text, taken apart. */

/** `a::b<c::d>::e(f::g)` → a, b<c::d>, e. */
export function nameComponents(text: string): string[] {
  const components: string[] = [];
  let depth = 0;
  let start = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const letter = text[at];
    if (letter === '(' && depth === 0 && !text.startsWith('(anonymous namespace)', at)) break;
    if (letter === '<' || letter === '(') depth++;
    else if ((letter === '>' || letter === ')') && depth > 0) depth--;
    else if (depth === 0 && text.startsWith('::', at)) {
      components.push(text.slice(start, at).trim());
      start = at + 2;
      at++;
    }
  }
  components.push(text.slice(start, at).trim());
  return components.filter((component) => component !== '');
}

/** What a qualified name stands in, innermost first: of `a::b<c::d>::e` that is `a::b<c::d>` and `a`. */
export function scopeNames(name: string): string[] {
  const scopes = nameComponents(name).slice(0, -1);
  return scopes.map((_, i) => scopes.slice(0, scopes.length - i).join('::'));
}

/** `max<int>` → `max`; an operator is called what it is called. */
export function withoutTemplateArguments(name: string): string {
  const open = name.indexOf('<');
  return open > 0 && name.endsWith('>') && !name.startsWith('operator') ? name.slice(0, open) : name;
}
