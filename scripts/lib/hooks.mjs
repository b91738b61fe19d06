/** Makes git use .githooks, unless the user chose hooks of their own. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.mjs';

const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

export function useHooks() {
  if (!existsSync(path.join(root, '.git')) || git('config', 'core.hooksPath').status !== 1) return;
  git('config', 'core.hooksPath', '.githooks');
}
