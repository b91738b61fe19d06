/** Hit conditions: `5` and `==5` the fifth hit, `>5 >=5 <5 <=5` by comparison, `%5` every fifth. */
import { RequestError } from './protocol-error.ts';

/** @throws RequestError */
export function parseHitCondition(text: string): (hits: number) => boolean {
  const match = /^\s*(>=|<=|={1,3}|>|<|%)?\s*(0[xX][0-9a-fA-F]+|[0-9]+)\s*$/.exec(text);
  if (match === null) throw new RequestError(`not a hit count: ${text} (write 5, >=5 or %5)`);
  const count = Number(match[2]);
  switch (match[1]) {
    case '>':
      return (hits) => hits > count;
    case '>=':
      return (hits) => hits >= count;
    case '<':
      return (hits) => hits < count;
    case '<=':
      return (hits) => hits <= count;
    case '%':
      return (hits) => count > 0 && hits % count === 0;
    default:
      return (hits) => hits === count;
  }
}
