import { describe, expect, it } from 'vitest';
import { UserError } from '../../../core/index.ts';
import { parseListenAddress } from '../../../server/listen-address.ts';
import { parseCommandLine, type RunOptions } from '../../../server/options.ts';

function run(...args: string[]): RunOptions {
  const line = parseCommandLine(['run', ...args], '1.2.3');
  if (line.command !== 'run') throw new Error(`parsed as ${line.command}`);
  return line.options;
}

function mistake(...args: string[]): string {
  try {
    parseCommandLine(args, '1.2.3');
  } catch (error) {
    if (error instanceof UserError) return error.line;
    throw error;
  }
  return 'no mistake';
}

describe('the command line', () => {
  it('has the defaults of the contract', () => {
    expect(run('kernel.elf')).toMatchObject({
      image: 'kernel.elf',
      append: '',
      modules: [],
      memory: 128,
      tier: 0,
      vga: 'std',
      wait: false,
      serial: { kind: 'stdio' },
      onReset: 'reboot',
      stats: false,
      json: false,
    });
  });

  it('takes every option that is built', () => {
    const options = run(
      '--kernel',
      'k',
      '--append',
      'a b',
      '--module',
      'm1 x',
      '--module',
      'm2',
      '--mem',
      '64',
      '--vga',
      'none',
      '--net',
      'none',
      '--smp',
      '1',
      '--isa-exit',
      '--serial',
      'file:S',
      '--serial-out',
      'so',
      '--debugcon-out',
      'do',
      '--screen-out',
      'sc',
      '--shot',
      'p.png',
      '--ppm-out',
      'p.ppm',
      '--timeout',
      '1.5',
      '--max-instructions',
      '1000000',
      '--script',
      'steps',
      '--on-reset',
      'stop',
      '--stats',
      '--json',
      '--tier',
      '1',
    );
    expect(options).toEqual({
      image: 'k',
      disks: [],
      boot: undefined,
      append: 'a b',
      modules: ['m1 x', 'm2'],
      memory: 64,
      tier: 1,
      vga: 'none',
      gdb: undefined,
      dap: undefined,
      wait: false,
      serial: { kind: 'file', path: 'S' },
      serialOut: 'so',
      debugconOut: 'do',
      screenOut: 'sc',
      shot: 'p.png',
      ppmOut: 'p.ppm',
      timeout: 1.5,
      maxInstructions: 1_000_000,
      scenario: 'steps',
      onReset: 'stop',
      stats: true,
      json: true,
    });
  });

  it('stops at the start and on a reset when a debugger is asked for', () => {
    expect(run('k', '--gdb', '1234')).toMatchObject({
      wait: true,
      onReset: 'stop',
      gdb: { host: '127.0.0.1', port: 1234 },
    });
    expect(run('k', '--gdb', '1234', '--no-wait', '--on-reset', 'reboot')).toMatchObject({
      wait: false,
      onReset: 'reboot',
    });
  });

  it.each([
    [['run', 'k', '--initrd', 'f'], 'not supported yet: --initrd'],
    [['run', 'k', '--bios', 'f'], 'not supported yet: --bios'],
    [['run', '--cdrom', 'f'], 'not supported yet: --cdrom'],
    [['run', 'k', '--boot', 'd'], 'not supported yet: --boot d'],
    [['run', 'k', '--cpu', 'pentium3'], 'not supported yet: --cpu'],
    [['run', 'k', '--smp', '4'], 'not supported yet: --smp 4'],
    [['run', 'k', '--net', 'ne2k'], 'not supported yet: --net ne2k'],
  ])('%j is refused by name', (args, line) => {
    expect(mistake(...args)).toBe(line);
  });

  it.each([
    [[], /no command/],
    [['run'], /nothing to boot/],
    [['run', 'a', '--kernel', 'b'], /both IMAGE and --kernel/],
    [['run', 'a', 'b'], /too many arguments/],
    [['run', 'a', '--mem', '0'], /1 to 2048/],
    [['run', 'a', '--mem', '4096'], /1 to 2048/],
    [['run', 'a', '--mem', '12x'], /1 to 2048/],
    [['run', 'a', '--timeout', 'soon'], /positive number/],
    [['run', 'a', '--max-instructions', '-1'], /whole number/],
    [['run', 'a', '--serial', 'tape'], /stdio, null or file:F/],
    [['run', 'a', '--vga', 'cga'], /std, none/],
    [['run', 'a', '--on-reset', 'ignore'], /stop, reboot/],
    [['run', 'a', '--gdb', '99999'], /out of range/],
    [['run', 'a', '--gdb', 'host:'], /cannot listen/],
    [['run', 'a', '--frobnicate'], /unknown option/],
    [['boot', 'a'], /unknown command/],
    [['dap', '--port', 'x'], /whole number/],
  ])('%j is a mistake told in one line', (args, pattern) => {
    expect(mistake(...args)).toMatch(pattern);
    expect(mistake(...args)).not.toContain('\n');
  });

  it('answers --help and --version', () => {
    expect(parseCommandLine(['--version'], '1.2.3')).toEqual({ command: 'text', text: '1.2.3\n' });
    const help = parseCommandLine(['run', '--help'], '1.2.3');
    expect(help.command === 'text' && help.text).toContain('--max-instructions');
  });

  it('starts the debug adapter', () => {
    expect(parseCommandLine(['dap'], '')).toEqual({ command: 'dap', port: undefined });
    expect(parseCommandLine(['dap', '--port', '0'], '')).toEqual({ command: 'dap', port: 0 });
  });
});

describe('a listen address', () => {
  it('is loopback unless a host is given', () => {
    expect(parseListenAddress('1234')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 1234 });
    expect(parseListenAddress(':1234')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 1234 });
    expect(parseListenAddress('0.0.0.0:1')).toEqual({ kind: 'tcp', host: '0.0.0.0', port: 1 });
    expect(parseListenAddress('[::1]:80')).toEqual({ kind: 'tcp', host: '::1', port: 80 });
  });

  it('is a socket path otherwise', () => {
    expect(parseListenAddress('/tmp/a.sock')).toEqual({ kind: 'unix', path: '/tmp/a.sock' });
    expect(parseListenAddress('gdb.sock')).toEqual({ kind: 'unix', path: 'gdb.sock' });
  });
});
