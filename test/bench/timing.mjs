/** CPU time of a running process at the moments its guest prints something. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const LIMIT_SECONDS = 180;

/**
 * CPU seconds a process has used, all its live threads: /proc's schedstat counts nanoseconds (stat only
 * hundredths). A thread that has ended is not in it; neither peer ends threads while it runs.
 */
export function cpuSeconds(pid) {
  let nanoseconds = 0;
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    nanoseconds += Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'latin1').split(' ')[0]);
  }
  return nanoseconds / 1e9;
}

/** Runs a command, gives `watch(output so far, cpu clock)` every chunk until it answers true, then ends it. */
function watchOutput([command, ...args], watch, env = process.env) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    let output = '';
    const timer = setTimeout(() => finish('timeout'), LIMIT_SECONDS * 1000);
    const finish = (error) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      resolve(error);
    };
    child.on('error', (error) => finish(error.message));
    child.on('exit', (status) => finish(`ended with ${status}: ${output.slice(-100)}`));
    child.stdout.on('data', (chunk) => {
      let clock = Number.NaN;
      try {
        clock = cpuSeconds(child.pid);
      } catch {
        // It has just ended; what it printed last is still judged.
      }
      output += chunk.toString('latin1');
      if (watch(output, clock)) finish(undefined);
    });
  });
}

/** @returns {cpu seconds from START to BENCH, checksum, guest ticks} or {error} */
export async function timeGuest(command) {
  let start;
  let result;
  const error = await watchOutput(command, (output, clock) => {
    if (start === undefined && output.includes('START ')) start = clock;
    const match = /BENCH \S+ \S+ ([0-9a-f]+) ([0-9a-f]+)\s/.exec(output);
    if (match && !result) result = { cpu: clock - start, sum: match[1], ticks: Number.parseInt(match[2], 16) };
    return result !== undefined || output.includes('UNEXPECTED');
  });
  if (result && Number.isFinite(result.cpu) && result.cpu > 0) return result;
  return { error: error ?? 'no time was measured' };
}

/** @returns CPU seconds from the start of the process to the guest's first byte; throws when none comes */
export async function timeFirstByte(command, env) {
  let first;
  const watch = (output, clock) => {
    first ??= clock;
    return output.length > 0;
  };
  const error = await watchOutput(command, watch, env);
  if (first === undefined || Number.isNaN(first)) throw new Error(`${command[0]}: ${error ?? 'no time was measured'}`);
  return first;
}
