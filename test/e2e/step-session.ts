/** The same steps of the same guest, by stock gdb on our stub and by our debug adapter: where each of them ends. */
import { realSession } from './dap-real.ts';
import { onStub, trapgateStub } from './gdb-tools.ts';

/** As gdb calls them. */
export type Step = 'step' | 'next' | 'finish' | 'continue';
const REQUESTS: Readonly<Record<Step, string>> = {
  step: 'stepIn',
  next: 'next',
  finish: 'stepOut',
  continue: 'continue',
};

/**
 * From a breakpoint on a function, which goes with the first stop unless the guest is to be continued.
 * @returns a line for each stop: `inner:LINE < outer:LINE < …`
 */
export async function stepsOfGdb(image: string, start: string, steps: readonly Step[]): Promise<string[]> {
  const look = ['echo \\n@stop\\n', 'backtrace'];
  const script = ['@CONNECT', `break ${start}`, 'continue', ...(steps.includes('continue') ? [] : ['delete']), ...look];
  for (const step of steps) script.push(step, ...look);
  const output = await onStub(trapgateStub(image), image, script);
  return output
    .split('\n@stop\n')
    .slice(1)
    .map((text) => {
      const frames = [...text.matchAll(/^#\d+ +(?:0x[0-9a-f]+ in )?(\S+) \(.*?\)(?: at .*:(\d+))?$/gm)];
      return frames.map(([, name, line]) => `${name}:${line ?? 0}`).join(' < ');
    });
}

export async function stepsOfAdapter(image: string, start: string, steps: readonly Step[]): Promise<string[]> {
  const { session, response, event } = await realSession();
  const initialized = event('initialized');
  await response('launch', { program: image });
  await initialized;
  await response('setFunctionBreakpoints', { breakpoints: [{ name: start }] });
  const seen: string[] = [];
  const after = async (command: string) => {
    const stopped = event('stopped');
    const { success, message } = await response(command, { threadId: 1 });
    if (!success) throw new Error(message);
    await stopped;
    const { stackFrames } = (await response('stackTrace', { threadId: 1 })).body;
    const named = stackFrames as { name: string; line: number }[];
    seen.push(named.map(({ name, line }) => `${name.replace(/\+0x[0-9a-f]+$/, '')}:${line}`).join(' < '));
  };
  await after('configurationDone');
  if (!steps.includes('continue')) await response('setFunctionBreakpoints', { breakpoints: [] });
  for (const step of steps) await after(REQUESTS[step]);
  session.dispose();
  return seen;
}
