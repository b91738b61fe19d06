/**
 * Real guests that the tests boot but that are not ours to keep: unpacked from Debian's packages into
 * .work/debian. A package index of its own is used, so that the machine's apt set-up stays as it is (no
 * foreign architecture has to be added).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { fail, root } from './root.mjs';

const folder = path.join(root, '.work/debian');
const VERSION = '1.8-486';
/** GNU Mach, and the same kernel with its debug information. */
const KERNELS = {
  gnumach: { package: `gnumach-image-${VERSION}`, file: `boot/gnumach-${VERSION}.gz` },
  'gnumach-dbg': { package: `gnumach-image-${VERSION}-dbg`, file: `boot/gnumach-${VERSION}-dbg.gz` },
};
const TRIES = 3;

function apt(...words) {
  const state = path.join(folder, 'apt');
  mkdirSync(path.join(state, 'lists/partial'), { recursive: true });
  mkdirSync(path.join(state, 'cache/archives/partial'), { recursive: true });
  const options = {
    'APT::Architecture': 'i386',
    'APT::Architectures::': 'i386',
    'Dir::State': state,
    'Dir::State::lists': path.join(state, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': path.join(state, 'cache'),
    'APT::Sandbox::User': 'root',
  };
  const settings = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return spawnSync('apt-get', ['-qq', ...settings, ...words], { cwd: folder, encoding: 'utf8' });
}

function fetch(name) {
  const { package: wanted, file } = KERNELS[name];
  const found = () => readdirSync(folder).find((entry) => entry.startsWith(`${wanted}_`) && entry.endsWith('.deb'));
  let said = '';
  for (let i = 0; i < TRIES && found() === undefined; i++) {
    // A mirror in the middle of a sync fails for some index; the one that counts may be there all the same.
    const update = apt('update');
    const download = apt('download', wanted);
    said = `${update.stderr}${download.stderr}`;
  }
  const archive = found();
  if (archive === undefined) fail(`the tests boot Debian's ${wanted} (i386), which could not be fetched:\n${said}`);
  const unpacked = spawnSync('dpkg-deb', ['-x', archive, 'root'], { cwd: folder, encoding: 'utf8' });
  if (unpacked.status !== 0) fail(`dpkg-deb could not unpack ${archive}: ${unpacked.stderr}`);
  writeFileSync(path.join(folder, name), gunzipSync(readFileSync(path.join(folder, 'root', file))));
}

/** Puts the kernels into .work/debian, once. */
export function ensureGuests() {
  mkdirSync(folder, { recursive: true });
  const missing = Object.keys(KERNELS).filter((name) => !existsSync(path.join(folder, name)));
  if (missing.length > 0) console.error(`fetching guests from Debian: ${missing.join(' ')} ...`);
  for (const name of missing) fetch(name);
}
