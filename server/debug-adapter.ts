/**
 * The debug adapter as the command line uses it. It is a bundle of its own beside this one, loaded only when
 * asked for, because the server knows no extension (ARCHITECTURE.md, ranks).
 */
import path from 'node:path';
import { type DebugTarget, UserError } from '../core/index.ts';
import type { ListenAddress } from './listen-address.ts';

/** What dist/debug-adapter.js offers. */
export interface DebugAdapter {
  /** Serves `attach` to a machine that runs already. @throws UserError when the address cannot be listened on */
  serveDap(
    target: DebugTarget,
    address: ListenAddress,
    options?: { onMessage?(line: string): void; onTerminate?(): void },
  ): Promise<{ readonly address: ListenAddress; close(): Promise<void> }>;
  /** The adapter on stdio, until its client is gone; on TCP with a port, for ever. @throws UserError */
  runAdapter(port?: number): Promise<void>;
}

/** The command is CommonJS in the end: this import is a require, and takes a path. */
export async function loadDebugAdapter(): Promise<DebugAdapter> {
  const adapter: DebugAdapter = await import(path.join(__dirname, 'debug-adapter.js'));
  return {
    serveDap: (target, address, options) => adapter.serveDap(target, address, options).catch(ours),
    runAdapter: (port) => adapter.runAdapter(port).catch(ours),
  };
}

/** The other bundle has a `UserError` class of its own. */
function ours(error: unknown): never {
  const { name, code, message, hint } = error as UserError;
  throw name === 'UserError' ? new UserError(code, message, hint) : error;
}
