/** Where stock gdb puts breakpoints, without running anything. */
import { tool } from '../guests/build.ts';

/** Addresses that gdb gives each breakpoint, in the order of `places`. */
export function gdbAddresses(path: string, places: readonly string[]): string[][] {
  const script = places.flatMap((place) => [
    '-ex',
    'echo @',
    '-ex',
    `break ${place}`,
    '-ex',
    'info breakpoints',
    '-ex',
    'delete',
  ]);
  const parts = tool('gdb', ['-nx', '-batch', ...script, path])
    .split('@')
    .slice(1);
  return parts.map((part) => {
    const listed = part.slice(part.indexOf('Num '));
    return [...new Set([...listed.matchAll(/0x([0-9a-f]{8})/g)].map((match) => match[1]))].sort();
  });
}

export const padded = (addresses: readonly number[]) =>
  addresses.map((address) => address.toString(16).padStart(8, '0')).sort();
