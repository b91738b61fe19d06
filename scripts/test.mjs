/**
 * `npm test [-- vitest arguments]`: installs what the tests need, builds, runs everything. Beside vitest's
 * own output it leaves a report in .work/test-report.json, which .ci/run counts from.
 */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureDependencies } from './lib/dependencies.mjs';
import { ensureGuests } from './lib/guests.mjs';
import { ensurePackages } from './lib/packages.mjs';
import { root, run, runTool } from './lib/root.mjs';
import { ensureRust } from './lib/rust.mjs';

const report = path.join(root, '.work/test-report.json');

ensureDependencies();
ensurePackages();
ensureGuests();
ensureRust();
if (run(process.execPath, ['scripts/build.mjs', '--types']) !== 0) process.exit(1);
mkdirSync(path.dirname(report), { recursive: true });
rmSync(report, { force: true });
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
process.exit(runTool('vitest/vitest.mjs', ['run', ...reporters, ...process.argv.slice(2)]));
