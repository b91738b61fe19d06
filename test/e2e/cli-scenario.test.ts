/** Scenarios against real guests: every kind of step, and the same run every time. */
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { guestPath } from '../guests/build.ts';
import { type CommandResult, lastJson, readWorkFile, trapgate, workFile } from './command.ts';

let count = 0;

function play(guest: string, steps: string[], ...more: string[]): Promise<CommandResult> {
  const path = workFile(`scenario-${count++}.steps`);
  writeFileSync(path, `${steps.join('\n')}\n`);
  return trapgate(['run', guestPath(guest), '--scenario', path, '--json', ...more]);
}

describe('a scenario', () => {
  it('talks to the guest over the serial line and is met by its power-off', async () => {
    const result = await play('echo', [
      'serial >',
      'send ab\\x63',
      'serial abc',
      'mark answered',
      'sleep 0.01',
      'send q',
      'poweroff',
    ]);
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/^>abcq\n\{/);
    expect(result.stderr).toMatch(/mark answered: step \d+, 0\.\d+ guest s/);
    expect(lastJson(result)).toMatchObject({ reason: 'poweroff', status: 0, failed: null });
  });

  it('gives the same run every time', async () => {
    const steps = ['serial >', 'send hello', 'serial o', 'sleep 0.5', 'send q', 'poweroff'];
    const [first, second] = await Promise.all([play('echo', steps), play('echo', steps)]);
    expect(lastJson(first).steps).toBe(lastJson(second).steps);
    expect(lastJson(first).steps).toBeGreaterThan(1000);
  });

  it('names the step that was not met', async () => {
    const result = await play('hello-serial', ['serial Hello', 'serial Goodbye', 'poweroff']);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('step not met: serial Goodbye (the guest powered off)');
    expect(lastJson(result)).toMatchObject({ reason: 'step', status: 1, failed: 'serial Goodbye' });
  });

  it('ends when all steps are met', async () => {
    const result = await play('echo', ['serial >']);
    expect(result.status).toBe(0);
    expect(lastJson(result)).toMatchObject({ reason: 'step', status: 0, failed: null });
  });

  it('reads the screen and takes pictures', async () => {
    const result = await play(
      'ends',
      ['screen ^Hello, screen\\n', 'shot'],
      '--append',
      's',
      '--ppm-out',
      's.ppm',
      '--shot',
      's.png',
      '--screen-out',
      's.txt',
    );
    expect(result.status).toBe(0);
    expect(readWorkFile('s.txt')).toBe('Hello, screen\n');
    const ppm = readFileSync(workFile('s.ppm'));
    expect(ppm.subarray(0, 15).toString('latin1')).toBe('P6\n640 400\n255\n');
    expect(ppm.length).toBe(15 + 640 * 400 * 3);
    // White on blue: the letters' dots are there.
    expect(ppm.indexOf(Buffer.from([0xff, 0xff, 0xff]))).toBeGreaterThan(0);
    expect(readFileSync(workFile('s.png')).subarray(1, 4).toString('latin1')).toBe('PNG');
  });

  it('types on the keyboard; port E9h is a channel of its own', async () => {
    const result = await play(
      'ends',
      ['type a', 'debugcon \\x1c|\\x1e', 'key f1'],
      '--append',
      'k',
      '--debugcon-out',
      'e9.txt',
      '--serial',
      'null',
    );
    expect(result.status).toBe(0);
    expect(result.stdout).toMatch(/^\{/);
    expect(readWorkFile('e9.txt')).not.toBe('');
  });

  it('meets an exit step by its status', async () => {
    expect((await play('ends', ['exit 33'], '--append', 'e')).status).toBe(0);
    const wrong = await play('ends', ['exit 35'], '--append', 'e');
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('step not met: exit 35 (the guest ended the run with status 33)');
  });

  it('meets poweroff by a reset', async () => {
    const result = await play('ends', ['serial R', 'poweroff'], '--append', 'r');
    expect(result.status).toBe(0);
    expect(lastJson(result).reason).toBe('reset');
  });

  it('gives up at once when nothing can happen any more', async () => {
    const result = await play('ends', ['serial never'], '--append', 'h');
    expect(result.status).toBe(1);
    expect(result.stderr).toContain('halted with interrupts off');
    expect((await play('ends', ['screen never'], '--append', 'h')).status).toBe(1);
  });

  it.each([[], ['--gdb', ':0', '--no-wait']])('names the step it was waiting for (%s)', async (...driver) => {
    const limits = [
      ['limit', '--max-instructions', '100000'],
      ['timeout', '--timeout', '0.2'],
    ];
    for (const [reason, ...limit] of limits) {
      const result = await play('ends', ['serial never'], '--append', 'l', ...limit, ...driver);
      expect(result.status).toBe(124);
      expect(lastJson(result)).toMatchObject({ reason, failed: 'serial never' });
      expect(result.stderr).toMatch(/, waiting for: serial never\n$/);
    }
    const fault = await play('triple-fault', ['serial never'], ...driver);
    expect(fault.status).toBe(125);
    expect(lastJson(fault)).toMatchObject({ reason: 'triple-fault', failed: 'serial never' });
  });

  it('waits in guest time', async () => {
    const result = await play('echo', ['sleep 100', 'send q', 'poweroff']);
    expect(result.status).toBe(0);
    expect(lastJson(result).seconds).toBeLessThan(20);
  });
});
