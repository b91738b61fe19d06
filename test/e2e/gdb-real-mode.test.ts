/**
 * gdb in 16-bit code, where it knows no segments: our stub shows linear addresses, so that breakpoints,
 * disassembly and the stack meet the code. QEMU's shows offsets, and a user is stuck at the first breakpoint.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { tool, workFolder } from '../guests/build.ts';
import { onStub, qemuStub, trapgateStub } from './gdb-tools.ts';

const GUESTS = fileURLToPath(new URL('../guests/', import.meta.url));
const sector = join(workFolder(), 'boot-calls.img');
/** Linear addresses in the sector. */
const SHOW = '0x7c17';
const COUNT = '0x7c1f';

beforeAll(() => {
  const object = join(workFolder(), 'boot-calls.o');
  tool('as', ['--32', '-o', object, 'boot-calls.S'], GUESTS);
  tool('objcopy', ['-O', 'binary', '-j', '.text', object, sector]);
});

describe('a boot sector at 07C0:0000', () => {
  const script = ['@CONNECT', `break *${SHOW}`, 'continue', 'x/2i $pc', 'p/x $cs', 'continue', 'p/x $pc'];

  it('is stopped in, decoded as 16-bit code, and gone on from', async () => {
    const text = await onStub(trapgateStub(sector), undefined, [
      ...script,
      'p/x $cs_base',
      'p/x $ss_base',
      'x/1xh $sp',
      'stepi',
      'stepi',
      'x/i $pc',
      'delete',
      `watch *(short *)${COUNT}`,
      'continue',
      'x/i $pc',
      'set $pc = 0x7c17',
      'p/x $pc',
      'stepi',
      'p/x $pc',
    ]);
    expect(text).not.toMatch(/not in executable format/);
    expect(text.match(/Breakpoint 1, 0x00007c17/g)).toHaveLength(2);
    expect(text).toMatch(/=> 0x7c17:\tpush {3}%bp\n {3}0x7c18:\tmov {4}%sp,%bp/);
    expect(text).toMatch(/\$1 = 0x7c0\n/);
    expect(text).toMatch(/\$3 = 0x7c00\n\$4 = 0x7c00\n0xbbfe:\t0x0011\n/);
    expect(text).toMatch(/=> 0x7c1a:\tmov {4}\$0x1234,%ax/);
    expect(text).toMatch(/Old value = 1\nNew value = 2\n/);
    expect(text).toMatch(/=> 0x7c15:\tjmp {4}0x7c0e\n\$5 = 0x7c17\n0x00007c18 in \?\? \(\)\n\$6 = 0x7c18/);
  });

  it('has users of QEMU stuck: the stop is no breakpoint to gdb and comes again at the same place', async () => {
    const text = await onStub(qemuStub(sector, 'disk'), undefined, ['set architecture i8086', ...script]);
    expect(text).not.toMatch(/Breakpoint 1, /);
    expect(text.match(/Program received signal SIGTRAP/g)).toHaveLength(2);
    expect(text).toMatch(/\$2 = 0x17\n/);
  });
});
