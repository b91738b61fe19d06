/** Constants of attributes, whichever form the compiler chose, as whole numbers. DWARF 5, 7.5.5. */
import type { FormValue } from './form.ts';

/** The number as written (a small one may be unsigned where a signed one is meant); undefined for no number. */
export function constantOf(value: FormValue | undefined): bigint | undefined {
  if (value?.kind === 'number') return value.exact ?? (Number.isInteger(value.value) ? BigInt(value.value) : 0n);
  if (value?.kind === 'address') return BigInt(value.value);
  if (value?.kind !== 'block' || value.bytes.length > 16) return undefined;
  return littleEndian(value.bytes);
}

/** Bytes as an unsigned number, lowest first. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}
