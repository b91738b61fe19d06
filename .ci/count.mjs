/** Counts vitest's JSON report and prints the verdict; the argument is the exit status of `npm test`. */
import { readFileSync } from 'node:fs';

const status = Number(process.argv[2]);
let report;
try {
  report = JSON.parse(readFileSync('.work/test-report.json', 'utf8'));
} catch {
  console.log('no test report: the tests did not run');
  console.log('0 passed, 1 failed');
  process.exit(1);
}

const tests = report.testResults.flatMap((file) => file.assertionResults);
const passed = tests.filter((test) => test.status === 'passed').length;
const leftOut = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
for (const test of leftOut) console.log(`not run (${test.status}): ${test.fullName}`);
// A file that does not load has no tests in it, yet it failed.
const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
for (const file of broken) console.log(`did not load: ${file.name}`);
let failed = tests.length - passed + broken.length;
if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
