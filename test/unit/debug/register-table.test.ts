/** Every register of the table on the real machine: what is written is read back, and has its effect. */
import { describe, expect, it } from 'vitest';
import { DEBUG_REGISTERS, DEFAULT_CONFIG, debugRegister, linear, Machine, MachineTarget } from '../../../core/index.ts';
import { buildTier0 } from '../../../core/vcpu/interpreter/build.ts';
import { program } from '../machine/program.ts';

const TIER0 = new WebAssembly.Module(buildTier0() as BufferSource);

function targetOf(code: readonly number[]): MachineTarget {
  const image = { name: 'code', bytes: program(code), append: '', modules: [] };
  return new MachineTarget(new Machine({ ...DEFAULT_CONFIG, memory: 4, image }, TIER0), {
    yieldToHost: () => Promise.resolve(),
  });
}

/** Registers of which any value will do. */
const PLAIN =
  /^(e[abcd]x|e[sbi]p|e[sd]i|cr2|dr[0-3]|[gi]dtr_base|[c-gs]s_(base|limit)|(ldtr|tr)_(base|limit|access)|fioff|fooff)$/;
const SHORT = /^([gi]dtr_limit|fctrl|fiseg|foseg)$/;

describe('a register', () => {
  it.each(DEBUG_REGISTERS.filter(({ name }) => PLAIN.test(name) || SHORT.test(name)).map(({ name }) => name))(
    '%s keeps what is written and disturbs no other',
    async (name) => {
      const target = targetOf([0x90]);
      const before = await target.readRegisters(0);
      const value = SHORT.test(name) ? 0x1234 : 0x12345678;
      expect(await target.writeRegister(0, name, value)).toEqual({ ok: true });
      const after = await target.readRegisters(0);
      expect(debugRegister(name)?.read(after)).toBe(value);
      const changed = DEBUG_REGISTERS.filter(
        ({ read }) => JSON.stringify(read(before)) !== JSON.stringify(read(after)),
      );
      // eip and esp are also seen under the names by which 16-bit code's real values go.
      const names = changed.map((register) => register.name).filter((changedName) => changedName !== `${name}_offset`);
      expect(names).toEqual([name]);
    },
  );

  it('of the x87 counts from the top of the stack, and the tag word tells what is in use', async () => {
    const target = targetOf([0x90]);
    await target.writeRegister(0, 'fstat', 0x3800);
    await target.writeRegister(0, 'ftag', 0x3fff);
    const one = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0xff, 0x3f);
    expect(await target.writeRegister(0, 'st0', one)).toEqual({ ok: true });
    const { fpu } = await target.readRegisters(0);
    expect([fpu.status, fpu.tag, [...fpu.st[0]]]).toEqual([0x3800, 0x3fff, [...one]]);
    expect(await target.writeRegister(0, 'st0', one.subarray(1))).toMatchObject({ ok: false });
  });

  it('that only shows is not written', async () => {
    const target = targetOf([0x90]);
    for (const name of ['cpl', 'steps']) expect(await target.writeRegister(0, name, 1)).toMatchObject({ ok: false });
    expect(await target.writeRegister(0, 'nonsense', 1)).toMatchObject({ ok: false });
  });
});

describe('a write with an effect', () => {
  it('selects what its descriptor says, or is refused', async () => {
    const target = targetOf([0x90]);
    await target.writeRegister(0, 'ds_base', 0x1000);
    expect(await target.writeRegister(0, 'ds', 0x10)).toEqual({ ok: true });
    expect((await target.readRegisters(0)).segments[3].base).toBe(0);
    expect(await target.writeRegister(0, 'ds', 0x7f8)).toMatchObject({ ok: false });
    expect(await target.writeRegister(0, 'cs', 0)).toMatchObject({ ok: false });
  });

  it('turns paging on and off', async () => {
    // mov al, [es:0x5000]
    const target = targetOf([0xa0, 0x00, 0x50, 0x00, 0x00, 0x90]);
    await target.writeMemory(linear(0x5000), Uint8Array.of(0xaa));
    await target.writeMemory(linear(0x6000), Uint8Array.of(0xbb));
    // A directory at 8000h and a table at 9000h that map 5000h to 6000h and 100000h to itself.
    const entry = (value: number) => Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, 0);
    await target.writeMemory(linear(0x8000), entry(0x9003));
    await target.writeMemory(linear(0x9000 + 4 * 5), entry(0x6003));
    await target.writeMemory(linear(0x9000 + 4 * 0x100), entry(0x100003));
    await target.writeRegister(0, 'cr3', 0x8000);
    const { cr0 } = await target.readRegisters(0);
    expect(await target.writeRegister(0, 'cr0', (cr0 | 0x80000000) >>> 0)).toEqual({ ok: true });
    expect([...(await target.readMemory(linear(0x5000), 1))]).toEqual([0xbb]);
    expect(await target.readMemory(linear(0x7000), 1)).toHaveLength(0);
    expect([...(await target.readMemory({ space: 'physical', offset: 0x5000 }, 1))]).toEqual([0xaa]);
    expect(await target.monitor('info mem')).toBe(
      '0000000000005000-0000000000006000 0000000000001000 -rw\n' +
        '0000000000100000-0000000000101000 0000000000001000 -rw\n',
    );
    expect(await target.resume({ kind: 'step' })).toMatchObject({ reason: 'step', step: 1 });
    expect((await target.readRegisters(0)).general[0] & 0xff).toBe(0xbb);
  });

  it('moves a segment under the code', async () => {
    const target = targetOf([0xa0, 0x00, 0x50, 0x00, 0x00, 0x90]);
    await target.writeMemory(linear(0x5100), Uint8Array.of(0xcc));
    await target.writeRegister(0, 'ds_base', 0x100);
    await target.resume({ kind: 'step' });
    expect((await target.readRegisters(0)).general[0] & 0xff).toBe(0xcc);
  });
});
