/** Names as they read from outside: with the namespaces, classes and modules around them. */
import * as at from './attributes.ts';
import type { Entry } from './entries.ts';

/** DW_LANG of the C family without classes (DWARF 5, 7.12): there tags are no type names. */
const C_LANGUAGES = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x8001]);
const LANGUAGE_RUST = 0x1c;
const MAX_SCOPES = 32;

function languageOf(entry: Entry): number {
  return entry.owner.root?.number(at.AT_LANGUAGE) ?? 0;
}

/** True where structures are called `struct NAME`. */
export function isTagLanguage(entry: Entry): boolean {
  return C_LANGUAGES.has(languageOf(entry));
}

export function isRust(entry: Entry): boolean {
  return languageOf(entry) === LANGUAGE_RUST;
}

/** `outer::inner::name`; '' for an entry without a name. */
export function qualifiedName(entry: Entry): string {
  const own = entry.inheritedText(at.AT_NAME);
  if (own === undefined) return '';
  const parts = [own];
  // A function's place in the source is that of its declaration.
  let last = entry;
  for (const origin of entry.origins()) last = origin;
  for (let scope = last.parent, depth = 0; scope !== undefined && depth < MAX_SCOPES; scope = scope.parent, depth++) {
    if (scope.tag === at.TAG_NAMESPACE) parts.unshift(scope.text(at.AT_NAME) ?? '(anonymous namespace)');
    else if (isStructure(scope.tag)) parts.unshift(scope.text(at.AT_NAME) ?? '');
    else break;
  }
  return parts.filter((part) => part !== '').join('::');
}

export function isStructure(tag: number): boolean {
  return tag === at.TAG_STRUCTURE_TYPE || tag === at.TAG_CLASS_TYPE || tag === at.TAG_UNION_TYPE;
}
