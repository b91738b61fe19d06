/** The text of monitor commands, in the form QEMU's monitor gives it where it has the command. */
import { describe, expect, it } from 'vitest';
import { dumpMemory, parseDump } from '../../../core/debug/monitor-memory.ts';
import { pagesText, registersText } from '../../../core/debug/monitor-registers.ts';
import { gdtText, idtText } from '../../../core/debug/monitor-tables.ts';
import { toyRegisters } from './toy-registers.ts';

const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const read = (address: number, length: number) => bytes.slice(address, address + length);

function dump(argument: string, digits = 16): string {
  const request = parseDump(argument, toyRegisters());
  return typeof request === 'string' ? request : dumpMemory(request, read, digits);
}

describe('x and xp', () => {
  it('print in rows of sixteen bytes, eight when bytes are asked for', () => {
    expect(dump('/8xw 0x10')).toBe(
      '0000000000000010: 0x13121110 0x17161514 0x1b1a1918 0x1f1e1d1c\n' +
        '0000000000000020: 0x23222120 0x27262524 0x2b2a2928 0x2f2e2d2c\n',
    );
    expect(dump('/10xb 16', 8)).toBe('00000010: 0x10 0x11 0x12 0x13 0x14 0x15 0x16 0x17\n00000018: 0x18 0x19\n');
    expect(dump('/2dw 0xf0')).toBe('00000000000000f0: -202182160 -134810124\n');
    expect(dump('/1uh 0x10')).toBe('0000000000000010:  4368\n');
    expect(dump('/3c 0x41')).toBe("0000000000000041: 'A' 'B' 'C'\n");
    expect(dump(' 0')).toBe('0000000000000000: 0x03020100\n');
    // QEMU's manual has a space before the format.
    expect(dump(' /2xh 0')).toBe('0000000000000000: 0x0100 0x0302\n');
    expect(dump('/xb $esp+0x10-$esp')).toBe('0000000000000010: 0x10\n');
  });

  it('say what is wrong', () => {
    expect(dump('/4xw 0xf8')).toBe('Cannot access memory\n');
    expect(dump('/8xw 0xf0')).toMatch(/\nCannot access memory\n$/);
    expect(dump('')).toBe("not an address: ''");
    expect(dump('/4q 0')).toBe("invalid format letter: 'q'");
    expect(dump('/x4 0')).toBe("invalid format: 'x4'");
    expect(dump('/x $nothing')).toBe("not an address: '$nothing'");
  });
});

describe('info registers', () => {
  it('prints real mode without descriptor words and protected mode with them', () => {
    const real = { ...toyRegisters(), cr0: 0x60000010, eflags: 0x8d5 };
    expect(registersText(real, true)).toMatch(
      / EFL=000008d5 \[-OSZAPC\] CPL=0 II=0 A20=1 SMM=0 HLT=0\nES =\w{4} \w{8} \w{8} \w{8}\n/,
    );
    const segments = real.segments.map((segment) => ({ ...segment, access: 0xcf9300 }));
    segments[1] = { selector: 8, base: 0, limit: 0xffffffff, access: 0xcf9a00 };
    const text = registersText(
      { ...real, cr0: 0x11, segments, tr: { selector: 40, base: 0, limit: 103, access: 0x8b00 } },
      true,
    );
    expect(text).toContain('CS =0008 00000000 ffffffff 00cf9a00 DPL=0 CS32 [-R-]\n');
    expect(text).toMatch(/SS =.* 00cf9300 DPL=0 DS {3}\[-WA\]\n/);
    expect(text).toContain('TR =0028 00000000 00000067 00008b00 DPL=0 TSS32-busy\n');
  });
});

describe('info mem', () => {
  it('joins pages with equal rights and knows large ones', () => {
    const physical = new Map<number, number>();
    const word = (at: number, value: number) => physical.set(at, value);
    word(0x1000, 0x2007); // table at 2000
    word(0x1000 + 4 * 0x300, 0x83); // 4 MiB page at c0000000
    for (let i = 0; i < 16; i++) word(0x2000 + 4 * i, (i << 12) | (i < 8 ? 3 : 5));
    const memory = {
      read: (address: number, length: number) => {
        const view = new DataView(new ArrayBuffer(length));
        for (let i = 0; i < length; i += 4) view.setUint32(i, physical.get(address + i) ?? 0, true);
        return new Uint8Array(view.buffer);
      },
    };
    const registers = { ...toyRegisters(), cr0: 0x80000001, cr3: 0x1018, cr4: 0x10 };
    expect(pagesText(registers, memory)).toBe(
      '0000000000000000-0000000000008000 0000000000008000 -rw\n' +
        '0000000000008000-0000000000010000 0000000000008000 ur-\n' +
        '00000000c0000000-00000000c0400000 0000000000400000 -rw\n',
    );
    expect(pagesText({ ...registers, cr0: 1 }, memory)).toBe('PG disabled\n');
    expect(pagesText({ ...registers, cr4: 0x20 }, memory)).toMatch(/PAE/);
  });
});

describe('info gdt and info idt', () => {
  const table = (...entries: number[]) => {
    const memory = new Uint8Array(new Uint32Array(entries).buffer);
    return (address: number, length: number) => memory.slice(address, address + length);
  };
  const registers = { ...toyRegisters(), cr0: 1 };

  it('describe segments and gates', () => {
    const gdt = table(0, 0, 0x0000ffff, 0x00cf9a00, 0x0000ffff, 0x00cff300, 0x10000067, 0x00008900);
    expect(gdtText({ ...registers, gdtr: { base: 0, limit: 31 } }, gdt)).toBe(
      'GDT at 00000000, limit 001f\n' +
        '0008: base=00000000 limit=ffffffff DPL=0 code32 [-R-]\n' +
        '0010: base=00000000 limit=ffffffff DPL=3 data32 [-WA]\n' +
        '0018: base=00001000 limit=00000067 DPL=0 TSS32-avl\n',
    );
    const idt = table(0, 0, 0x00081234, 0xc0108e00, 0x00080000, 0x00006f00);
    expect(idtText({ ...registers, idtr: { base: 0, limit: 23 } }, idt)).toBe(
      'IDT at 00000000, limit 0017\n' +
        '01 #DB  0008:c0101234 DPL=0 IntGate32\n' +
        '02 NMI  0008:00000000 DPL=3 TrapGate32 not present\n',
    );
  });

  it('say so when the table cannot be read or is not in use', () => {
    expect(gdtText({ ...registers, gdtr: { base: 0x5000, limit: 7 } }, table())).toMatch(/Cannot access memory\n$/);
    expect(idtText({ ...registers, cr0: 0 }, table())).toMatch(/real mode/);
  });
});
