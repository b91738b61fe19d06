/** Names as they read from outside: with the namespaces, classes and modules around them. */
import { demangled } from '../demangle/index.ts';
import type { DemangledName } from '../demangle/itanium.ts';
import * as at from './attributes.ts';
import type { Entry } from './entries.ts';

/** DW_LANG of the C family without classes (DWARF 5, 7.12): there tags are no type names. */
const C_LANGUAGES = new Set([0x01, 0x02, 0x0c, 0x1d, 0x2c, 0x8001]);
const CPLUSPLUS_LANGUAGES = new Set([0x04, 0x1a, 0x21, 0x2b]);
const LANGUAGE_RUST = 0x1c;
const MAX_SCOPES = 32;

function languageOf(entry: Entry): number {
  return entry.owner.root?.number(at.AT_LANGUAGE) ?? 0;
}

/** True where structures are called `struct NAME`. */
export function isTagLanguage(entry: Entry): boolean {
  return C_LANGUAGES.has(languageOf(entry));
}

export function isCPlusPlus(entry: Entry): boolean {
  return CPLUSPLUS_LANGUAGES.has(languageOf(entry));
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
  const name = parts.filter((part) => part !== '').join('::');
  return isCPlusPlus(entry) && name.includes('<') ? canonicalName(name) : name;
}

/**
 * A function's name as frames show it, without parameters. In C++ the mangled name knows more than the place
 * of the entry does: classes inside of functions, and types spelled the one way. Assemblers make a function of
 * every global label, with the local ones in it: there symbols know better, and '' is answered.
 */
export function functionName(entry: Entry): string {
  if (languageOf(entry) === at.LANGUAGE_ASSEMBLER) return '';
  return mangledName(entry)?.name ?? qualifiedName(entry);
}

/** As it stands behind an address: in C++ with its parameters. */
export function functionTitle(entry: Entry, parameters: () => string): string {
  const full = mangledName(entry)?.full;
  if (full !== undefined) return full;
  const name = qualifiedName(entry);
  return isCPlusPlus(entry) && name !== '' ? `${name}(${parameters()})` : name;
}

function mangledName(entry: Entry): Pick<DemangledName, 'name' | 'full'> | undefined {
  if (!isCPlusPlus(entry)) return undefined;
  const linkage = entry.inheritedText(at.AT_LINKAGE_NAME) ?? entry.inheritedText(at.AT_MIPS_LINKAGE_NAME);
  return linkage === undefined ? undefined : demangled(linkage);
}

/**
 * C++ has several ways to spell one type, and compilers choose differently; gdb has one, also inside of
 * template arguments: `short int` is `short`.
 */
export function canonicalName(name: string): string {
  return name.replaceAll(/\b(?:(?:unsigned|signed|short|long|int|char)\b ?)+/g, (words) => {
    const end = words.endsWith(' ') ? ' ' : '';
    return canonicalInteger(words.trim().split(' ')) + end;
  });
}

function canonicalInteger(words: readonly string[]): string {
  const has = (word: string) => words.includes(word);
  const size = has('short') ? 'short' : words.filter((word) => word === 'long').join(' ');
  if (has('char')) return words.join(' ');
  const parts = [has('unsigned') ? 'unsigned' : '', size === '' ? 'int' : size];
  return parts.filter((part) => part !== '').join(' ');
}

/** In C++ and Rust enumerators belong to a namespace, a class, or (`enum class`) the enumeration itself. */
export function enumeratorPrefix(entry: Entry): string {
  if (isTagLanguage(entry)) return '';
  const own = qualifiedName(entry);
  const scope = entry.has(at.AT_ENUM_CLASS) ? own : own.slice(0, Math.max(own.lastIndexOf('::'), 0));
  return scope === '' ? '' : `${scope}::`;
}

export function isStructure(tag: number): boolean {
  return tag === at.TAG_STRUCTURE_TYPE || tag === at.TAG_CLASS_TYPE || tag === at.TAG_UNION_TYPE;
}
