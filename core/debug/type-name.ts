/**
 * The name of a type in C's syntax, spaced as gdb spaces it: declarators grow around the (absent) name from
 * the inside out, `int (*)(char)`, `const struct point *[3]`. C11, 6.7.6 and 6.7.7.
 */
import { MAX_TYPE_DEPTH, type Type } from './types.ts';

/** Parameters that a name lists before it gives up. */
const MAX_PARAMETERS = 64;

export function typeName(type: Type, depth = 0): string {
  let inner = type;
  let declarator = '';
  // A `*` or `&` on the left is weaker than brackets and parentheses on the right.
  let prefixed = false;
  for (let level = depth; level < MAX_TYPE_DEPTH; level++) {
    if (isNamed(inner)) break;
    if (inner.kind === 'pointer') {
      declarator = `${inner.reference ?? '*'}${declarator}`;
      prefixed = true;
      inner = inner.target;
    } else if (inner.kind === 'qualified' && (inner.target.kind === 'pointer' || restricts(inner))) {
      declarator = ` ${inner.qualifier}${/^\w/.test(declarator) ? ' ' : ''}${declarator}`;
      inner = inner.target;
    } else if (inner.kind === 'array') {
      if (prefixed) declarator = `(${declarator})`;
      declarator = `${declarator}[${inner.count ?? ''}]`;
      prefixed = false;
      inner = inner.element;
    } else if (inner.kind === 'function') {
      if (prefixed) declarator = `(${declarator})`;
      declarator = `${declarator}(${parameterNames(inner, level + 1)})`;
      prefixed = false;
      inner = inner.result;
    } else break;
  }
  const base = baseName(inner, depth);
  return declarator === '' ? base : `${base} ${declarator.trimStart()}`;
}

function restricts(type: Type): boolean {
  return type.kind === 'qualified' && type.qualifier === 'restrict';
}

function parameterNames(type: Extract<Type, { kind: 'function' }>, depth: number): string {
  const names = type.parameters.slice(0, MAX_PARAMETERS).map((one) => typeName(one, depth));
  if (type.isVariadic) names.push('...');
  return names.length === 0 ? (type.isPrototyped ? 'void' : '') : names.join(', ');
}

/** Its name is a word, whatever it is made of. */
function isNamed(type: Type): boolean {
  return type.kind === 'pointer' ? type.name !== undefined : isRust(type);
}

function isRust(type: Type): boolean {
  return (type.kind === 'array' || type.kind === 'function') && type.syntax === 'rust';
}

/** `[u8; 4]`, `fn (u32) -> u32`. */
function rustName(type: Type, depth: number): string {
  if (depth >= MAX_TYPE_DEPTH || (type.kind !== 'array' && type.kind !== 'function')) return '...';
  if (type.kind === 'array') return `[${typeName(type.element, depth + 1)}; ${type.count ?? 0}]`;
  const names = type.parameters.slice(0, MAX_PARAMETERS).map((one) => typeName(one, depth + 1));
  const result = type.result.kind === 'void' ? '' : ` -> ${typeName(type.result, depth + 1)}`;
  return `fn (${names.join(', ')})${result}`;
}

/** Qualifiers stand in gdb's order, in front of the name. */
function baseName(type: Type, depth: number): string {
  const qualifiers = new Set<string>();
  let inner = type;
  for (let level = depth; inner.kind === 'qualified' && level < MAX_TYPE_DEPTH; level++) {
    qualifiers.add(inner.qualifier);
    inner = inner.target;
  }
  const ordered = ['const', 'volatile', '_Atomic', 'restrict'].filter((name) => qualifiers.has(name));
  // Arrays and functions under a qualifier: their own declarator follows the base.
  if (isRust(inner)) return rustName(inner, depth);
  const name = inner.kind === 'array' || inner.kind === 'function' ? typeName(inner, depth + 1) : plainName(inner);
  return [...ordered, name].join(' ');
}

function plainName(type: Type): string {
  switch (type.kind) {
    case 'struct':
      return structName(type);
    case 'enum':
      return type.name === '' ? 'enum {...}' : type.isTag ? `enum ${type.name}` : type.name;
    case 'void':
      return 'void';
    case 'pointer':
      return type.name ?? '...';
    case 'integer':
    case 'float':
    case 'named':
    case 'unknown':
      return type.name;
    default:
      return '...';
  }
}

function structName(type: Extract<Type, { kind: 'struct' }>): string {
  if (type.name === '') return `${type.keyword} {...}`;
  return type.isTag ? `${type.keyword} ${type.name}` : type.name;
}
