/** What a machine is made of; the command line and the launch configuration are turned into this. */
export interface MachineConfig {
  /** MiB, 1–2048. */
  readonly memory: number;
  /** 0: interpreter only; 1: also translate. */
  readonly tier: 0 | 1;
  /** Virtual ticks (and TSC counts) a second. */
  readonly hz: number;
  /** Wall clock of the CMOS at power-on, seconds since 1970: an input, never the host's clock. */
  readonly wallClock: number;
  readonly vga: 'std' | 'none';
  readonly onReset: 'stop' | 'reboot';
  readonly image?: BootImage;
  /** Disks besides an image that is one itself. */
  readonly disks?: readonly DiskConfig[];
  /** The drive to try first: floppy or hard disk. Default: the image if it is a disk, else the hard disk. */
  readonly boot?: 'a' | 'c';
}

export type DriveName = 'fda' | 'fdb' | 'hda' | 'hdb';

export interface DiskConfig {
  readonly drive: DriveName;
  /** For messages. */
  readonly name: string;
  /** The whole image; never changed: what the guest writes is kept apart. */
  readonly bytes: Uint8Array;
}

export interface BootImage {
  /** For messages and argv[0] of the multiboot command line. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly append: string;
  readonly modules: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

export const DEFAULT_CONFIG: MachineConfig = {
  memory: 128,
  tier: 0,
  hz: 100_000_000,
  wallClock: 946_684_800,
  vga: 'std',
  onReset: 'reboot',
};
