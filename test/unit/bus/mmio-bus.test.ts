import { describe, expect, it } from 'vitest';
import type { DeviceState, MmioDevice, Width } from '../../../core/bus/device.ts';
import { MmioBus } from '../../../core/bus/mmio-bus.ts';

/** A toy device: answers its offset, remembers what was written where. */
class Echo implements MmioDevice {
  readonly name = 'echo';
  readonly writes: [number, number, number][] = [];
  reset(): void {}
  save(): DeviceState {
    return { version: 1 };
  }
  load(): void {}
  readMmio(offset: number): number {
    return 0x0101_0101 * (offset & 0xff);
  }
  writeMmio(offset: number, width: Width, value: number): void {
    this.writes.push([offset, width, value]);
  }
}

describe('the memory bus', () => {
  it('finds the device of a physical address, up to the end of the 4 GiB', () => {
    const bus = new MmioBus();
    const device = new Echo();
    bus.map(0xffff_f000, 0x1000, device);
    bus.map(0x000a_0000, 0x100, device);
    expect(bus.find(0xffff_ffff)?.base).toBe(0xffff_f000);
    expect(bus.find(0x000a_0100)).toBeUndefined();
    expect(bus.read(0xffff_f090, 4)).toBe(0x9090_9090);
    expect(bus.read(0x000a_0080, 2)).toBe(0x8080);
    bus.write(0xffff_f004, 4, -1);
    expect(device.writes).toEqual([[4, 4, 0xffff_ffff]]);
  });

  it('answers all ones where there is nobody, byte by byte over an edge', () => {
    const bus = new MmioBus();
    const device = new Echo();
    bus.map(0x1000, 2, device);
    expect(bus.read(0x5000, 4)).toBe(0xffff_ffff);
    expect(bus.read(0x1001, 4)).toBe(0xffff_ff01);
    bus.write(0x0fff, 2, 0xaabb);
    expect(device.writes).toEqual([[0, 1, 0xaa]]);
  });

  it('refuses overlapping devices', () => {
    const bus = new MmioBus();
    bus.map(0x1000, 0x1000, new Echo());
    expect(() => bus.map(0x1fff, 2, new Echo())).toThrow(/overlaps echo/);
    expect(() => bus.map(0xffff_ffff, 2, new Echo())).toThrow(/memory range/);
  });

  it('lets interposers inject a fault', () => {
    const bus = new MmioBus();
    const device = new Echo();
    bus.map(0x1000, 4, device);
    bus.interposers.add({
      before(access) {
        access.value = 0xdead;
        return access.kind === 'write';
      },
    });
    expect(bus.read(0x1000, 1)).toBe(0xad);
    bus.write(0x1000, 2, 0x1111);
    expect(device.writes).toEqual([[0, 2, 0xdead]]);
  });
});
