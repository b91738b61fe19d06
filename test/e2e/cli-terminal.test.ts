/** The command line at a terminal, of which `script` makes one: somebody sits there, so idle time takes its time. */
import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { guestPath, workFolder } from '../guests/build.ts';
import { lastJson, TRAPGATE, trapgate } from './command.ts';

const DRIVERS = [[], ['--gdb', ':0', '--no-wait'], ['--dap', ':0']];

function atTerminal(args: readonly string[]): Promise<{ status: number; stdout: string }> {
  const command = [process.execPath, TRAPGATE, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    cwd: workFolder(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status: status ?? -1, stdout }));
  });
}

describe.each(DRIVERS)('%s %s', (...driver) => {
  it('a guest that nothing can wake ends the run', async () => {
    const { status, stdout } = await atTerminal([
      'run',
      guestPath('ends'),
      '--append',
      'h',
      '--timeout',
      '30',
      ...driver,
    ]);
    expect(stdout).toContain('nothing can wake it');
    expect(status).toBe(124);
  });

  it('a guest that sleeps does not run ahead of the host', async () => {
    const { stdout } = await atTerminal(['run', guestPath('echo'), '--timeout', '1', '--json', ...driver]);
    const { reason, steps, seconds } = lastJson({ status: 0, stdout, stderr: '' });
    expect(reason).toBe('timeout');
    // A thousand ticks a second of seven steps each: fewer where the host is busy, more never.
    expect(steps / seconds).toBeLessThan(8000);
  });
});

it('without a terminal idle time is skipped', async () => {
  const result = await trapgate([
    'run',
    guestPath('echo'),
    '--max-instructions',
    '200000',
    '--timeout',
    '20',
    '--json',
  ]);
  expect(lastJson(result)).toMatchObject({ reason: 'limit', steps: 200_000 });
});
