/** `npm run vectors -- FILE|DIR [--tier N]`: bundles the runner (test/oracle/vectors) and runs it. */
import path from 'node:path';
import { ensureDependencies } from './lib/dependencies.mjs';
import { dist, root, run } from './lib/root.mjs';

ensureDependencies();
const { bundleTool } = await import('./lib/bundles.mjs');
const tool = path.join(dist, '.build/vectors.cjs');
await bundleTool(path.join(root, 'test/oracle/vectors/cli.ts'), tool);
// Paths on the command line are the caller's, not the project's.
process.exit(run(process.execPath, [tool, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd() }));
