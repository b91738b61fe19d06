/** The floppy formats of the PC, by the size of their images, and how INT 13h names them. Tables only. */
export interface Geometry {
  readonly cylinders: number;
  readonly heads: number;
  /** Sectors a track. */
  readonly sectors: number;
}

export interface FloppyType extends Geometry {
  /** In BL of INT 13h AH=08h and in CMOS byte 10h: 1 360K, 2 1.2M, 3 720K, 4 1.44M, 5 2.88M. */
  readonly drive: number;
}

export const FLOPPY_TYPES: readonly FloppyType[] = [
  { cylinders: 40, heads: 1, sectors: 8, drive: 1 },
  { cylinders: 40, heads: 1, sectors: 9, drive: 1 },
  { cylinders: 40, heads: 2, sectors: 8, drive: 1 },
  { cylinders: 40, heads: 2, sectors: 9, drive: 1 },
  { cylinders: 80, heads: 2, sectors: 9, drive: 3 },
  { cylinders: 80, heads: 2, sectors: 15, drive: 2 },
  { cylinders: 80, heads: 2, sectors: 18, drive: 4 },
  { cylinders: 80, heads: 2, sectors: 21, drive: 4 },
  { cylinders: 80, heads: 2, sectors: 36, drive: 5 },
];

/** Step rate and head load, DMA; motor off after 2 s; 512 bytes; last sector; gaps; fill byte; settle; motor start. */
export const DISKETTE_PARAMETERS = [0xaf, 0x02, 0x25, 0x02, 18, 0x1b, 0xff, 0x6c, 0xf6, 0x0f, 0x08];

export function sectorCount({ cylinders, heads, sectors }: Geometry): number {
  return cylinders * heads * sectors;
}
