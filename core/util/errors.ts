/**
 * Mistakes of the user: a wrong option, a missing or truncated file. Shown as one line with a hint and
 * never with a stack trace.
 */
export class UserError extends Error {
  /** @param code stable machine-readable name, e.g. `image-truncated` @param hint what to do about it */
  readonly code: string;
  readonly hint: string;
  constructor(code: string, message: string, hint = '') {
    super(message);
    this.name = 'UserError';
    this.code = code;
    this.hint = hint;
  }

  /** The one line a front end prints. */
  get line(): string {
    return this.hint === '' ? this.message : `${this.message} (${this.hint})`;
  }
}

/** An option or capability that the contract names and that a later version builds. */
export function notSupportedYet(what: string): UserError {
  return new UserError('not-supported', `not supported yet: ${what}`);
}
