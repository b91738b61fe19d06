/** Disk images on the host: read before the run, and, only where the user asked for it, changed after it. */
import { closeSync, openSync, writeSync } from 'node:fs';
import type { DiskConfig, DriveName, Machine } from '../core/index.ts';
import { cannotWrite, readInput } from './files.ts';

export interface DiskOption {
  readonly drive: DriveName;
  readonly path: string;
  /** What the guest wrote goes into the file when the run ends. */
  readonly write: boolean;
}

const WRITE = ',write';
const SECTOR = 512;

/** `FILE` or `FILE,write` */
export function diskOption(drive: DriveName, text: string): DiskOption {
  const write = text.endsWith(WRITE);
  return { drive, path: write ? text.slice(0, -WRITE.length) : text, write };
}

/** @throws UserError when a file cannot be read */
export function readDisks(options: readonly DiskOption[]): DiskConfig[] {
  return options.map(({ drive, path }) => ({ drive, name: path, bytes: readInput(path, 'disk') }));
}

/** Puts the written sectors into the files that may be written. @throws UserError */
export function writeDisks(options: readonly DiskOption[], machine: Machine): void {
  for (const { drive, path, write } of options) {
    const medium = machine.disks.find(({ name }) => name === drive);
    if (!write || medium === undefined || !medium.changed) continue;
    try {
      const file = openSync(path, 'r+');
      try {
        for (const { sector, bytes } of medium.writes()) writeSync(file, bytes, 0, SECTOR, sector * SECTOR);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }
}
