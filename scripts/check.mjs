/** `npm run check`: format, lint and rank rule, types, then the unit tests. Stops at the first that fails. */
import { ensureDependencies } from './lib/dependencies.mjs';
import { fail, runTool } from './lib/root.mjs';

ensureDependencies();
const steps = [
  ['biome', '@biomejs/biome/bin/biome', ['check', '--error-on-warnings', '.']],
  // tsc 7 keeps stale errors when only `lib` changed, hence --force.
  ['tsc', 'typescript/bin/tsc', ['-b', '--force']],
  ['unit tests', 'vitest/vitest.mjs', ['run', '--project', 'unit', '--reporter', 'dot']],
];
for (const [name, script, args] of steps) {
  if (runTool(script, args) !== 0) fail(`check failed: ${name}`);
}
