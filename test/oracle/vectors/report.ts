/** Runs vectors and says what differed: the whole of `npm run vectors`, and what the vector test calls. */
import { differences } from './compare.ts';
import { exceptionFor } from './exceptions.ts';
import { VectorMachine } from './machine.ts';
import type { Vector } from './vector.ts';

export interface Report {
  /** Vectors that ran and counted. */
  readonly total: number;
  readonly different: number;
  /** Vectors whose instruction ran as translated code. */
  readonly translated: number;
  /** Vectors left out, by reason. */
  readonly excepted: ReadonlyMap<string, number>;
}

const hexBytes = (bytes: Uint8Array) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** @param print gets one line for each vector that differs */
export function runVectors(vectors: Iterable<Vector>, tier: 0 | 1, print: (line: string) => void): Report {
  const machine = new VectorMachine(tier);
  const excepted = new Map<string, number>();
  let total = 0;
  let different = 0;
  for (const vector of vectors) {
    const exception = exceptionFor(vector);
    if (exception) {
      excepted.set(exception.reason, (excepted.get(exception.reason) ?? 0) + 1);
      continue;
    }
    total++;
    const found = differences(vector, machine.run(vector));
    if (found.length === 0) continue;
    different++;
    print(`${vector.name} [${hexBytes(vector.code)}]: ${found.join(', ')}`);
  }
  return { total, different, translated: machine.translated, excepted };
}
