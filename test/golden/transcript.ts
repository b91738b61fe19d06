/** Transcripts of protocol sessions: compared with the stored text, or written anew with UPDATE_GOLDEN=1. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Leaves out what is another one on every machine and in every version. */
export function masked(text: string): string {
  return text
    .replaceAll(ROOT, '$ROOT')
    .replace(/"(seq|request_seq|steps)":\d+,?/g, '')
    .replace(/("name":"steps","value":")\d+/g, '$1N')
    .replace(/\b\d+\.\d+\.\d+\b/g, 'VERSION');
}

export function expectTranscript(name: string, lines: readonly string[]): void {
  const file = path.join(import.meta.dirname, `${name}.txt`);
  const text = `${lines.map(masked).join('\n')}\n`;
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}
