/** What every bundle is made with. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './root.mjs';

export const source = (file) => path.join(root, file);

export const { version } = JSON.parse(readFileSync(source('package.json'), 'utf8'));

/** `node20` and `es2022` keep esbuild's binary loader from using Uint8Array.fromBase64, which Node 20 lacks. */
export const COMMON = {
  absWorkingDir: root,
  bundle: true,
  format: 'cjs',
  minifySyntax: true,
  metafile: true,
  legalComments: 'none',
  logLevel: 'silent',
  external: ['vscode'],
};

/**
 * The disassembler is 1.3 MB and takes a third of a second to come up, so it is a file of its own beside
 * the bundles and only the first disassembly requires it.
 */
export const icedApart = {
  name: 'iced-apart',
  setup(build) {
    build.onResolve({ filter: /^iced-x86$/ }, () => ({ path: './iced-x86.js', external: true }));
  },
};
