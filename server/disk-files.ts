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

/** @throws UserError when a file cannot be read or, where that is wanted, written: the run would be for nothing */
export function readDisks(options: readonly DiskOption[]): DiskConfig[] {
  return options.map(({ drive, path, write }) => {
    const bytes = readInput(path, 'disk');
    if (write) change(path, () => undefined);
    return { drive, name: path, bytes };
  });
}

/** Puts the written sectors into the files that may be written. @throws UserError */
export function writeDisks(options: readonly DiskOption[], machine: Machine): void {
  for (const { drive, path, write } of options) {
    const medium = machine.disks.find(({ name }) => name === drive);
    if (!write || medium === undefined || !medium.changed) continue;
    change(path, (file) => {
      for (const { sector, bytes } of medium.writes()) writeSync(file, bytes, 0, SECTOR, sector * SECTOR);
    });
  }
}

/** @throws UserError */
function change(path: string, write: (file: number) => void): void {
  try {
    const file = openSync(path, 'r+');
    try {
      write(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
