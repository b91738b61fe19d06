/**
 * Where an AT-compatible PC has its devices: data for the composition root, not a rule of any device. A
 * device at several places sees the offsets given here.
 */
import type { PortRange } from '../bus/port-bus.ts';
import { POWER_CONTROL, POWER_TEXT } from './power-port.ts';

export const STANDARD_PORTS = {
  /** Both 8259s: command/data of the master 0–1, of the slave 2–3, edge/level registers 4–5. */
  pic: [
    { base: 0x20, count: 2, offset: 0 },
    { base: 0xa0, count: 2, offset: 2 },
    { base: 0x4d0, count: 2, offset: 4 },
  ],
  /** Counters and control word 0–3, system control port B 4. */
  pit: [
    { base: 0x40, count: 4, offset: 0 },
    { base: 0x61, count: 1, offset: 4 },
  ],
  rtc: [{ base: 0x70, count: 2 }],
  /** Data 0, command/status 1. */
  keyboard: [
    { base: 0x60, count: 1, offset: 0 },
    { base: 0x64, count: 1, offset: 1 },
  ],
  com1: [{ base: 0x3f8, count: 8 }],
  /** The whole range of a colour card, and the CRT controller and status of a monochrome setting. */
  vga: [
    { base: 0x3c0, count: 0x20, offset: 0 },
    { base: 0x3b4, count: 2, offset: 0x24 },
    { base: 0x3ba, count: 1, offset: 0x2a },
  ],
  systemControl: [{ base: 0x92, count: 1 }],
  debugcon: [{ base: 0xe9, count: 1 }],
  coprocessor: [{ base: 0xf0, count: 2 }],
  debugExit: [{ base: 0xf4, count: 4, width: 4 }],
  power: [
    { base: 0x604, count: 2, offset: POWER_CONTROL, width: 2 },
    { base: 0xb004, count: 2, offset: POWER_CONTROL, width: 2 },
    { base: 0x8900, count: 1, offset: POWER_TEXT },
  ],
} as const satisfies { [device: string]: readonly PortRange[] };

/** Inputs of the 8259 pair. */
export const STANDARD_IRQS = { pit: 0, keyboard: 1, com1: 4, rtc: 8, coprocessor: 13 } as const;
