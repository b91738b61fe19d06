/**
 * Builds dist/: `node scripts/build.mjs [--types]`. What each file of dist is stands in lib/bundles.mjs.
 * --types also writes the library's declarations (dist/types), which `exports` names.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { build } from './lib/bundles.mjs';
import { fail, root } from './lib/root.mjs';

function declarations() {
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [tsc, '-b', 'core'], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve) => child.on('exit', (status) => resolve(status === 0)));
}

const started = performance.now();
const [, typed] = await Promise.all([build(), process.argv.includes('--types') ? declarations() : true]).catch(
  (error) => fail(`build failed: ${error.message}`),
);
if (!typed) fail('build failed: the declarations have type errors');
console.error(`built dist in ${((performance.now() - started) / 1000).toFixed(1)} s`);
