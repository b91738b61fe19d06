/** Licence notices of the packages whose code is inside the bundles, from esbuild's own list of inputs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.mjs';

/** Name of the package that owns an input, or undefined for our own files. */
function packageOf(input) {
  const match = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
  return match?.[1];
}

function noticeOf(name) {
  const folder = path.join(root, 'node_modules', name);
  const { version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  if (!file) throw new Error(`package ${name} has no licence file to quote`);
  return `${name} ${version} (${license})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
}

/** @param metafiles esbuild metafiles of everything that is shipped */
export function notices(metafiles) {
  const names = new Set();
  for (const metafile of metafiles) {
    for (const input of Object.keys(metafile.inputs)) {
      const name = packageOf(input);
      if (name && existsSync(path.join(root, 'node_modules', name))) names.add(name);
    }
  }
  const head = 'Trapgate is MIT licensed. Its files contain code of the packages below, under their licences.\n';
  return [head, ...[...names].sort().map(noticeOf)].join(`\n${'-'.repeat(78)}\n\n`);
}
