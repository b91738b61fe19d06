/**
 * The content of one disk: the image as it was given, which is never changed, and the sectors that the guest
 * has written since. It is a part of the machine's state, not a controller; a reset leaves it alone, as it
 * leaves the magnetism of a real one.
 */
import { UserError } from '../util/errors.ts';
import type { Device, DeviceState } from './device.ts';
import { invalid } from './state-shape.ts';

export const SECTOR_BYTES = 512;
const VERSION = 1;

export class DiskMedium implements Device {
  readonly name: string;
  readonly sectors: number;
  readonly #image: Uint8Array;
  readonly #written = new Map<number, Uint8Array>();

  /**
   * @param name of the drive, e.g. `fda`
   * @param sectors the disk's size; beyond the end of `image` it is zero
   */
  constructor(name: string, image: Uint8Array, sectors: number) {
    this.name = name;
    this.sectors = sectors;
    this.#image = image;
  }

  /** True when the guest has written anything. */
  get changed(): boolean {
    return this.#written.size > 0;
  }

  /** The 512 bytes of a sector, not to be changed; undefined beyond the end. */
  read(sector: number): Uint8Array | undefined {
    if (!this.#has(sector)) return undefined;
    const written = this.#written.get(sector);
    if (written !== undefined) return written;
    const start = sector * SECTOR_BYTES;
    const bytes = this.#image.subarray(start, start + SECTOR_BYTES);
    if (bytes.length === SECTOR_BYTES) return bytes;
    const padded = new Uint8Array(SECTOR_BYTES);
    padded.set(bytes);
    return padded;
  }

  /** False beyond the end. */
  write(sector: number, bytes: Uint8Array): boolean {
    if (!this.#has(sector)) return false;
    const copy = new Uint8Array(SECTOR_BYTES);
    copy.set(bytes.subarray(0, SECTOR_BYTES));
    this.#written.set(sector, copy);
    return true;
  }

  /** The written sectors in ascending order, for who puts them back into a file. */
  writes(): { readonly sector: number; readonly bytes: Uint8Array }[] {
    return [...this.#written].sort(([a], [b]) => a - b).map(([sector, bytes]) => ({ sector, bytes }));
  }

  reset(): void {
    // The medium keeps what was written to it.
  }

  save(): DeviceState {
    const writes = this.writes();
    const bytes = new Uint8Array(writes.length * SECTOR_BYTES);
    writes.forEach((write, index) => bytes.set(write.bytes, index * SECTOR_BYTES));
    return { version: VERSION, sectors: writes.map(({ sector }) => sector), bytes };
  }

  load(state: DeviceState): void {
    if (state?.version !== VERSION) {
      throw new UserError('state-version', `saved state of ${this.name} is not of version ${VERSION}`);
    }
    const { sectors, bytes } = state;
    if (!Array.isArray(sectors) || !sectors.every((sector) => typeof sector === 'number' && this.#has(sector)))
      throw invalid(`${this.name}.sectors`, 'sector numbers of this disk');
    if (!(bytes instanceof Uint8Array) || bytes.length !== sectors.length * SECTOR_BYTES)
      throw invalid(`${this.name}.bytes`, '512 bytes a sector');
    this.#written.clear();
    sectors.forEach((sector, index) => {
      this.write(sector as number, bytes.subarray(index * SECTOR_BYTES, (index + 1) * SECTOR_BYTES));
    });
  }

  #has(sector: number): boolean {
    return Number.isInteger(sector) && sector >= 0 && sector < this.sectors;
  }
}
