/**
 * Entry of dist/debug-adapter.js. Run directly it is the adapter for any editor: on standard input and
 * output, or with `--port N` on TCP. The command line requires it for `dap` and `run --dap`.
 */
import { UserError } from '../core/index.ts';
import { LOOPBACK, listenAddressText } from '../server/listen-address.ts';
import { NODE_FACTORY } from './node-host.ts';
import { serveAdapter, serveDap } from './serve-dap.ts';
import { runSession } from './session-stream.ts';

export { serveDap };

const STATUS_USER_MISTAKE = 2;

/** Runs until its client is gone; with a port it never comes back. @throws UserError */
export async function runAdapter(port?: number): Promise<void> {
  const say = (line: string) => process.stderr.write(`trapgate: ${line}\n`);
  if (port === undefined) {
    await new Promise<void>((resolve) => {
      // The answer to `disconnect` has to be out before the process ends.
      const ended = () => void process.stdout.write('', () => resolve());
      runSession(process.stdin, process.stdout, NODE_FACTORY, ended, say);
    });
    return;
  }
  const server = await serveAdapter({ kind: 'tcp', host: LOOPBACK, port }, { onMessage: say });
  say(`the debug adapter listens on ${listenAddressText(server.address)}`);
  await new Promise(() => {});
}

async function main(args: readonly string[]): Promise<number> {
  try {
    await runAdapter(portOf(args));
    return 0;
  } catch (error) {
    const line = error instanceof UserError ? error.line : error instanceof Error ? error.message : String(error);
    process.stderr.write(`trapgate: ${line}\n`);
    return error instanceof UserError ? STATUS_USER_MISTAKE : 70;
  }
}

function portOf(args: readonly string[]): number | undefined {
  if (args.length === 0) return undefined;
  const text = args[0] === '--port' ? (args[1] ?? '') : args[0].replace(/^--port=/, '');
  const port = /^\d+$/.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65535)
    throw new UserError('usage', `unknown arguments: ${args.join(' ')}`, 'nothing, or --port N');
  return port;
}

if (/debug-adapter(\.js)?$/.test(process.argv[1] ?? '')) {
  main(process.argv.slice(2)).then((status) => process.exit(status));
}
