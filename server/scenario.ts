/**
 * Scenario files: the steps of a run, one a line (see the command line contract). This file reads them;
 * scenario-runner.ts carries them out.
 */
import { keyCodes, textCodes, UserError } from '../core/index.ts';
import { decodeEscapes, textBytes } from './escapes.ts';

export type ScenarioStep = { readonly source: string } & (
  | { readonly kind: 'serial' | 'debugcon' | 'screen'; readonly pattern: RegExp }
  | { readonly kind: 'send'; readonly bytes: readonly number[] }
  /** PS/2 codes of pressing and releasing, a stroke each. */
  | { readonly kind: 'keys'; readonly strokes: readonly (readonly number[])[] }
  /** Guest seconds. */
  | { readonly kind: 'sleep'; readonly seconds: number }
  | { readonly kind: 'shot' }
  | { readonly kind: 'mark'; readonly name: string }
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'poweroff' }
);

/** 0 to 255. */
const STATUS = /^(\d{1,2}|1\d\d|2[0-4]\d|25[0-5])$/;
const VERBS = 'serial screen debugcon send type key sleep shot mark exit poweroff';

/** @throws UserError naming the file and line of the first mistake */
export function parseScenario(text: string, file: string): ScenarioStep[] {
  const steps: ScenarioStep[] = [];
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return;
    try {
      steps.push(parseStep(line));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(error.code, `${file}:${index + 1}: ${error.message}`, error.hint);
    }
  });
  return steps;
}

function parseStep(line: string): ScenarioStep {
  const source = line.trimStart();
  const space = source.search(/[ \t]/);
  const verb = space < 0 ? source.trimEnd() : source.slice(0, space);
  const argument = space < 0 ? '' : source.slice(space + 1);
  const needed = (): string => {
    if (argument === '') throw mistake(`'${verb}' needs an argument`);
    return argument;
  };
  if ((verb === 'shot' || verb === 'poweroff') && argument.trim() !== '') throw mistake(`'${verb}' takes no argument`);
  switch (verb) {
    case 'serial':
    case 'debugcon':
    case 'screen':
      return { source, kind: verb, pattern: compile(needed()) };
    case 'send':
      return { source, kind: 'send', bytes: textBytes(decodeEscapes(needed())) };
    case 'type':
      return { source, kind: 'keys', strokes: [...decodeEscapes(needed())].map(typed) };
    case 'key':
      return { source, kind: 'keys', strokes: [pressed(needed().trim())] };
    case 'sleep':
      return { source, kind: 'sleep', seconds: number(needed(), /^\d*\.?\d+$/, 'a number of seconds') };
    case 'exit':
      return { source, kind: 'exit', status: number(needed(), STATUS, 'a status from 0 to 255') };
    case 'mark':
      return { source, kind: 'mark', name: needed().trim() };
    case 'shot':
      return { source, kind: 'shot' };
    case 'poweroff':
      return { source, kind: 'poweroff' };
    default:
      throw mistake(`unknown step '${verb}'`, `steps: ${VERBS}`);
  }
}

function typed(character: string): number[] {
  const codes = textCodes(character);
  if (codes === undefined) throw mistake(`no key of a US keyboard types '${character}'`);
  return codes;
}

function pressed(name: string): number[] {
  const codes = keyCodes(name);
  if (codes === undefined) throw mistake(`unknown key '${name}'`, 'for example ret, esc, f2, up, ctrl-alt-delete');
  return codes;
}

/** A JavaScript regular expression; a leading `(?i)`, which other tools' scenarios use, is understood too. */
function compile(source: string): RegExp {
  const folded = source.startsWith('(?i)');
  try {
    return new RegExp(folded ? source.slice(4) : source, folded ? 'gi' : 'g');
  } catch (error) {
    throw mistake(`bad regular expression: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function number(text: string, form: RegExp, what: string): number {
  const trimmed = text.trim();
  if (!form.test(trimmed)) throw mistake(`'${trimmed}' is not ${what}`);
  return Number(trimmed);
}

function mistake(message: string, hint = ''): UserError {
  return new UserError('scenario', message, hint);
}
