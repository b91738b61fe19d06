/** `npm run package`: the npm package (.tgz) and the VS Code extension (.vsix), both in the project's root. */
import { ensureDependencies } from './lib/dependencies.mjs';
import { fail, run } from './lib/root.mjs';

ensureDependencies();
const shell = process.platform === 'win32';
if (run('npm', ['pack'], { shell }) !== 0) fail('npm pack failed');
// vsce has native helpers that packaging does not need; it is fetched for a release only.
const vsce = [
  '--yes',
  '--ignore-scripts',
  '@vscode/vsce@3',
  'package',
  '--no-dependencies',
  '--skip-license',
  '--no-rewrite-relative-links',
  '--allow-missing-repository',
];
if (run('npx', vsce, { shell }) !== 0) fail('vsce failed');
