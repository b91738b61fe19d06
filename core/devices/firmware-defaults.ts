/**
 * What PC firmware has done to the devices when it hands over to a boot loader or kernel: guests that
 * program a device only in part rely on it. It is not firmware: nothing of it can be called.
 */
import type { PortDevice } from '../bus/device.ts';

/** Offsets and bytes for the 8259 pair: vectors 08h and 70h, as on every AT, and all but a few inputs masked. */
const PIC: readonly (readonly [number, number])[] = [
  [0, 0x11],
  [1, 0x08],
  [1, 0x04],
  [1, 0x01],
  [2, 0x11],
  [3, 0x70],
  [3, 0x02],
  [3, 0x01],
  [1, 0xb8],
  [3, 0x8e],
];

/** For the 8254: counter 0 ticks 18.2 times a second, counter 1 refreshes memory every 15 µs. */
const PIT: readonly (readonly [number, number])[] = [
  [3, 0x34],
  [0, 0],
  [0, 0],
  [3, 0x54],
  [1, 18],
];

/**
 * For a 16550: its interrupt gate (OUT2) is open. Hardware leaves it closed; virtual machines have none, and
 * guests that only ever ran on those forget to open it.
 */
const SERIAL: readonly (readonly [number, number])[] = [[4, 0x08]];

/** Programs devices that were just reset. */
export function leaveAsFirmware(pic: PortDevice, pit: PortDevice, serial: PortDevice): void {
  for (const [offset, value] of SERIAL) serial.writePort(offset, 1, value);
  // The timer first: ICW1 then forgets the edge that setting it up made, and no request waits at the start.
  for (const [offset, value] of PIT) pit.writePort(offset, 1, value);
  for (const [offset, value] of PIC) pic.writePort(offset, 1, value);
}
