/** What shadow paging asks of the bus that joins memory-mapped devices; the machine hands it in. */
export type BusWidth = 1 | 2 | 4;

export interface MemoryBus {
  /** True when some device answers in this page, whether or not RAM lies under it. */
  covers(physicalPage: number): boolean;
  /** Unsigned. */
  read(physical: number, width: BusWidth): number;
  write(physical: number, width: BusWidth, value: number): void;
}

/** A machine without memory-mapped devices. */
export const NO_DEVICES: MemoryBus = {
  covers: () => false,
  read: () => 0xffffffff,
  write: () => undefined,
};
