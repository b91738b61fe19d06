/** Stock gdb with the script we ship, on a boot sector that passes through every mode: nothing is set by hand. */
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { bootSectorPath } from '../guests/build.ts';
import { gdb, type Stub, trapgateStub } from './gdb-tools.ts';

const SCRIPT = `source ${fileURLToPath(new URL('../../dist/trapgate-gdb.py', import.meta.url))}`;
let stub: Stub | undefined;

afterEach(() => stub?.kill());

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
      'continue',
      'printf "second %x\\n", $eip_offset',
      'x/2i $pc',
      'continue',
    ]);
    expect(output).toMatch(/0xffff0:\s+ljmp\s+\$0xf000,\$0xe05b/);
    expect(output).toMatch(/Breakpoint 1, .*_start/);
    expect(output).toContain('first:"0000:7c00"');
    expect(output.match(/Breakpoint 2, /g)).toHaveLength(1);
    expect(output).toContain('second 5');
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
});
