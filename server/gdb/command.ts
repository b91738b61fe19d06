/** One row of the command table: what a packet starts with, how its arguments read, what it does. */
import { type Answer, INVALID, type Stub } from './stub.ts';

export interface Command {
  readonly prefix: string;
  /** `rest` is what follows the prefix, one character a byte. */
  execute(stub: Stub, rest: string): Promise<Answer> | Answer;
}

/**
 * Parsing and doing apart: `parse` sees only text, `run` only what it means. Arguments that do not parse
 * are answered with EINVAL.
 */
export function command<T>(
  prefix: string,
  parse: (rest: string) => T | undefined,
  run: (stub: Stub, args: T) => Promise<Answer> | Answer,
): Command {
  return {
    prefix,
    execute(stub, rest) {
      const args = parse(rest);
      return args === undefined ? INVALID : run(stub, args);
    },
  };
}

/** For a packet without arguments. */
export function bare(prefix: string, run: (stub: Stub) => Promise<Answer> | Answer): Command {
  return command(
    prefix,
    (rest) => (rest === '' ? true : undefined),
    (stub) => run(stub),
  );
}
