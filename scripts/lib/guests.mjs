/** Real guests that the tests boot but that are not ours to keep: from Debian's packages into .work/debian. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { debianFolder, fetchPackage, unpack } from './debian.mjs';

const VERSION = '1.8-486';
/** GNU Mach, and the same kernel with its debug information. */
const KERNELS = {
  gnumach: { package: `gnumach-image-${VERSION}`, file: `boot/gnumach-${VERSION}.gz` },
  'gnumach-dbg': { package: `gnumach-image-${VERSION}-dbg`, file: `boot/gnumach-${VERSION}-dbg.gz` },
};

function fetch(name) {
  const { package: wanted, file } = KERNELS[name];
  const folder = unpack(fetchPackage(wanted, 'i386', 'the tests boot'), 'root');
  writeFileSync(path.join(debianFolder, name), gunzipSync(readFileSync(path.join(folder, file))));
}

/** Puts the kernels into .work/debian, once. */
export function ensureGuests() {
  const missing = Object.keys(KERNELS).filter((name) => !existsSync(path.join(debianFolder, name)));
  if (missing.length > 0) console.error(`fetching guests from Debian: ${missing.join(' ')} ...`);
  for (const name of missing) fetch(name);
}
