/**
 * Debian packages that the tests unpack instead of installing, for i386 and for this machine. A package index
 * of its own is used, so that the machine's apt set-up stays as it is (no foreign architecture has to be
 * added). Everything lies in .work/debian.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fail, root } from './root.mjs';

export const debianFolder = path.join(root, '.work/debian');
const TRIES = 3;
let native;

/** What dpkg calls this machine: `amd64`. */
export function nativeArchitecture() {
  native ??= spawnSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).stdout?.trim() || 'amd64';
  return native;
}

function apt(...words) {
  const state = path.join(debianFolder, 'apt');
  mkdirSync(path.join(state, 'lists/partial'), { recursive: true });
  mkdirSync(path.join(state, 'cache/archives/partial'), { recursive: true });
  const options = [
    ['APT::Architecture', nativeArchitecture()],
    ['APT::Architectures::', nativeArchitecture()],
    ['APT::Architectures::', 'i386'],
    ['Dir::State', state],
    ['Dir::State::lists', path.join(state, 'lists')],
    ['Dir::State::status', '/dev/null'],
    ['Dir::Cache', path.join(state, 'cache')],
    ['APT::Sandbox::User', 'root'],
  ];
  const settings = options.flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return spawnSync('apt-get', ['-qq', ...settings, ...words], { cwd: debianFolder, encoding: 'utf8' });
}

/**
 * The archive of a package, downloaded once.
 * @param why what the tests do with it, for whoever has to fetch it by hand
 */
export function fetchPackage(name, architecture, why) {
  mkdirSync(debianFolder, { recursive: true });
  const found = () =>
    readdirSync(debianFolder).find((entry) => entry.startsWith(`${name}_`) && entry.endsWith(`_${architecture}.deb`));
  let said = '';
  for (let i = 0; i < TRIES && found() === undefined; i++) {
    const download = apt('download', `${name}:${architecture}`);
    if (found() !== undefined) break;
    // There is no index yet, or an old one. A mirror in the middle of a sync fails for some index; the one
    // that counts may be there all the same.
    const update = apt('update');
    said = `${download.stderr}${update.stderr}`;
    apt('download', `${name}:${architecture}`);
  }
  const archive = found();
  if (archive === undefined) fail(`${why} Debian's ${name} (${architecture}), which could not be fetched:\n${said}`);
  return path.join(debianFolder, archive);
}

/**
 * Unpacks an archive into a folder of .work/debian.
 * @param wanted patterns of the files to take, `./usr/lib/*`; all without any
 */
export function unpack(archive, folder, wanted = []) {
  const target = path.join(debianFolder, folder);
  mkdirSync(target, { recursive: true });
  const extract = `dpkg-deb --fsys-tarfile "$0" | tar -x -C "$1" --wildcards "\${@:2}"`;
  const done = spawnSync('bash', ['-o', 'pipefail', '-c', extract, archive, target, ...wanted], { encoding: 'utf8' });
  if (done.status !== 0) fail(`${archive} could not be unpacked: ${done.stderr}`);
  return target;
}
