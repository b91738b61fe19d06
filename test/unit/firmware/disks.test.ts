/** Disks as part of a machine: geometry by content, copy-on-write, saved state, and damaged images. */
import { describe, expect, it } from 'vitest';
import type { DeviceState } from '../../../core/bus/device.ts';
import { floppyShape, hardDiskShape, isFloppyImage } from '../../../core/image/disk-image.ts';
import { UserError } from '../../../core/index.ts';
import { bootSector } from '../../guests/build.ts';
import { EXIT, finish, KEEP, keptOf, machineOf, START } from './real-mode.ts';

const KIB = 1024;
const sized = (bytes: number) => new Uint8Array(bytes);

function partitioned(bytes: number, lastHead: number, lastSector: number): Uint8Array {
  const disk = sized(bytes);
  disk.set([0x80, 1, 1, 0, 6, lastHead, lastSector, 10, 63, 0, 0, 0, 0, 16, 0, 0], 446);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

describe('the shape of a disk', () => {
  it.each([
    [160, 40, 1, 8, 1],
    [180, 40, 1, 9, 1],
    [320, 40, 2, 8, 1],
    [360, 40, 2, 9, 1],
    [720, 80, 2, 9, 3],
    [1200, 80, 2, 15, 2],
    [1440, 80, 2, 18, 4],
    [1680, 80, 2, 21, 4],
    [2880, 80, 2, 36, 5],
  ])('%i KiB is %i/%i/%i', (kib, cylinders, heads, sectors, drive) => {
    const shape = floppyShape(sized(kib * KIB), 'f');
    expect(shape.geometry).toMatchObject({ cylinders, heads, sectors });
    expect(shape.drive).toBe(drive);
    expect(shape.sectors).toBe(cylinders * heads * sectors);
  });

  it('of a boot sector alone is the usual floppy', () => {
    expect(floppyShape(sized(512), 'f').geometry).toMatchObject({ cylinders: 80, heads: 2, sectors: 18 });
  });

  it('of a floppy image that was cut short follows its parameter block', () => {
    const image = sized(20 * KIB);
    new DataView(image.buffer).setUint16(0x13, 720, true);
    expect(floppyShape(image, 'f').geometry).toMatchObject({ cylinders: 40, heads: 2, sectors: 9 });
  });

  it('of a hard disk is that of its partitions, else sixteen heads, more for large ones', () => {
    expect(hardDiskShape(partitioned(20 << 20, 15, 32), 'h').geometry).toEqual({
      cylinders: 80,
      heads: 16,
      sectors: 32,
    });
    expect(hardDiskShape(sized(8 << 20), 'h').geometry).toEqual({ cylinders: 16, heads: 16, sectors: 63 });
    const { cylinders, heads } = hardDiskShape(sized(900 << 20), 'h').geometry;
    expect([cylinders <= 1024, heads]).toEqual([true, 32]);
  });

  it('tells floppies from hard disks by size and partitions', () => {
    expect(isFloppyImage(sized(1440 * KIB))).toBe(true);
    expect(isFloppyImage(sized(512))).toBe(true);
    expect(isFloppyImage(partitioned(1 << 20, 15, 63))).toBe(false);
    expect(isFloppyImage(sized(8 << 20))).toBe(false);
  });

  it('is refused for what cannot be one', () => {
    expect(() => floppyShape(sized(8 << 20), 'big.img')).toThrow(UserError);
    expect(() => hardDiskShape(sized(0), 'empty.img')).toThrow(UserError);
  });
});

const WRITES = bootSector(`${START}
  mov $0x5a5a, %ax; mov $0x5000, %di; mov $256, %cx; rep stosw
  mov $0x0301, %ax; mov $2, %cx; xor %dx, %dx; mov $0x5000, %bx; int $0x13
  ${KEEP} ${EXIT}`);
const READS = `${START} mov $0x0201, %ax; mov $2, %cx; xor %dx, %dx; mov $0x5000, %bx; int $0x13; mov 0x5000, %bx; ${KEEP} ${EXIT}`;

describe('what a guest writes', () => {
  it('is kept apart from the image and survives a reset', () => {
    const image = WRITES.slice();
    const machine = machineOf(image);
    finish(machine);
    expect(keptOf(machine).carry).toBe(false);
    expect(image).toEqual(WRITES);
    expect(machine.disks[0].writes().map(({ sector }) => sector)).toEqual([1]);
    machine.reset();
    expect(machine.disks[0].changed).toBe(true);
  });

  it('belongs to saved states and to the state hash', () => {
    const machine = machineOf(WRITES);
    const before = machine.stateHash();
    finish(machine);
    const state = structuredClone(machine.save());
    const hash = machine.stateHash();
    expect(hash).not.toBe(before);
    const other = machineOf(WRITES);
    other.load(state);
    expect(other.stateHash()).toBe(hash);
    expect(other.disks[0].read(1)?.[0]).toBe(0x5a);
  });

  it('is refused from a damaged state', () => {
    const machine = machineOf(WRITES);
    finish(machine);
    const state = machine.save();
    for (const damage of [{ sectors: [99999999] }, { bytes: new Uint8Array(3) }, { version: 7 }]) {
      const devices = { ...state.devices, fda: { ...state.devices.fda, ...damage } as DeviceState };
      expect(() => machineOf(WRITES).load({ ...state, devices })).toThrow(UserError);
    }
  });

  it('can be saved at any step of a firmware call that waits, and goes on the same', () => {
    const image = bootSector(`${START} mov $0x86, %ah; xor %cx, %cx; mov $9000, %dx; int $0x15; ${KEEP} ${EXIT}`);
    const machine = machineOf(image);
    machine.run(120);
    expect(machine.vcpus[0].context.segmentBase(1)).toBe(0xf0000);
    const copy = machineOf(image);
    copy.load(structuredClone(machine.save()));
    for (const each of [machine, copy]) finish(each);
    expect(copy.stateHash()).toBe(machine.stateHash());
    expect(copy.clock.now()).toBeGreaterThan(9000 * 100);
  });
});

describe('a sector that INT 13h reads', () => {
  it('is seen by a watchpoint on its buffer', () => {
    const machine = machineOf(bootSector(READS));
    machine.setDataPoints([{ id: 7, space: 'linear', address: 0x5010, length: 2, access: 'write' }]);
    const event = machine.run(100_000);
    expect(event).toMatchObject({ kind: 'watch', hits: [{ id: 7, kind: 'write' }] });
    expect(machine.vcpus[0].context.segmentBase(1)).toBe(0xf0000);
    finish(machine);
  });
});

describe('a key', () => {
  it('wakes a call that waits for it', () => {
    const machine = machineOf(bootSector(`${START} mov $0, %ah; int $0x16; ${KEEP} ${EXIT}`));
    machine.run(5000);
    // Scan code set 2: shift, a, both released.
    machine.input({ kind: 'keys', codes: [0x12, 0x1c, 0xf0, 0x1c, 0xf0, 0x12] });
    finish(machine);
    expect(keptOf(machine).ax).toBe(0x1e41);
  });
});

/** A hundred machines are booted: on a busy host that takes longer than a unit test may. */
const FUZZ_LIMIT = 120_000;

describe('damaged disks', () => {
  it(
    '10,000 times: an error or a machine that runs, never more',
    () => {
      const original = partitioned(64 * KIB, 15, 63);
      original.set(bootSector(READS).subarray(0, 446));
      let seed = 0x2545f491;
      const random = (limit: number) => {
        seed ^= seed << 13;
        seed ^= seed >>> 17;
        seed ^= seed << 5;
        return (seed >>> 0) % limit;
      };
      for (let round = 0; round < 10_000; round++) {
        const image = original.slice(0, random(8) === 0 ? random(original.length) : original.length);
        for (let n = 1 + random(6); n > 0 && image.length > 0; n--)
          image[random(Math.min(image.length, 600))] = random(256);
        try {
          const shapes = [hardDiskShape(image, 'h'), ...(isFloppyImage(image) ? [floppyShape(image, 'f')] : [])];
          for (const { geometry, sectors } of shapes) {
            const { cylinders, heads, sectors: perTrack } = geometry;
            expect(cylinders >= 1 && cylinders <= 1024 && heads >= 1 && heads <= 255).toBe(true);
            expect(perTrack >= 1 && perTrack <= 63 && sectors >= 1).toBe(true);
          }
          // A machine is dearer than a shape: a sample of them runs.
          if (round % 100 === 0)
            machineOf(image, { image: undefined, memory: 1, disks: [{ drive: 'hda', name: 'h', bytes: image }] }).run(
              20_000,
            );
        } catch (error) {
          if (!(error instanceof UserError)) throw new Error(`round ${round}`, { cause: error });
        }
      }
    },
    FUZZ_LIMIT,
  );
});
