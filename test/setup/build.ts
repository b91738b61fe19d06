/** Builds dist once before the system tests when a source is newer than the last build, or the types are missing. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export default async function setup(): Promise<void> {
  const bundles = (await import(new URL('../../scripts/lib/bundles.mjs', import.meta.url).href)) as {
    newestSource(): number;
  };
  const stamp = path.join(root, 'dist/.build/stamp');
  const typed = existsSync(path.join(root, 'dist/types/core/index.d.ts'));
  if (typed && existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) >= bundles.newestSource()) return;
  const build = spawnSync(process.execPath, [path.join(root, 'scripts/build.mjs'), ...(typed ? [] : ['--types'])], {
    cwd: root,
    encoding: 'utf8',
  });
  if (build.status !== 0) throw new Error(`the build failed:\n${build.stdout}${build.stderr}`);
}
