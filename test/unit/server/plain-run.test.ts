import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../../server/options.ts';
import { plainRun } from '../../../server/plain-run.ts';

describe('the short way through the command line', () => {
  it('means what the parser says', () => {
    const parsed = parseCommandLine(['run', 'kernel.elf'], '1');
    expect({ command: 'run', options: plainRun(['run', 'kernel.elf']) }).toEqual(parsed);
  });

  it('leaves everything else to the parser', () => {
    for (const args of [
      [],
      ['run'],
      ['run', ''],
      ['run', '--help'],
      ['run', '-h'],
      ['dap', 'x'],
      ['run', 'x', '--json'],
    ])
      expect(plainRun(args)).toBeUndefined();
  });
});
