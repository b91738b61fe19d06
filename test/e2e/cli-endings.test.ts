/** Exit statuses of the command line contract, and what is said about each ending. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { guestPath } from '../guests/build.ts';
import { lastJson, trapgate } from './command.ts';

const README = fileURLToPath(new URL('../../README.md', import.meta.url));
const DEMO = fileURLToPath(new URL('../../dist/demo.elf', import.meta.url));

const ends = (how: string, ...more: string[]) =>
  trapgate(['run', guestPath('ends'), '--append', how, '--json', ...more]);

/** Nobody attaches: the run is to be the same. */
const DRIVERS = [[], ['--gdb', ':0', '--no-wait'], ['--dap', ':0']];

describe('without a scenario', () => {
  it('a power-off is status 0, and COM1 comes to stdout unmixed', async () => {
    const result = await trapgate(['run', guestPath('hello-serial')]);
    expect(result).toEqual({ status: 0, stdout: 'Hello from ring 0\r\n', stderr: '' });
  });

  it('--json says how it ended in the last line', async () => {
    const result = await trapgate(['run', guestPath('hello-serial'), '--json']);
    expect(result.stdout).toMatch(/^Hello from ring 0\r\n\{/);
    expect(lastJson(result)).toMatchObject({ reason: 'poweroff', status: 0, failed: null });
    expect(lastJson(result).steps).toBeGreaterThan(100);
  });

  it('port F4h gives (value << 1) | 1', async () => {
    const result = await ends('e');
    expect(result.status).toBe(33);
    expect(lastJson(result)).toMatchObject({ reason: 'debug-exit', status: 33 });
  });

  it('a triple fault is 125 and its chain of faults is printed', async () => {
    const result = await trapgate(['run', guestPath('triple-fault'), '--json']);
    expect(result.status).toBe(125);
    expect(result.stderr).toMatch(/triple fault:\n {2}#UD at 0008:/);
    expect(result.stderr).toContain('#DF');
    expect(lastJson(result)).toMatchObject({ reason: 'triple-fault', status: 125 });
  });

  it('an instruction limit is 124, at exactly that step', async () => {
    const result = await ends('l', '--max-instructions', '1234567');
    expect(result.status).toBe(124);
    expect(lastJson(result)).toMatchObject({ reason: 'limit', steps: 1234567 });
  });

  it('a time limit is 124', async () => {
    const result = await ends('l', '--timeout', '0.3');
    expect(result.status).toBe(124);
    expect(lastJson(result)).toMatchObject({ reason: 'timeout' });
    expect(lastJson(result).seconds).toBeLessThan(5);
  });

  it('a guest that halts with interrupts off ends at once, with a clear line', async () => {
    const result = await ends('h');
    expect(result.status).toBe(124);
    expect(result.stderr).toContain('halted with interrupts off');
  });

  it('so does one that waits for an input when none can come', async () => {
    const result = await ends('w');
    expect(result.status).toBe(124);
    expect(result.stderr).toContain('input that cannot come');
  });

  it('a reset boots again, or stops when asked to', async () => {
    const again = await ends('r', '--max-instructions', '400');
    expect(lastJson(again).reason).toBe('limit');
    expect(again.stdout).toMatch(/^R{5,}/);
    const stopped = await ends('r', '--on-reset', 'stop');
    expect(stopped.status).toBe(0);
    expect(lastJson(stopped).reason).toBe('reset');
  });

  it('what is not built yet is refused by name', async () => {
    const result = await ends('x');
    expect(result.status).toBe(70);
    expect(result.stderr).toMatch(/task gate.* not built yet/);
    expect(lastJson(result).reason).toBe('error');
  });

  it('garbage executes without a stack trace', async () => {
    const result = await ends('g', '--max-instructions', '3000000');
    expect([70, 124, 125]).toContain(result.status);
    expect(result.stderr).not.toMatch(/ {4}at |internal/);
  });

  it.each(DRIVERS)('output that cannot be written is one line and status 2 (%s)', async (...driver) => {
    const result = await trapgate(['run', guestPath('hello-serial'), '--serial-out', '/dev/full', ...driver]);
    expect(result.status).toBe(2);
    expect(result.stderr).toMatch(/^(trapgate: (gdb|debug adapter): .*\n)?trapgate: cannot write \/dev\/full: .*\n$/);
  });

  it('Ctrl-C stops cleanly', async () => {
    const result = await trapgate(['run', guestPath('echo'), '--json', '--serial-out', 'c.txt'], {
      input: 'abc',
      signalAfter: '>',
    });
    expect([130, 124]).toContain(result.status);
    expect(['interrupted', 'timeout']).toContain(lastJson(result).reason);
  });

  it('the first run in README.md is what the demo prints', async () => {
    const [, shown = ''] = /demo kernel to power-off:\n\n```\n([^`]*)```/.exec(readFileSync(README, 'utf8')) ?? [];
    const { stdout, stderr } = await trapgate(['run', DEMO, '--stats']);
    const printed = new Set(`${stdout}${stderr}`.split(/\r?\n/));
    const lines = shown.trim().split('\n');
    expect(lines.length).toBeGreaterThan(15);
    expect(lines.filter((line) => line !== '...' && !printed.has(line))).toEqual([]);
  });

  it('--stats shows what trapped', async () => {
    const result = await trapgate(['run', guestPath('hello-serial'), '--stats']);
    expect(result.stderr).toMatch(/trapped +class +count/);
    expect(result.stderr).toMatch(/^out +iopl +\d+$/m);
  });
});

describe('standard input', () => {
  it('goes to COM1', async () => {
    const result = await trapgate(['run', guestPath('echo')], { input: 'hello q' });
    expect(result).toMatchObject({ status: 0, stdout: '>hello q' });
  });

  it.each(DRIVERS)('reaches a guest that sleeps before it is looked at (%s)', async (...driver) => {
    const options = ['--append', 'c', ...driver];
    expect(await trapgate(['run', guestPath('ends'), ...options], { input: 'x' })).toMatchObject({
      status: 0,
      stdout: '> x',
    });
    const alone = await trapgate(['run', guestPath('ends'), ...options]);
    expect(alone).toMatchObject({ status: 124, stdout: '> ' });
    expect(alone.stderr).toContain('the guest waits for an input that cannot come');
  });
});
