/** What may follow in the Debug Console: monitor commands at the start of a line, registers and symbols anywhere. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { integer, type Json, text } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { completions as names } from './evaluation.ts';

/** `info registers -- all registers`, `x/FMT ADDRESS: linear memory`. */
const HELP_LINE = /^([a-z]+(?: [a-z]+)*)(?=\/| --)/;
/** Before a command the user may say that it is one. */
const MONITOR = /^\s*(?:(?:-exec\s+)?mon(?:itor)?\s+)?/;

type Completions = DebugProtocol.CompletionsResponse['body'];

export async function completions(args: Json, debuggee: Debuggee): Promise<Completions> {
  const { targets } = await names(args, debuggee);
  return { targets: [...(await commands(args, debuggee)), ...targets] };
}

async function commands(args: Json, debuggee: Debuggee): Promise<DebugProtocol.CompletionItem[]> {
  const line =
    text(args.text)
      .split('\n')
      .at(Math.max(integer(args.line, 1) - 1, 0)) ?? '';
  const before = line.slice(0, Math.max(integer(args.column, line.length + 1) - 1, 0));
  const start = MONITOR.exec(before)?.[0].length ?? 0;
  const typed = before.slice(start);
  if (typed === '' && start === 0) return [];
  const help = (await debuggee.target.monitor?.('help')) ?? '';
  const found = help.split('\n').flatMap((row) => HELP_LINE.exec(row)?.[1] ?? []);
  return ['walk', ...found]
    .filter((command) => command.startsWith(typed) && command !== typed)
    .map((label) => ({ label, type: 'keyword', start, length: typed.length }));
}
