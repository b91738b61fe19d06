/**
 * Stock gdb on the debuggee: what a kernel developer does all day. Where gdb prints the same on
 * qemu-system-i386 the test says so by comparing; where it does not, the test says why.
 */
import { describe, expect, it } from 'vitest';
import { debuggeePath, gdb, onBoth, onStub, trapgateStub } from './gdb-tools.ts';

/** To the first line of C. QEMU starts at its reset vector, we at the image's entry: before it they differ. */
const TO_START = ['@CONNECT', 'break start_c', 'continue'];

/**
 * What gdb printed after it reached `start_c`. Its goodbye names the process where the stub speaks the
 * multiprocess dialect, which only QEMU's does.
 */
function afterStart(output: string): string {
  const at = output.indexOf('Breakpoint 1, start_c');
  expect(at, output).toBeGreaterThan(0);
  return output.slice(at).replace(/\[Inferior 1 .* detached\]\n/, '');
}

async function same(script: readonly string[]): Promise<string> {
  const { ours, qemu } = await onBoth(debuggeePath(), [...TO_START, ...script]);
  expect(afterStart(ours)).toBe(afterStart(qemu));
  return afterStart(ours);
}

describe('gdb, as on QEMU', () => {
  it('breaks by symbol and by line, steps, finishes, and shows the calls', async () => {
    const text = await same([
      'bt',
      'break debuggee.c:10',
      'continue',
      'bt',
      'info locals',
      'next',
      'info locals',
      'finish',
      'delete 2',
      'next',
      'next',
      'step',
      'stepi',
      'x/i $pc',
      'stepi 3',
      'x/2i $pc',
      'nexti',
      'until',
      'up',
      'info frame',
      'info breakpoints',
    ]);
    expect(text).toMatch(/#0 {2}square \(n=1\) at debuggee.c:10\n#1 {2}0x\w+ in sum_squares \(limit=4\)/);
  });

  it('watches writes, reads and both', async () => {
    const text = await same([
      'watch watched',
      'continue',
      'continue',
      'delete 2',
      'p watched',
      'p seen',
      'set var watched = 3',
      'p watched',
    ]);
    expect(text).toMatch(/Old value = 5\nNew value = 7\n/);
    expect(text).toMatch(/Old value = 7\nNew value = 9\n/);
    expect(await same(['rwatch watched', 'continue', 'continue', 'awatch seen', 'continue'])).toMatch(/Value = 5/);
    expect(await same(['awatch watched', 'continue', 'continue', 'continue'])).toMatch(/Old value = 5\nNew value = 7/);
  });

  it('writes registers and memory', async () => {
    const text = await same([
      'set $eax = 0x12345678',
      'p/x $eax',
      'p/x $al',
      'set $esi = -1',
      'p/x $esi',
      'set $eflags = 0x46',
      'p/x $eflags',
      'set var table[5] = 77',
      'p table',
      'p/x (char[4])*table@1',
      'set {short}&table[6] = 0x1234',
      'x/2xw &table[6]',
      'p $eip == $pc',
      'p sum_squares(3)',
      'p $eax == 0x12345678',
      'info registers eip esp ebp',
      'set $st0 = 1.5',
      'p $st0',
    ]);
    expect(text).toMatch(/= 14\n/);
    // QEMU's power-on control word is that of FNINIT; ours is the manual's (SDM vol. 3, table 9-1).
    // Our eflags are listed as gdb lists its own, lowest bit first; QEMU's are not.
    const own = await onStub(trapgateStub(debuggeePath()), debuggeePath(), [
      ...TO_START,
      'p/x $fctrl',
      'set $eflags = 0x46',
      'p $eflags',
    ]);
    expect(own).toMatch(/\$1 = 0x40\n\$2 = \[ PF ZF IOPL=0 \]/);
  });

  it('conditions, ignore counts, temporary breakpoints and jump', async () => {
    const text = await same([
      'break square if n == 3',
      'continue',
      'p n',
      'delete 2',
      'tbreak touch',
      'continue',
      'info breakpoints',
      'finish',
      'break debuggee.c:11',
      'ignore 4 1',
      'jump 40',
      'bt',
      'p n',
    ]);
    expect(text).toMatch(/square \(n=3\)/);
  });

  it('a thousand breakpoints at once', async () => {
    const commands = Array.from({ length: 1000 }, (_, i) => `break *(slide + ${i})`);
    const text = await same([
      ...commands,
      'set $pc = slide',
      'continue',
      'continue',
      'continue',
      'x/i $pc',
      'delete',
      'p $pc',
    ]);
    expect(text).toMatch(/Breakpoint 4, 0x\w+ in slide/);
  });
});

describe('gdb, where we do more than QEMU', () => {
  it('finds the symbols of the image by itself', async () => {
    const stub = await trapgateStub(debuggeePath());
    const { output } = await gdb(stub, undefined, ['@CONNECT', 'break touch', 'continue', 'bt']);
    stub.kill();
    expect(output).toMatch(/Breakpoint 1, touch \(\) at debuggee.c:22/);
  });

  it('shows and writes system registers, with their effect', async () => {
    const text = await onStub(trapgateStub(debuggeePath()), debuggeePath(), [
      ...TO_START,
      'p $cr0',
      'p/x $cr3',
      'p $cpl',
      'p $steps',
      'p/x $cs_limit',
      'p/x $gdtr_limit',
      'stepi',
      'p $steps',
      'set $cr2 = 0x1234',
      'p/x $cr2',
      'set $idtr_base = 0x5000',
      'p/x $idtr_base',
      'set $cs = 0x10',
      'set $cpl = 3',
      'set $ss = 0x10',
      'p $ss',
      'set $cr0 = $cr0 | 0x10000',
      'p $cr0',
      'info registers cr0',
    ]);
    expect(text).toMatch(/\$1 = \[ PE ET \]/);
    expect(text).toMatch(/= 0xffffffff\n/);
    expect(text).toMatch(/= 0x1234\n/);
    expect(text).toMatch(/= 0x5000\n/);
    expect(text).toMatch(/cannot be written/);
    expect(text).toMatch(/\[ PE ET WP \]/);
  });

  it('answers monitor commands', async () => {
    const text = await onStub(trapgateStub(debuggeePath()), debuggeePath(), [
      ...TO_START,
      'monitor help',
      'monitor info registers',
      'monitor info mem',
      'monitor info gdt',
      'monitor xp/4xw 0x100000',
      'monitor stats',
      'monitor nonsense',
    ]);
    expect(text).toMatch(/help -- this text\nstats -- /);
    expect(text).toMatch(/EAX=\w{8} EBX=\w{8} ECX=\w{8} EDX=\w{8}\nESI=/);
    expect(text).toMatch(/PG disabled/);
    expect(text).toMatch(/0008: base=00000000 limit=ffffffff DPL=0 code32/);
    expect(text).toMatch(/0000000000100000: 0x1badb002 0x00000003 0xe4524ffb/);
    expect(text).toMatch(/unknown command: 'nonsense'/);
  });

  it('steps over a long line in seconds: range stepping stays on our side', async () => {
    const begun = Date.now();
    const text = await onStub(trapgateStub(debuggeePath()), debuggeePath(), [
      ...TO_START,
      'break long_line',
      'continue',
      'next',
      'next',
      'next',
      'info locals',
    ]);
    expect(text).toMatch(/return sum;/);
    expect(Date.now() - begun).toBeLessThan(15_000);
  });
});
