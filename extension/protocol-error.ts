/** A request that cannot be answered: one line that the client shows to its user. */
import { ExpressionError, UserError } from '../core/index.ts';

export class RequestError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RequestError';
  }
}

/** The line for the user, whatever was thrown. */
export function errorLine(error: unknown): string {
  if (error instanceof UserError) return error.line;
  if (error instanceof RequestError || error instanceof ExpressionError) return error.message;
  return error instanceof Error ? (error.message.split('\n', 1)[0] ?? 'error') : String(error);
}
