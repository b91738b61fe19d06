/** How the .vsix is made: scripts/package.mjs does it for a release, the VS Code tests do it for what they install. */
export const VSCE = '@vscode/vsce';
/** Of the major version that runs on Node 20. */
export const VSCE_VERSION = '3.9.2';
/** No dependencies: the bundles have everything inside. The package has no repository to link to. */
export const PACKAGE_WORDS = [
  'package',
  '--no-dependencies',
  '--no-rewrite-relative-links',
  '--allow-missing-repository',
];
