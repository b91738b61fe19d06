/** What a boot sector finds, and which one is loaded. */
import { describe, expect, it } from 'vitest';
import { bootSector } from '../../guests/build.ts';
import { EXIT, finish, KEEP, machineOf, runSector, START } from './real-mode.ts';

const SAY_A = bootSector(`${START} mov $0x0e41, %ax; int $0x10; ${EXIT}`);
const SAY_C = bootSector(`${START} mov $0x0e43, %ax; int $0x10; ${EXIT}`);
const disk = (drive: 'fda' | 'hda', bytes: Uint8Array) => ({ drive, name: drive, bytes });

describe('booting', () => {
  it('enters a boot sector at 0:7C00 with the drive in DL', () => {
    const machine = machineOf(
      bootSector(`xor %cx, %cx; mov %cx, %ds; call 1f; 1: pop %bp; mov %cs, %cx; ${KEEP} ${EXIT}`),
    );
    finish(machine);
    expect(machine.physical.read(0x7c00, 2)).toEqual(Uint8Array.of(0x31, 0xc9));
  });

  it('prints by INT 10h', () => {
    const { machine } = runSector('mov $0x0e48, %ax; int $0x10; mov $0x0e69, %ax; int $0x10');
    expect(machine.screenText()[0]).toBe('Hi');
  });

  it('boots the hard disk before the floppy, unless told otherwise', () => {
    const disks = [disk('fda', SAY_A), disk('hda', SAY_C)];
    for (const [boot, letter] of [
      [undefined, 'C'],
      ['c', 'C'],
      ['a', 'A'],
    ] as const) {
      const machine = machineOf(SAY_A, { image: undefined, disks, boot });
      finish(machine);
      expect(machine.screenText()[0]).toBe(letter);
    }
  });

  it('tries the next drive when one has no boot sector', () => {
    const machine = machineOf(SAY_A, {
      image: undefined,
      disks: [disk('fda', SAY_A), disk('hda', new Uint8Array(1 << 20))],
    });
    finish(machine);
    expect(machine.screenText()[0]).toBe('A');
  });

  it('says so when nothing boots, and idles', () => {
    const machine = machineOf(SAY_A, { image: undefined, disks: [disk('hda', new Uint8Array(1 << 20))] });
    machine.run(1_000_000);
    expect(machine.screenText()[0]).toMatch(/^No bootable device/);
  });

  it('comes back after a reset', () => {
    const machine = machineOf(SAY_A);
    finish(machine);
    machine.reset();
    finish(machine);
    expect(machine.screenText()[0]).toBe('A');
  });
});
