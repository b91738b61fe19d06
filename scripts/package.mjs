/** `npm run package`: the npm package (.tgz) and the VS Code extension (.vsix), both in the project's root. */
import { ensureDependencies } from './lib/dependencies.mjs';
import { fail, run } from './lib/root.mjs';
import { PACKAGE_WORDS, VSCE, VSCE_VERSION } from './lib/vsce.mjs';

ensureDependencies();
const shell = process.platform === 'win32';
if (run('npm', ['pack'], { shell }) !== 0) fail('npm pack failed');
// It is fetched for a release only; its native helpers, which packaging does not need, are not built.
const words = ['--yes', '--ignore-scripts', `${VSCE}@${VSCE_VERSION}`, ...PACKAGE_WORDS];
if (run('npx', words, { shell }) !== 0) fail('vsce failed');
