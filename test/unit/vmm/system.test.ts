/** Ports, flags, control registers, CPUID and time: what the emulation computes. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeviceState } from '../../../core/bus/device.ts';
import { EAX, EBX, ECX, EDI, EDX, ESI, ESP } from '../../../core/isa/registers.ts';
import { writeControl, writeFlags, writeSegment, writeTaskRegister } from '../../../core/vmm/debugger-writes.ts';
import { VirtualCpu } from '../../../core/vmm/virtual-cpu.ts';
import { at, CpuRig, instruction } from './cpu-rig.ts';
import { CODE0, CODE3, DATA0, DATA3, protectedMode, TSS, TSS_SELECTOR } from './descriptors.ts';

let rig: CpuRig;
beforeEach(() => {
  rig = new CpuRig();
  protectedMode(rig);
});

const DENIED = 0xa0d1;

describe('the I/O permission bitmap', () => {
  const tryPort = (port: number, opcode: number) => {
    rig = new CpuRig();
    protectedMode(rig, 3);
    rig.poke(TSS + 0x66, 0x80, 2);
    // Ports 8 and 10h–17h are denied, the rest up to 7Fh permitted.
    rig.poke(TSS + 0x81, 0x01, 1);
    rig.poke(TSS + 0x82, 0xff, 1);
    rig.poke(TSS + 0x90, 0xff, 1);
    rig.cpu.tr.limit = 0x90;
    rig.context.setRegister(EDX, port);
    rig.execute(instruction('in', { opcode }));
    return rig.context.eip !== DENIED;
  };

  it('decides for each byte of an access', () => {
    expect([7, 8, 9].map((port) => tryPort(port, 0xec))).toEqual([true, false, true]);
    expect(tryPort(7, 0xed)).toBe(false);
    expect(tryPort(0xc, 0xed)).toBe(true);
    expect(tryPort(0xd, 0xed)).toBe(false);
  });

  it('denies what lies beyond the TSS', () => {
    expect([0x7f, 0x80].map((port) => tryPort(port, 0xec))).toEqual([true, false]);
  });

  it('is not asked when IOPL allows', () => {
    protectedMode(rig, 3);
    rig.context.eflags = 0x3002;
    rig.execute(instruction('in', { opcode: 0xe4, immediate: 0x60 }));
    expect(rig.context.eip).toBe(0x5001);
  });

  it('does not exist in a 16-bit TSS', () => {
    protectedMode(rig, 3);
    rig.cpu.tr.access = 0x8300;
    rig.poke(TSS + 2, 0x8800, 2);
    rig.poke(TSS + 4, DATA0, 2);
    rig.execute(instruction('in', { opcode: 0xe4, immediate: 0x60 }));
    expect(rig.context.eip).toBe(DENIED);
  });
});

describe('port instructions', () => {
  it('have the widths of their opcodes', () => {
    rig.context.setRegister(EAX, 0xaabbccdd);
    rig.context.setRegister(EDX, 0x1234);
    rig.execute(instruction('out', { opcode: 0xee }));
    rig.execute(instruction('out', { opcode: 0xef, operandSize: 2 }));
    rig.execute(instruction('out', { opcode: 0xe7, immediate: -1 }));
    rig.execute(instruction('in', { opcode: 0xed, operandSize: 2 }));
    expect(rig.ports.log).toEqual(['out 1234/1 dd', 'out 1234/2 ccdd', 'out ff/4 aabbccdd', 'in 1234/2']);
    expect(rig.context.register(EAX)).toBe(0xaabb5678);
  });

  it('move strings both ways, by DF, with 16-bit addresses wrapping', () => {
    rig.context.eflags = 0x402;
    rig.context.setRegister(ESI, 0x6004);
    rig.poke(0x6000, 0x11223344);
    rig.poke(0x6004, 0x55667788);
    rig.context.setRegister(ECX, 2);
    rig.context.setRegister(EDX, 0x10);
    rig.engine.program.set(0x5000, instruction('outs', { opcode: 0x6f, repeat: 0xf3 }));
    rig.vmm.run(2);
    expect(rig.ports.log).toEqual(['out 10/4 55667788', 'out 10/4 11223344']);
    expect(rig.context.register(ESI)).toBe(0x5ffc);
    rig.context.setRegister(EDI, 0xffff0000);
    rig.execute(instruction('ins', { opcode: 0x6c, addressSize: 2 }));
    expect(rig.context.register(EDI)).toBe(0xffffffff);
    expect(rig.word(0) & 0xff).toBe(0x78);
  });

  it('do not read a port whose destination cannot be written', () => {
    rig.context.setSegment(0, { selector: CODE0, base: 0, limit: 0xffffffff, access: 0xc09b00 });
    rig.execute(instruction('ins', { opcode: 0x6c }));
    expect(rig.context.eip).toBe(DENIED);
    expect(rig.ports.log).toEqual([]);
  });
});

describe('POPF', () => {
  it('changes what CPL and IOPL allow and never faults for it', () => {
    const all = 0x003f7fd7;
    for (const [cpl, iopl, size] of [0, 3].flatMap((c) => [0, 3].flatMap((i) => [2, 4].map((s) => [c, i, s])))) {
      rig = new CpuRig();
      protectedMode(rig, cpl as 0 | 3);
      rig.context.eflags = 2 | (iopl << 12);
      const top = rig.context.register(ESP) - 4;
      rig.context.setRegister(ESP, top);
      rig.poke(top, all);
      rig.execute(instruction('popf', { operandSize: size as 2 | 4 }));
      let mask = 0x4dd5;
      if (size === 4) mask |= 0x240000;
      if (cpl <= iopl) mask |= 0x200;
      if (cpl === 0) mask |= 0x3000;
      const expected = (all & mask) | 2 | ((iopl << 12) & ~mask);
      expect(rig.context.eflags.toString(16), `cpl ${cpl} iopl ${iopl} size ${size}`).toBe(
        (expected >>> 0).toString(16),
      );
    }
  });

  it('PUSHF shows neither RF nor VM', () => {
    rig.context.eflags = 0x10246;
    rig.execute(instruction('pushf'));
    expect(rig.word(rig.context.register(ESP))).toBe(0x246);
  });

  it('switches alignment checks on and off, which only CPL 3 and CR0.AM make', () => {
    for (const [cpl, am, checked] of [
      [3, 0x40000, true],
      [3, 0, false],
      [0, 0x40000, false],
    ] as const) {
      rig = new CpuRig();
      protectedMode(rig, cpl);
      rig.vmm.monitor.setCr0(rig.cpu.cr0 | am);
      rig.poke(rig.context.register(ESP), 0x40002);
      rig.execute(instruction('popf'));
      expect(rig.context.alignmentChecked, `cpl ${cpl} am ${am}`).toBe(checked);
      rig.poke(rig.context.register(ESP), 2);
      rig.execute(instruction('popf'));
      expect(rig.context.alignmentChecked).toBe(false);
    }
  });
});

describe('control registers', () => {
  const write = (register: number, value: number) => {
    rig.context.setRegister(EAX, value);
    return rig.execute(instruction('mov_to_cr', { reg: register, rm: EAX, length: 3 }));
  };

  it('keep ET set and reserved bits clear', () => {
    write(0, 0x1fffffc1 & ~0x80000000);
    expect(rig.cpu.cr0).toBe(0x50011);
  });

  it.each([0x80000000, 0x20000001])('refuse CR0 = %#x with #GP(0)', (value) => {
    write(0, value);
    expect(rig.context.eip).toBe(DENIED);
    expect(rig.cpu.cr0 & 1).toBe(1);
  });

  it('give #GP for reserved bits of CR4 and a refusal for features to come', () => {
    expect(write(4, 0x20)).toMatchObject({
      reason: 'refused',
      message: 'physical address extension (CR4.PAE) is not built yet',
    });
    write(4, 0x10);
    expect(rig.cpu.cr4).toBe(0x10);
    write(4, 0x80000000);
    expect(rig.context.eip).toBe(DENIED);
  });

  it('LMSW sets PE but cannot clear it; SMSW shows the low word', () => {
    rig.context.setRegister(EAX, 0x8);
    rig.execute(instruction('lmsw', { rm: EAX }));
    expect(rig.cpu.cr0 & 0xf).toBe(9);
    expect(rig.context.word(0x60)).toBe(1);
    rig.execute(instruction('clts'));
    expect(rig.cpu.cr0 & 0xf).toBe(1);
    expect(rig.context.word(0x60)).toBe(0);
    rig.execute(instruction('smsw', { rm: EBX }));
    expect(rig.context.register(EBX)).toBe(rig.cpu.cr0);
  });

  it('DR7.GD traps the access before it happens', () => {
    rig.cpu.dr[7] |= 0x2000;
    rig.execute(instruction('mov_from_dr', { reg: 0, rm: EAX }));
    expect(rig.context.eip).toBe(0xa011);
    expect(rig.cpu.dr[6] & 0x2000).toBe(0x2000);
    expect(rig.cpu.dr[7] & 0x2000).toBe(0);
  });

  it('DR7.GD traps also when a vector point had stopped for it', () => {
    rig.cpu.dr[7] |= 0x2000;
    rig.vmm.setVectorPoints([{ vector: 1, source: 'exception' }]);
    expect(rig.execute(instruction('mov_from_dr', { reg: 0, rm: EAX })).reason).toBe('vector');
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa011);
  });

  it('MOV to DR7 arms at once and keeps reserved bits; DR6 keeps them too', () => {
    const write = (reg: number, value: number) => {
      rig.context.setRegister(EAX, value);
      rig.execute(instruction('mov_to_dr', { reg, rm: EAX }));
    };
    write(0, rig.context.eip + 3);
    write(6, 0xffffffff);
    write(7, 0x0000ff01);
    expect([rig.cpu.dr[6], rig.cpu.dr[7]]).toEqual([0xffffefff, 0x2f01]);
    rig.vmm.run(1);
    expect(rig.context.eip).toBe(0xa011);
  });
});

describe('table registers', () => {
  it('SGDT stores what LGDT loaded; a 16-bit LGDT takes 24 bits of base', () => {
    rig.poke(0x6000, 0x5678_0123);
    rig.poke(0x6004, 0xff34, 2);
    rig.execute(instruction('lgdt', { ...at(0x6000), operandSize: 2 }));
    expect(rig.cpu.gdtr).toEqual({ base: 0x345678, limit: 0x123 });
    rig.execute(instruction('lidt', at(0x6000)));
    expect(rig.cpu.idtr).toEqual({ base: 0xff345678, limit: 0x123 });
    rig.execute(instruction('sidt', at(0x6010)));
    expect([rig.word(0x6010), rig.half(0x6014)]).toEqual([0x56780123, 0xff34]);
  });
});

describe('CPUID', () => {
  const leaf = (index: number) => {
    rig.context.setRegister(EAX, index);
    rig.execute(instruction('cpuid'));
    return [EAX, EBX, ECX, EDX].map((register) => rig.context.register(register));
  };
  const text = (words: number[]) =>
    words.map((word) => String.fromCharCode(...[0, 8, 16, 24].map((s) => (word >>> s) & 255))).join('');

  it('names a vendor, a family 6 model and what is built', () => {
    const [highest, b, c, d] = leaf(0);
    expect(highest).toBe(1);
    expect(text([b, d, c])).toBe('GenuineIntel');
    const [signature, , ecx, edx] = leaf(1);
    expect((signature >>> 8) & 15).toBe(6);
    expect(ecx).toBe(0);
    expect(edx).toBe(0x813d);
    expect(text([0x80000002, 0x80000003, 0x80000004].flatMap(leaf)).replace(/\0+$/, '')).toBe(
      'Trapgate virtual IA-32 processor',
    );
    expect(leaf(7)).toEqual(leaf(1));
  });
});

describe('the time stamp counter', () => {
  it('counts steps and can be written', () => {
    rig.vmm.run(100);
    rig.execute(instruction('rdtsc'));
    expect(rig.context.register(EAX)).toBe(100);
    rig.context.setRegister(ECX, 0x10);
    rig.context.setRegister(EAX, 0xffffffff);
    rig.context.setRegister(EDX, 0xffffffff);
    rig.execute(instruction('wrmsr'));
    rig.execute(instruction('rdmsr'));
    expect([rig.context.register(EDX), rig.context.register(EAX)]).toEqual([0, 0]);
  });

  it('is #GP above ring 0 with CR4.TSD', () => {
    protectedMode(rig, 3);
    rig.cpu.cr4 = 4;
    rig.execute(instruction('rdtsc'));
    expect(rig.context.eip).toBe(DENIED);
  });
});

describe('a debugger', () => {
  it('writes registers with their effect, or hears why not', () => {
    const { monitor } = rig.vmm;
    expect(writeSegment(monitor, 3, DATA3)).toBeUndefined();
    expect(rig.context.selector(3)).toBe(DATA3);
    expect(writeSegment(monitor, 2, CODE0)).toBe('stack segment is not writable data');
    expect(writeSegment(monitor, 1, CODE3)).toBeUndefined();
    expect(rig.cpu.cpl).toBe(3);
    expect(writeSegment(monitor, 3, DATA0)).toBe('data segment more privileged than CPL or RPL');
    expect(writeControl(monitor, 0, 0x80000000)).toBe('CR0.PG set without CR0.PE');
    expect(writeControl(monitor, 4, 0x10)).toBeUndefined();
    expect(writeFlags(monitor, 0x20002)).toBe('virtual-8086 mode is not built yet');
    expect(writeTaskRegister(monitor, TSS_SELECTOR)).toBeUndefined();
    expect(writeTaskRegister(monitor, DATA0)).toBe('the descriptor is not a TSS');
  });
});

describe('saved state', () => {
  it('comes back whole', () => {
    rig.cpu.tscOffset = -5n;
    rig.cpu.dr[0] = 0xdeadbeef;
    const copy = new VirtualCpu();
    copy.load(rig.cpu.save());
    expect(copy).toEqual(rig.cpu);
  });

  it('is refused with a message when a field is damaged', () => {
    const copy = new VirtualCpu();
    const damages: Partial<DeviceState>[] = [
      { cr0: 'x' },
      { cpl: 4 },
      { dr: [1] },
      { tscOffset: '1e9' },
      { gdtr: null },
      { version: 9 },
    ];
    for (const damage of damages) {
      expect(() => copy.load({ ...rig.cpu.save(), ...damage } as DeviceState)).toThrow(/saved state/);
    }
    expect(copy).toEqual(new VirtualCpu());
  });
});
