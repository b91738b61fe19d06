/** Stock gdb with the script we ship, on a boot sector that passes through every mode: nothing is set by hand. */
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { bootSectorPath } from '../guests/build.ts';
import { gdb, type Stub, trapgateStub } from './gdb-tools.ts';

const SCRIPT = `source ${fileURLToPath(new URL('../../dist/trapgate-gdb.py', import.meta.url))}`;
let stub: Stub | undefined;

afterEach(() => stub?.kill());

/** As a user has it who did not read the README: no script, and the file says 32-bit code. */
async function bareSession(script: readonly string[]): Promise<string> {
  const image = bootSectorPath('real-mode');
  stub = await trapgateStub(image, ['--serial', 'null']);
  return (await gdb(stub, image.replace('.img', '.elf'), ['@CONNECT', ...script])).output;
}

async function session(script: readonly string[], options: readonly string[] = []): Promise<string> {
  const image = bootSectorPath('real-mode');
  stub = await trapgateStub(image, ['--serial', 'null', ...options]);
  const { output } = await gdb(stub, image.replace('.img', '.elf'), [SCRIPT, '@CONNECT', ...script]);
  return output;
}

describe('real mode in gdb', () => {
  it('starts at the firmware, decodes 16-bit, and stops at a boot sector of segment 0 and 07C0h', async () => {
    const output = await session([
      'x/i $pc',
      'break *0x7c00',
      'continue',
      'echo first:',
      'output $where()',
      'echo \\n',
      'break *$at("07c0:0005")',
      'break *$at("07c0:0012")',
      'continue',
      'printf "second %x\\n", $eip_offset',
      'x/2i $pc',
      'continue',
      'printf "third %x %x\\n", $eip_offset, $pc',
      'continue',
    ]);
    expect(output).toMatch(/0xffff0:\s+ljmp\s+\$0xf000,\$0xe05b/);
    expect(output).toMatch(/Breakpoint 1, .*_start/);
    expect(output).toContain('first:"0000:7c00"');
    expect(output.match(/Breakpoint 2, away \(\)/g)).toHaveLength(1);
    expect(output).toContain('second 5');
    expect(output.match(/Breakpoint 3, 0x00007c12 in away \(\)|Breakpoint 3, away \(\)/g)).toHaveLength(1);
    expect(output).toContain('third 12 7c12');
    expect(output).toMatch(/<away>:\s+cli[\s\S]*xor\s+%bx,%bx/);
    expect(output).toContain('exited with code 0205');
  });

  it('steps into and over firmware calls', async () => {
    const output = await session([
      'break print',
      'continue',
      'stepi',
      'echo inside:',
      'output $where()',
      'echo \\n',
      'tbreak *$at("cs:f067")',
      'continue',
      'stepi',
      'x/i $pc',
      'break failed',
      'tbreak read',
      'continue',
      'trapgate-over',
      'printf "read %x %d\\n", $ax, $eflags & 1',
    ]);
    expect(output).toContain('inside:"f000:f065"');
    expect(output).toMatch(/=> 0x7c\w+ <print\+2>:\s+mov\s+\$0x201,%ax/);
    expect(output).toContain('read 1 0');
  });

  it('runs over firmware calls and functions with next, also from a breakpoint on them, and finds callers', async () => {
    const output = await session([
      'break print',
      'continue',
      'next',
      'echo next:',
      'output $where()',
      'echo \\n',
      'break read',
      'continue',
      'stepi',
      'backtrace 2',
      'finish',
      'echo finish:',
      'output $where()',
      'echo \\n',
      'break failed',
      'continue',
      'next',
      'x/i $pc',
    ]);
    expect(output).toContain('next:"07c0:0017"');
    expect(output).toMatch(/#0 {2}0x000f\w+ in \?\? \(\)\n#1 {2}0x\w+ in read \(\)/);
    expect(output).toContain('finish:"07c0:0028"');
    expect(output).toMatch(/=> 0x\w+ <failed\+3>:\s+mov\s+\$0xf4,%dx/);
  });

  it('shows the callers of a function before and after it has made its frame', async () => {
    const output = await session([
      'break *say',
      'continue',
      'backtrace 2',
      'stepi',
      'stepi',
      'echo framed\\n',
      'backtrace 2',
      'finish',
      'x/i $pc',
    ]);
    expect(output.match(/#0 {2}say \(\)[^#]*\n#1 {2}0x\w+ in failed \(\)/g)).toHaveLength(2);
    expect(output).toMatch(/=> 0x\w+ <failed\+3>:\s+mov\s+\$0xf4,%dx/);
  });

  it('follows into protected mode and back without a reconnect', async () => {
    const output = await session([
      'break protected',
      'break narrow',
      'break real',
      'break unreal',
      'continue',
      'x/i $pc',
      'continue',
      'x/i $pc',
      'echo narrow:',
      'output $where()',
      'echo \\n',
      'continue',
      'echo real:',
      'output $where()',
      'echo \\n',
      'continue',
      'x/i $pc',
      'printf "limit %x\\n", $fs_limit',
      'stepi 2',
      'printf "unreal %x\\n", $edx',
      'continue',
    ]);
    expect(output).toMatch(/Breakpoint 1, protected[\s\S]*mov\s+\$0x10,%ax/);
    expect(output).toMatch(/Breakpoint 2, narrow[\s\S]*mov\s+\$0x20,%ax/);
    expect(output).toContain('narrow:"0018:');
    expect(output).toContain('real:"07c0:');
    expect(output).toMatch(/movl\s+\$0xcafe,%fs:\(%esi\)/);
    expect(output).toContain('limit ffffffff');
    expect(output).toContain('unreal cafe');
    expect(output).not.toContain('SIGTRAP');
  });

  it('stops once at a breakpoint whose offset another segment also has', async () => {
    const output = await session([
      'break *5',
      'break *0x7c05',
      'continue',
      'echo at:',
      'output $where()',
      'echo \\n',
      'continue',
    ]);
    expect(output).toMatch(/Breakpoint 2, /);
    expect(output).not.toMatch(/Breakpoint 1, /);
    expect(output).toContain('exited with code 0205');
  });

  it('shows the registers themselves when asked to', async () => {
    const output = await session([
      'break *0x7c05',
      'continue',
      'printf "auto %x\\n", $eip',
      'monitor pc offset',
      'flushregs',
      'printf "offset %x\\n", $eip',
    ]);
    expect(output).toContain('auto 7c05');
    expect(output).toContain('offset 5');
  });

  it('tells a gdb without the script once where it is; from then on it decodes', async () => {
    const output = await bareSession([
      'break *0x7c00',
      'continue',
      'stepi',
      'x/2i $pc',
      'python gdb.execute(gdb.execute("monitor gdb-script", to_string=True))',
      'trapgate-sync',
      'x/2i $pc',
    ]);
    expect(stub?.output()).toMatch(
      /starts in 16-bit code, which gdb follows after: source \S+\/dist\/trapgate-gdb\.py\n/,
    );
    expect(output.match(/16-bit code at 0000:7c00; for gdb to follow it: source \S+trapgate-gdb\.py/g)).toHaveLength(1);
    expect(output.match(/for gdb to follow it/g)).toHaveLength(1);
    // What gdb makes of it before: an instruction that is not there.
    const [, before, after] = output.split('=> 0x7c05');
    expect(before).not.toMatch(/cli\s+0x7c06 <away\+1>:\s+xor\s+%bx,%bx/);
    expect(after).toMatch(/cli\s+0x7c06 <away\+1>:\s+xor\s+%bx,%bx/);
  });

  it('steps a line over a firmware call in a gdb without the script', async () => {
    const output = await bareSession(['break *0x7c12', 'continue', 'next', 'next', 'printf "bare %x\\n", $eip_offset']);
    expect(output).toContain('bare 17');
  });

  it('says nothing of the script to a gdb that has it', async () => {
    const output = await session(['break *0x7c00', 'continue', 'stepi', 'monitor gdb-script']);
    expect(output).not.toContain('for gdb to follow it');
    expect(output).toMatch(/source \S+trapgate-gdb\.py/);
  });
});
