/**
 * What may follow in the Debug Console and in a watch: monitor commands at the start of a line, members behind `.`
 * and `->`, elsewhere variables of the frame, registers and symbols.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ExpressionError, evaluate, plain, registerNames, type Type } from '../core/index.ts';
import { integer, type Json, text } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';

/** `info registers -- all registers`, `x/FMT ADDRESS: linear memory`. */
const HELP_LINE = /^([a-z]+(?: [a-z]+)*)(?=\/| --)/;
/** Before a command the user may say that it is one. */
const MONITOR = /^\s*(?:(?:-exec\s+)?mon(?:itor)?\s+)?/;
/** The object in front of a member that is being typed: names, members and elements of one after the other. */
const MEMBER =
  /([\p{ID_Start}_]\p{ID_Continue}*(?:(?:->|\.)\p{ID_Continue}+|\[[^[\]]*\])*)(?:->|\.)(\p{ID_Continue}*)$/u;
const WORD = /[$%]?[\p{ID_Start}_.][\p{ID_Continue}.]*$|[$%]$/u;
const MAX_COMPLETIONS = 100;
/** Structures inside of one that are listed. */
const MAX_NESTED = 1000;

type Item = DebugProtocol.CompletionItem;

export async function completions(args: Json, debuggee: Debuggee): Promise<DebugProtocol.CompletionsResponse['body']> {
  const line =
    text(args.text)
      .split('\n')
      .at(Math.max(integer(args.line, 1) - 1, 0)) ?? '';
  const before = line.slice(0, Math.max(integer(args.column, line.length + 1) - 1, 0));
  const frame = Math.max(integer(args.frameId, 1) - 1, 0);
  const found = (await members(before, frame, debuggee)) ?? (await names(before, frame, debuggee));
  return { targets: [...(await commands(before, debuggee)), ...found].slice(0, MAX_COMPLETIONS) };
}

async function commands(before: string, debuggee: Debuggee): Promise<Item[]> {
  const start = MONITOR.exec(before)?.[0].length ?? 0;
  const typed = before.slice(start);
  if (typed === '' && start === 0) return [];
  const help = (await debuggee.target.monitor?.('help')) ?? '';
  const found = help.split('\n').flatMap((row) => HELP_LINE.exec(row)?.[1] ?? []);
  return ['walk', ...found]
    .filter((command) => command.startsWith(typed) && command !== typed)
    .map((label) => ({ label, type: 'keyword', start, length: typed.length }));
}

/** Undefined where no member of a structure can follow. */
async function members(before: string, frame: number, debuggee: Debuggee): Promise<Item[] | undefined> {
  const [, object, typed] = MEMBER.exec(before) ?? [];
  if (object === undefined) return undefined;
  try {
    const { type } = await evaluate(object, await debuggee.evaluateContext(frame));
    const inner = plain(type);
    const names = memberNames(inner.kind === 'pointer' ? inner.target : inner);
    return names.length === 0 ? undefined : items(names, 'field', typed, before);
  } catch (error) {
    if (error instanceof ExpressionError) return undefined;
    throw error;
  }
}

/**
 * Members of an anonymous structure are those of the one around it.
 * @param seen structures whose members are listed: damaged ones stand in themselves
 */
function memberNames(type: Type, seen = new Set<Type>()): string[] {
  const inner = plain(type);
  if (inner.kind !== 'struct' || seen.has(inner) || seen.size >= MAX_NESTED) return [];
  seen.add(inner);
  return inner.members.flatMap((member) => (member.name === '' ? memberNames(member.type, seen) : member.name));
}

async function names(before: string, frame: number, debuggee: Debuggee): Promise<Item[]> {
  const word = WORD.exec(before)?.[0] ?? '';
  const prefix = word.replace(/^[$%]/, '');
  const registers = items(registerNames(), 'variable', prefix.toLowerCase(), before);
  // A register that is marked as one is nothing else.
  if (word !== prefix || prefix === '') return registers;
  const scope = await debuggee.scopeIn(frame);
  const variables = [...(await scope.locals()), ...(await scope.arguments())].map(({ name }) => name);
  const symbols = debuggee.images.flatMap((image) => image.names(prefix, MAX_COMPLETIONS));
  return [...items(variables, 'variable', prefix, before), ...registers, ...items(symbols, 'function', prefix, before)];
}

/** Those that begin as what was typed, each once. */
function items(labels: readonly string[], type: Item['type'], typed: string, before: string): Item[] {
  const common = { type, start: before.length - typed.length, length: typed.length };
  return [...new Set(labels)].filter((label) => label.startsWith(typed)).map((label) => ({ label, ...common }));
}
