/** Expressions of the client: watches, hovers, the Debug Console, setExpression. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  type DataObject,
  ExpressionError,
  evaluate,
  formatValue,
  hex0x,
  isOwnType,
  isScalar,
  isSigned,
  sizeOf,
  typeName,
  UnavailableError,
  type Value,
} from '../core/index.ts';
import { integer, type Json, required } from './arguments.ts';
import { assign } from './assignment.ts';
import type { Debuggee } from './debuggee.ts';
import { formatContext, openable } from './program-variables.ts';
import { RequestError } from './protocol-error.ts';

/** Prefixes that send a console line to the monitor even when it is also an expression. */
const MONITOR_PREFIX = /^\s*(?:-exec\s+)?(?:monitor|mon)\s+(.*)$/s;
/** `place = value`, but not `a == b`, `<=`, `>=`, `!=`. */
const ASSIGNMENT = /^(.*[^=!<>])=([^=].*)$/s;
/** A format after a comma, as in other C debuggers. */
const FORMAT = /^(.*),\s*([xdboc])\s*$/s;
/** Hovers ask for any word of the source; only names and simple paths are worth an answer. */
const HOVER = /^[\s$%*&]*[\p{ID_Start}_.][\p{ID_Continue}.$:]*(?:(?:->|\.)\p{ID_Continue}+|\[\p{ID_Continue}+\])*\s*$/u;

type Evaluated = DebugProtocol.EvaluateResponse['body'];

export async function evaluateRequest(args: Json, debuggee: Debuggee): Promise<Evaluated> {
  const expression = required(args.expression, 'expression');
  const frame = Math.max(integer(args.frameId, 1) - 1, 0);
  if (args.context === 'hover' && !HOVER.test(expression)) throw new RequestError('nothing to show');
  if (args.context !== 'repl') return evaluateText(expression, frame, debuggee);
  const forced = MONITOR_PREFIX.exec(expression);
  if (forced !== null) return monitor(forced[1], debuggee, new RequestError(`unknown monitor command: ${forced[1]}`));
  try {
    return await evaluateOrAssign(expression, frame, debuggee);
  } catch (error) {
    return monitor(expression.trim(), debuggee, error);
  }
}

/** Runs a monitor command; when there is none of that name, what went wrong before is what the user sees. */
async function monitor(command: string, debuggee: Debuggee, otherwise: unknown): Promise<Evaluated> {
  const answer = await debuggee.target.monitor?.(command);
  if (answer === undefined) throw otherwise;
  debuggee.invalidate();
  return { result: answer.replace(/\n$/, ''), variablesReference: 0 };
}

async function evaluateOrAssign(expression: string, frame: number, debuggee: Debuggee): Promise<Evaluated> {
  const assignment = ASSIGNMENT.exec(expression);
  if (assignment === null) return evaluateText(expression, frame, debuggee);
  await assign(assignment[1], assignment[2], frame, debuggee);
  return evaluateText(assignment[1], frame, debuggee);
}

async function evaluateText(expression: string, frame: number, debuggee: Debuggee): Promise<Evaluated> {
  const format = FORMAT.exec(expression);
  const plainText = format === null ? expression : format[1];
  const context = await debuggee.evaluateContext(frame);
  let value: Value;
  try {
    value = await evaluate(plainText, context);
  } catch (error) {
    // That a variable is nowhere at present is an answer, as the list of variables gives it.
    if (!(error instanceof UnavailableError)) throw error;
    return { result: error.shown, type: typeName(error.type), variablesReference: 0 };
  }
  // A type of the program is shown as in its source; registers and plain numbers in hexadecimal.
  if (format === null && !isOwnType(value.type)) return presentValue(value, plainText.trim(), frame, debuggee);
  if (!isScalar(value.type)) throw new RequestError('a format needs a number');
  return {
    result: formatNumber(value, debuggee, format?.[2]),
    type: value.code === true ? 'code' : typeName(value.type),
    variablesReference: 0,
    memoryReference: memoryReference(value),
  };
}

async function presentValue(value: Value, expression: string, frame: number, debuggee: Debuggee): Promise<Evaluated> {
  const context = await formatContext(debuggee, frame);
  return {
    result: await formatValue(value, context),
    type: typeName(value.reference?.type ?? value.type),
    ...openable(objectOf(value), expression, frame, debuggee),
    memoryReference: memoryReference(value),
  };
}

/** What opens: the object that was read, or the number itself (a pointer that was computed). */
function objectOf(value: Value): DataObject {
  if (value.object !== undefined) return value.object;
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => Number((value.value >> BigInt(8 * i)) & 0xffn));
  return { type: value.type, storage: { kind: 'bytes', bytes } };
}

/** Memory behind a value: where a pointer points, else where the value itself lies. */
function memoryReference(value: Value): string | undefined {
  if (value.type.kind === 'pointer') return hex0x(Number(BigInt.asUintN(32, value.value)));
  if (value.place?.kind === 'memory') return hex0x(value.place.address);
  return value.place?.kind === 'register' && sizeOf(value.type) === 4 ? hex0x(Number(value.value)) : undefined;
}

function formatNumber(value: Value, debuggee: Debuggee, format?: string): string {
  const size = sizeOf(value.type);
  const unsigned = BigInt.asUintN(size * 8, value.value);
  const hexText = `0x${unsigned.toString(16).padStart(size * 2, '0')}`;
  if (format === 'x') return hexText;
  if (format === 'd') return String(BigInt.asIntN(size * 8, value.value));
  if (format === 'b') return `0b${unsigned.toString(2)}`;
  if (format === 'o') return `0${unsigned.toString(8)}`;
  if (format === 'c') return characterText(unsigned);
  if (value.type.kind === 'pointer' || (!isSigned(value.type) && size === 4)) {
    const symbol = debuggee.symbolAt(Number(unsigned));
    if (symbol === undefined) return value.type.kind === 'pointer' ? hexText : `${hexText} (${unsigned})`;
    return `${hexText} <${symbol.name}${symbol.offset === 0 ? '' : `+${symbol.offset}`}>`;
  }
  if (size === 1) return `${hexText} ${characterText(unsigned)}`;
  return isSigned(value.type) ? String(value.value) : `${hexText} (${unsigned})`;
}

function characterText(value: bigint): string {
  const code = Number(value & 0xffn);
  return code >= 0x20 && code < 0x7f ? `'${String.fromCharCode(code)}'` : `'\\x${code.toString(16).padStart(2, '0')}'`;
}

export async function setExpression(
  args: Json,
  debuggee: Debuggee,
): Promise<DebugProtocol.SetExpressionResponse['body']> {
  const frame = Math.max(integer(args.frameId, 1) - 1, 0);
  const expression = required(args.expression, 'expression');
  await assign(expression, required(args.value, 'value'), frame, debuggee);
  const { result, ...rest } = await evaluateText(expression, frame, debuggee);
  return { value: result, ...rest };
}

/** The text of a log point with `{expression}` filled in; a mistake shows in its place. */
export async function interpolate(message: string, debuggee: Debuggee): Promise<string> {
  let result = '';
  let at = 0;
  for (const match of message.matchAll(/\{([^{}]*)\}/g)) {
    result += message.slice(at, match.index);
    at = match.index + match[0].length;
    try {
      result += (await evaluateText(match[1], 0, debuggee)).result;
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      result += `{${match[1]}: ${error.message}}`;
    }
  }
  return result + message.slice(at);
}
