/** Mangled names as people write them. */
import { type DemangledName, demangleItanium } from './itanium.ts';
import { demangleRust } from './rust.ts';

/** Undefined for a name that is not mangled, or not in a way that is known. */
export function demangled(name: string): Pick<DemangledName, 'name' | 'full'> | undefined {
  const rust = demangleRust(name);
  return rust === undefined ? demangleItanium(name) : { name: rust, full: rust };
}
