/**
 * Functions by the names that people type: `area`, `Square::area`, `geometry::Square::area`, with or without
 * template arguments and parameters. As in gdb, any tail of the qualified name will do. It knows names only;
 * where a breakpoint on a function belongs is decided in program.ts.
 */
import type { FunctionRange, FunctionTable } from './dwarf/function-table.ts';
import { nameComponents, withoutTemplateArguments } from './dwarf/name-parts.ts';

/**
 * Every function, and every place where one was inlined, that `text` may mean.
 * @param qualified the function's name with all its scopes
 */
export function functionsByName(
  text: string,
  table: FunctionTable,
  qualified: (found: FunctionRange) => string,
): { readonly own: readonly FunctionRange[]; readonly inlined: readonly FunctionRange[] } {
  const wanted = nameComponents(text);
  const last = wanted.at(-1) ?? '';
  // Of one component the table's own key is all there is to compare.
  const means = (found: FunctionRange) =>
    wanted.length === 1 || isTail(wanted, nameComponents(qualified(found)).filter(isNamed));
  return { own: table.named(last).filter(means), inlined: table.inlinedNamed(last).filter(means) };
}

/** Scopes without a name can be left out, as in the source. */
function isNamed(component: string): boolean {
  return component !== '(anonymous namespace)';
}

function isTail(wanted: readonly string[], all: readonly string[]): boolean {
  if (wanted.length > all.length) return false;
  return wanted.every((name, i) => {
    const found = all[all.length - wanted.length + i];
    return found === name || withoutTemplateArguments(found) === name;
  });
}
