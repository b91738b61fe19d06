import { describe, expect, it } from 'vitest';
import type { DeviceState, PortDevice, Width } from '../../../core/bus/device.ts';
import { PortBus } from '../../../core/bus/port-bus.ts';

/** A toy second implementation of PortDevice: every offset is a register, and accesses are noted. */
class Registers implements PortDevice {
  readonly name = 'registers';
  readonly log: string[] = [];
  values = new Map<number, number>();
  reset(): void {
    this.values.clear();
  }
  save(): DeviceState {
    return { version: 1, values: [...this.values].flat() };
  }
  load(): void {}
  readPort(offset: number, width: Width): number {
    this.log.push(`read ${offset} ${width}`);
    return this.values.get(offset) ?? 0x10 + offset;
  }
  writePort(offset: number, width: Width, value: number): void {
    this.log.push(`write ${offset} ${width} ${value.toString(16)}`);
    this.values.set(offset, value);
  }
}

describe('the port bus', () => {
  it('answers all ones of the width where there is no device, and drops writes', () => {
    const bus = new PortBus();
    expect(bus.read(0x1234, 1)).toBe(0xff);
    expect(bus.read(0x1234, 2)).toBe(0xffff);
    expect(bus.read(0xffff, 4)).toBe(0xffffffff);
    bus.write(0xffff, 4, 1);
  });

  it('hands a device its offset, not its port', () => {
    const bus = new PortBus();
    const device = new Registers();
    bus.map(0x20, 2, device);
    bus.map(0xa0, 2, device, { offset: 2 });
    expect(bus.read(0xa1, 1)).toBe(0x13);
    bus.write(0x21, 1, 0x5a);
    expect(device.log).toEqual(['read 3 1', 'write 1 1 5a']);
  });

  it('splits what is wider than the device, low byte first', () => {
    const bus = new PortBus();
    const device = new Registers();
    bus.map(0x3d4, 2, device);
    bus.write(0x3d4, 2, 0x1f0e);
    bus.write(0x3d5, 4, 0xaabbccdd);
    expect(device.log).toEqual(['write 0 1 e', 'write 1 1 1f', 'write 1 1 dd']);
    expect(bus.read(0x3d3, 4)).toBe(0xffdd0eff);
  });

  it('gives a wide device whole accesses, and halves at its edge', () => {
    const bus = new PortBus();
    const device = new Registers();
    bus.map(0x100, 4, device, { width: 4 });
    bus.write(0x100, 4, 0xfedcba98);
    bus.write(0x102, 4, 0x11223344);
    expect(device.log).toEqual(['write 0 4 fedcba98', 'write 2 2 3344']);
    expect(bus.read(0x100, 4)).toBe(0xfedcba98);
  });

  it('refuses two devices at one port', () => {
    const bus = new PortBus();
    bus.map(0x60, 1, new Registers());
    expect(() => bus.map(0x5f, 2, new Registers())).toThrow(/belongs to registers/);
    expect(() => bus.map(0xffff, 2, new Registers())).toThrow(/port range/);
  });

  it('passes whole accesses through interposers, which observe, alter and deny', () => {
    const bus = new PortBus();
    const device = new Registers();
    bus.map(0x40, 2, device);
    const seen: string[] = [];
    const spy = {
      before(access: { kind: string; address: number; width: number; value: number }) {
        seen.push(`${access.kind} ${access.address.toString(16)} ${access.width}`);
        if (access.kind === 'write') access.value ^= 0xff;
        return access.address !== 0x41;
      },
      after(access: { value: number }) {
        access.value += 1;
      },
    };
    bus.interposers.add(spy);
    bus.write(0x40, 1, 0x0f);
    bus.write(0x41, 1, 0x0f);
    expect(bus.read(0x40, 1)).toBe(0xf1);
    expect(bus.read(0x41, 1)).toBe(0xff);
    expect(seen).toEqual(['write 40 1', 'write 41 1', 'read 40 1', 'read 41 1']);
    expect(device.log).toEqual(['write 0 1 f0', 'read 0 1']);
    bus.interposers.remove(spy);
    expect(bus.read(0x40, 1)).toBe(0xf0);
  });
});
