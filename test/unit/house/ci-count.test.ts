/** The last line of a CI run tells the truth: skipped tests, files that do not load and empty runs are failures. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const count = path.resolve(import.meta.dirname, '../../../.ci/count.mjs');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'trapgate-ci-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Verdict and exit status for a report with these test results, and files that did not load. */
function verdict(statuses: string[] | undefined, exit = 0, broken = 0): [line: string | undefined, status: number] {
  if (statuses) {
    const assertionResults = statuses.map((status, i) => ({ status, fullName: `test ${i}` }));
    const files = [{ name: 'a.test.ts', status: 'passed', assertionResults }];
    for (let i = 0; i < broken; i++) files.push({ name: `b${i}.test.ts`, status: 'failed', assertionResults: [] });
    mkdirSync(path.join(folder, '.work'), { recursive: true });
    writeFileSync(path.join(folder, '.work/test-report.json'), JSON.stringify({ testResults: files }));
  }
  const result = spawnSync(process.execPath, [count, String(exit)], { cwd: folder, encoding: 'utf8' });
  return [result.stdout.trimEnd().split('\n').at(-1), result.status ?? -1];
}

it('passes when everything passed', () => {
  expect(verdict(['passed', 'passed'])).toEqual(['2 passed, 0 failed', 0]);
});

it('counts failures', () => {
  expect(verdict(['passed', 'failed'], 1)).toEqual(['1 passed, 1 failed', 1]);
});

it.each(['skipped', 'pending', 'todo'])('takes a test that is %s for a failure', (status) => {
  expect(verdict(['passed', status])).toEqual(['1 passed, 1 failed', 1]);
});

it('fails without tests, without a report, with a file that does not load, and when npm test failed', () => {
  expect(verdict([])).toEqual(['0 passed, 1 failed', 1]);
  expect(verdict(undefined)).toEqual(['0 passed, 1 failed', 1]);
  expect(verdict(['passed'], 1, 1)).toEqual(['1 passed, 1 failed', 1]);
  expect(verdict(['passed'], 1)).toEqual(['1 passed, 1 failed', 1]);
});
