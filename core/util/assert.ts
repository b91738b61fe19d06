/**
 * Assertions for our own bugs. A guest, a packet or a user can never trip one: guest faults are data in
 * the exit record and user mistakes are a `UserError`.
 */

/** Throws when `condition` is false: something in Trapgate itself is wrong. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal error: ${message}`);
}

/** Marks a switch arm that the types say cannot be reached. */
export function unreachable(value: never, what: string): never {
  throw new Error(`internal error: unexpected ${what}: ${String(value)}`);
}
