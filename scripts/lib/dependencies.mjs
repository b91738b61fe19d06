/**
 * Development dependencies: `npm ci` when node_modules is missing or does not hold what the lock file
 * names. Compared by content, so that a fresh checkout with newer file times does not reinstall.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { useHooks } from './hooks.mjs';
import { fail, root, run } from './root.mjs';

function readLock(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages;
}

export function dependenciesAreCurrent() {
  const installed = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(installed)) return false;
  const have = readLock(installed);
  const want = readLock(path.join(root, 'package-lock.json'));
  for (const [name, entry] of Object.entries(want)) {
    // '' is the project itself; optional packages are those of other platforms.
    if (name === '' || entry.optional || entry.devOptional || entry.peer) continue;
    if (have[name]?.version !== entry.version) return false;
  }
  return true;
}

/** What every script of a checkout begins with; git's hooks are part of it. */
export function ensureDependencies() {
  // Not by npm's `prepare`: npm would warn everyone who installs the package of a script.
  useHooks();
  if (dependenciesAreCurrent()) return;
  console.error('installing development dependencies (npm ci) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const status = run(npm, ['ci', '--no-audit', '--no-fund'], { shell: process.platform === 'win32' });
  if (status !== 0) fail('npm ci failed; see its messages above');
}
