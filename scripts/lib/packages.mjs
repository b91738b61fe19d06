/**
 * Programs the tests need beside Node: found on PATH, else installed from Debian by apt-get. As root or
 * with a sudo that asks nothing this needs no hand; otherwise it says plainly what is missing.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { fail } from './root.mjs';

function onPath(command) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** gcc alone cannot build i386 guests: its 32-bit libgcc comes with gcc-multilib. */
function gcc32() {
  const { stdout, status } = spawnSync('gcc', ['-m32', '-print-libgcc-file-name'], { encoding: 'utf8' });
  return status === 0 && /[/\\](32|i[3-6]86[^/]*)[/\\]/.test(stdout) && path.isAbsolute(stdout.trim());
}

const DEJAVU = '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf';

const NEEDED = [
  { package: 'gcc-multilib', why: 'builds the test guests', present: gcc32 },
  { package: 'g++', why: 'builds those in C++', present: () => onPath('g++') },
  { package: 'clang', why: 'builds test guests, too', present: () => onPath('clang') && onPath('clang++') },
  { package: 'lld', why: 'links some of them', present: () => onPath('ld.lld') },
  { package: 'binutils', why: 'assembles guests; readelf is an oracle', present: () => onPath('readelf') },
  { package: 'nasm', why: 'assembles guests', present: () => onPath('nasm') },
  { package: 'gdb', why: 'drives the GDB stub', present: () => onPath('gdb') },
  { package: 'qemu-system-x86', why: 'is the machine we compare with', present: () => onPath('qemu-system-i386') },
  { package: 'chromium', why: 'shows VS Code', present: () => onPath('chromium') },
  { package: 'fonts-dejavu-core', why: 'is the font of that browser', present: () => existsSync(DEJAVU) },
  { package: 'xz-utils', why: 'unpacks hardware vectors', present: () => onPath('xz') },
];

const INSTALL = ['install', '--no-install-recommends'];

/** @param prefix what gives root's rights */
function apt(prefix, names) {
  // By `env`, because sudo keeps no variable of ours; without it a package may ask a question.
  const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get'];
  const run = (...args) => spawnSync(command, [...rest, ...args], { stdio: 'inherit' }).status;
  // A mirror in the middle of a sync fails for some index; what is wanted may be there all the same.
  run('update', '-qq');
  return run(...INSTALL, '-y', ...names) === 0;
}

export function ensurePackages() {
  const missing = NEEDED.filter(({ present }) => !present());
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.package);
  const root = process.getuid?.() === 0;
  const hasSudo = !root && onPath('sudo');
  const sudo = hasSudo && spawnSync('sudo', ['-n', 'true']).status === 0;
  if (onPath('apt-get') && (root || sudo)) {
    console.error(`installing Debian packages: ${names.join(' ')} ...`);
    if (apt(sudo ? ['sudo', '-n'] : [], names) && NEEDED.every(({ present }) => present())) return;
  }
  const reasons = missing.map((entry) => `  ${entry.package}: ${entry.why}`).join('\n');
  const command = ['apt-get', ...INSTALL, ...names].join(' ');
  const how = root || hasSudo ? 'install them' : 'install them as root';
  fail(`the tests need these packages:\n${reasons}\n${how}: ${hasSudo ? 'sudo ' : ''}${command}`);
}
