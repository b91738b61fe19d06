/** The command: arguments in, exit status out. Nothing gets past here as a stack trace. */
import { UserError } from '../core/index.ts';
import { loadDebugAdapter } from './debug-adapter.ts';
import { OutputClosed } from './files.ts';
import { plainRun } from './plain-run.ts';
import { reportMistake, runCommand, say } from './run.ts';
import { STATUS_INTERNAL } from './run-result.ts';

async function main(args: readonly string[]): Promise<number> {
  const plain = plainRun(args);
  if (plain !== undefined) return runCommand(plain);
  const { parseCommandLine } = await import('./options.ts');
  const line = parseCommandLine(args, process.env.TRAPGATE_VERSION ?? '');
  switch (line.command) {
    case 'text':
      process.stdout.write(line.text);
      return 0;
    case 'run':
      return runCommand(line.options);
    case 'dap':
      await (await loadDebugAdapter()).runAdapter(line.port);
      return 0;
  }
}

function failed(error: unknown): number {
  if (error instanceof UserError) return reportMistake(error, process.argv.includes('--json'));
  if (error instanceof OutputClosed) return 0;
  const message = error instanceof Error ? error.message : String(error);
  say(message.startsWith('internal error') ? message : `internal error: ${message}`);
  if (process.env.TRAPGATE_TRACE !== undefined && error instanceof Error) say(error.stack ?? '');
  return STATUS_INTERNAL;
}

main(process.argv.slice(2))
  .catch(failed)
  .then((status) => process.exit(status));
