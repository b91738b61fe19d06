/**
 * VS Code with a server of its own, as the npm package `code-server` has it: extensions with a `main` run in the
 * Node host there, on real files. Ours comes the way users get it, as the packed .vsix.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Wanted, work } from './install.ts';
import type { Site } from './web-server.ts';
import { SETTINGS, writeWorkspace } from './workspace.ts';

const root = path.resolve(import.meta.dirname, '../..');
const LIMIT = 180_000;
const GRACE = 5_000;

const extensions = path.join(work, 'profile/extensions');
const PLACES = ['--user-data-dir', 'data', '--extensions-dir', 'extensions', '--config', 'config.yaml'];

interface Packaging {
  readonly VSCE: string;
  readonly VSCE_VERSION: string;
  readonly PACKAGE_WORDS: readonly string[];
}
const { VSCE, VSCE_VERSION, PACKAGE_WORDS } = (await import(
  new URL('../../scripts/lib/vsce.mjs', import.meta.url).href
)) as Packaging;

/** What packs as `npm run package` does. */
export const PACKER: Wanted = { name: 'vsce', packages: { [VSCE]: VSCE_VERSION } };

/** Files that are to be left out; contents do not matter. */
const OTHERS = [
  'core/index.ts',
  'test/x.test.ts',
  'node_modules/x/index.js',
  '.work/x.json',
  'dist/index.js',
  'x.vsix',
];

/** What .vscodeignore lets through, and what package.json needs. */
export function packedFiles(): string[] {
  const kept = readFileSync(path.join(root, '.vscodeignore'), 'utf8').matchAll(/^!(.+)$/gm);
  return [...kept].map(([, name]) => name);
}

/**
 * Packs the extension from what is built; answers the file. It is done in a folder of its own, without the npm
 * scripts, for they would build dist anew under the other tests; a few files of no package are there as well.
 * @param installed folder with what PACKER wants
 */
export async function packExtension(installed: string): Promise<string> {
  const stage = path.join(work, 'package');
  rmSync(stage, { recursive: true, force: true });
  const { scripts: _, ...manifest } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  for (const name of ['.vscodeignore', ...packedFiles(), ...OTHERS]) {
    mkdirSync(path.dirname(path.join(stage, name)), { recursive: true });
    if (OTHERS.includes(name)) writeFileSync(path.join(stage, name), '');
    else if (name === 'package.json') writeFileSync(path.join(stage, name), JSON.stringify(manifest));
    else copyFileSync(path.join(root, name), path.join(stage, name));
  }
  const file = path.join(work, 'trapgate.vsix');
  rmSync(file, { force: true });
  const packer = path.join(installed, `node_modules/${VSCE}/vsce`);
  const said = await finished(start(packer, [...PACKAGE_WORDS, '--out', file], stage));
  if (!existsSync(file)) throw new Error(`vsce made no package:\n${said}`);
  return file;
}

/**
 * Installs the package into an empty profile; answers the folder that it is unpacked to.
 * @param installed folder with `node_modules/code-server`
 */
export async function installExtension(installed: string, vsix: string): Promise<string> {
  const profile = path.join(work, 'profile');
  rmSync(profile, { recursive: true, force: true });
  mkdirSync(path.join(profile, 'data/User'), { recursive: true });
  writeFileSync(path.join(profile, 'data/User/settings.json'), JSON.stringify(SETTINGS));
  const said = await finished(start(entryOf(installed), [...PLACES, '--install-extension', vsix], profile));
  const folder = existsSync(extensions)
    ? readdirSync(extensions).find((name) => name.startsWith('trapgate.'))
    : undefined;
  if (folder === undefined) throw new Error(`code-server did not install the extension:\n${said}`);
  return path.join(extensions, folder);
}

function entryOf(installed: string): string {
  return path.join(installed, 'node_modules/code-server/out/node/entry.js');
}

/**
 * Starts a server on the profile that `installExtension` made.
 * @param installed folder with `node_modules/code-server`
 */
export async function serveNode(installed: string): Promise<Site> {
  const profile = path.join(work, 'profile');
  const workspace = path.join(work, 'workspace');
  writeWorkspace(workspace, false);
  const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust'];
  const words = ['--bind-addr', '127.0.0.1:0', '--auth', 'none', '--disable-getting-started-override', ...quiet];
  const server = start(entryOf(installed), [...PLACES, ...words], profile);
  try {
    const [address] = await heard(server, /http:\/\/127\.0\.0\.1:\d+\//);
    const query = new URLSearchParams({ folder: workspace });
    return { url: `${address}?${query}`, close: () => ended(server) };
  } catch (error) {
    await ended(server);
    throw error;
  }
}

/** A script of Node in a process group of its own, which goes when this process goes. */
function start(script: string, words: readonly string[], cwd: string): ChildProcess {
  // Inside a terminal of VS Code these would make it talk to that window.
  const own = Object.entries(process.env).filter(([name]) => !/^(VSCODE|NODE_OPTIONS|CODE_SERVER)/.test(name));
  const env = { ...Object.fromEntries(own), HOME: cwd };
  const child = spawn(process.execPath, [script, ...words], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => killGroup(child, 'SIGKILL');
  process.on('exit', kill);
  child.on('close', () => process.off('exit', kill));
  return child;
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}

/** Waits for the end of a program and answers what it said. */
async function finished(child: ChildProcess): Promise<string> {
  const said = collected(child);
  const clock = setTimeout(() => killGroup(child, 'SIGKILL'), LIMIT);
  await new Promise<void>((resolve, reject) => {
    child.on('close', () => resolve());
    child.on('error', reject);
  }).finally(() => clearTimeout(clock));
  return said();
}

/** Waits until a program says something. */
function heard(child: ChildProcess, what: RegExp): Promise<RegExpExecArray> {
  const said = collected(child);
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`code-server ${why}:\n${said()}`));
    const clock = setTimeout(() => fail(`did not listen within ${LIMIT / 1000} s`), LIMIT);
    const look = () => {
      const found = what.exec(said());
      if (found === null) return;
      clearTimeout(clock);
      resolve(found);
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.on('error', reject);
    child.on('close', () => {
      clearTimeout(clock);
      fail('ended');
    });
  });
}

function collected(child: ChildProcess): () => string {
  let said = '';
  const hear = (chunk: Buffer) => {
    said += chunk.toString();
  };
  child.stdout?.on('data', hear);
  child.stderr?.on('data', hear);
  return () => said;
}

/** Ends a program with all it started: asked first, then not. */
async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.on('close', resolve));
  killGroup(child, 'SIGTERM');
  const clock = setTimeout(() => killGroup(child, 'SIGKILL'), GRACE);
  if (child.exitCode === null && child.signalCode === null) await gone;
  clearTimeout(clock);
  killGroup(child, 'SIGKILL');
}
