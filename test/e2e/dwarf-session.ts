/**
 * The same stops of the same guest, seen by stock gdb on our stub and by our debug adapter: frames, arguments,
 * locals and expressions as text, so that a test can compare them.
 */
import { join, resolve } from 'node:path';
import { DebugClient } from '@vscode/debugadapter-testsupport';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { tool } from '../guests/build.ts';
import type { Compiler } from '../guests/compile.ts';
import { gdb, trapgateStub } from './gdb-tools.ts';
import { gdbType, isUnreadable, ourWords } from './gdb-wording.ts';

const FRAME_TYPES = join(import.meta.dirname, 'frame-types.py');
const ADAPTER = resolve(import.meta.dirname, '../../dist/debug-adapter.js');

/** The first and then every `every`th instruction of each function whose symbol is of this kind. */
export function sampledAddresses(image: string, functions: RegExp, every: number): number[] {
  const addresses: number[] = [];
  let next = Number.POSITIVE_INFINITY;
  for (const line of tool('objdump', ['-d', '--no-show-raw-insn', image]).split('\n')) {
    const label = /^[0-9a-f]+ <(.*)>:$/.exec(line);
    if (label !== null) next = functions.test(label[1]) ? 0 : Number.POSITIVE_INFINITY;
    // gdb stops at every iteration of a repeated instruction, we stop once.
    const instruction = /^ *([0-9a-f]+):\t(?!rep)/.exec(line);
    if (instruction === null || next-- > 0) continue;
    addresses.push(Number.parseInt(instruction[1], 16));
    next = every - 1;
  }
  return addresses;
}

export interface SeenFrame {
  readonly name: string;
  readonly line: number;
  /** `name = value`, in order. */
  readonly arguments: readonly string[];
  readonly locals: readonly string[];
}

export interface SeenStop {
  readonly pc: number;
  readonly frames: readonly SeenFrame[];
  /** `name :: type` of what the innermost frame has, sorted. */
  readonly variables: readonly string[];
  /** Of the innermost frame: values, with what could not be evaluated as 'error'. */
  readonly expressions: readonly string[];
  readonly types: readonly string[];
}

export interface Look {
  readonly addresses: readonly number[];
  readonly stops: number;
  readonly depth: number;
  readonly expressions: readonly string[];
  readonly compiler: Compiler;
}

export async function seenByGdb(image: string, look: Look): Promise<SeenStop[]> {
  const script = [
    'set print frame-arguments none',
    'set print entry-values no',
    'set width 0',
    // It does not find units of DWARF 5 that lie in several ranges before something else of them was asked for.
    'maint expand-symtabs',
    `source ${FRAME_TYPES}`,
    '@CONNECT',
    ...look.addresses.map((address) => `break *0x${address.toString(16)}`),
  ];
  for (let stop = 0; stop < look.stops; stop++) {
    script.push('continue', 'echo \\n@stop\\n', 'output/x $pc', 'echo \\n');
    for (const what of ['args', 'locals']) script.push(`echo @${what}\\n`, `frame apply ${look.depth} info ${what} -q`);
    script.push('echo @types\\n', 'frame-types', 'echo @end\\n');
    for (const expression of look.expressions)
      script.push('echo \\n@value\\n', `output ${expression}`, 'echo \\n@type\\n', `whatis ${expression}`);
  }
  const stub = await trapgateStub(image);
  const { answers } = await gdb(stub, image, script);
  stub.kill();
  return answers
    .split('\n@stop\n')
    .slice(1)
    .map((text) => parseStop(text, look.compiler));
}

function parseStop(text: string, compiler: Compiler): SeenStop {
  const [head, ...values] = text.split('\n@value\n');
  const parts = /@args\n([\s\S]*)@locals\n([\s\S]*)@types\n([\s\S]*)@end/.exec(head);
  const [, args = '', locals = '', variables = ''] = parts ?? [];
  const inFrames = parseFrames(locals, compiler);
  const expressions = values.map((value) => ourWords(valueText(value.split('\n@type\n')[0]), compiler));
  return {
    pc: Number.parseInt(head.trim(), 16),
    frames: parseFrames(args, compiler).map(({ name, line, list }, i) => ({
      name,
      line,
      arguments: list,
      locals: inFrames[i]?.list ?? [],
    })),
    variables: variables.trim().split('\n').sort(),
    expressions,
    // It knows the type of what it cannot evaluate; in the debug adapter protocol an error has none.
    types: values.map((value, i) =>
      expressions[i] === 'error' ? 'error' : (/type = (.*)/.exec(value)?.[1] ?? 'error'),
    ),
  };
}

/** `#1  0x… in name (…) at file:line`, and below it what was asked of the frame. */
function parseFrames(text: string, compiler: Compiler): { name: string; line: number; list: string[] }[] {
  const parts = text.split(/^#\d+ +/m).slice(1);
  return parts.map((part) => {
    const [, name = '', line = '0'] = /^(?:0x[0-9a-f]+ in )?(.*?) \(.*?\)(?: at .*:(\d+))?$/m.exec(part) ?? [];
    return { name, line: Number(line), list: items(part.slice(part.indexOf('\n') + 1), compiler) };
  });
}

function items(text: string, compiler: Compiler): string[] {
  const lines = text.split('\n').filter((line) => line.includes(' = '));
  return lines.map((line) => ourWords(line.trim(), compiler));
}

/** gdb puts the type of a pointer in front of it. */
function valueText(text: string): string {
  const value = text.trim();
  if (value === '' || /^\(.* &\) <error reading variable/.test(value)) return 'error';
  return value.replace(/^\((?:[^()]|\([^()]*\))*\) (?=@?0x)/, '');
}

export async function seenByAdapter(image: string, look: Look): Promise<SeenStop[]> {
  const client = new DebugClient('node', ADAPTER, 'trapgate');
  client.defaultTimeout = 20_000;
  await client.start();
  const request = async (command: string, args: object): Promise<object> =>
    (await client.customRequest(command, args)).body ?? {};
  const resumed = async (command: string) => {
    const stopped = client.waitForEvent('stopped');
    await client.customRequest(command, { threadId: 1 });
    await stopped;
  };
  try {
    const initialized = client.waitForEvent('initialized');
    await client.initializeRequest();
    await client.launchRequest({ program: image, stopOnEntry: true } as never);
    await initialized;
    await request('setInstructionBreakpoints', {
      breakpoints: look.addresses.map((address) => ({ instructionReference: `0x${address.toString(16)}` })),
    });
    await resumed('configurationDone');
    const stops: SeenStop[] = [];
    for (let stop = 0; stop < look.stops; stop++) {
      await resumed('continue');
      stops.push(await lookAround(request, look));
    }
    return stops;
  } finally {
    await client.stop();
  }
}

type Request = (command: string, args: object) => Promise<object>;

async function lookAround(request: Request, look: Look): Promise<SeenStop> {
  const { stackFrames } = (await request('stackTrace', { threadId: 1 })) as DebugProtocol.StackTraceResponse['body'];
  const frames: SeenFrame[] = [];
  const variables: string[] = [];
  for (const frame of stackFrames.slice(0, look.depth)) {
    const { scopes } = (await request('scopes', { frameId: frame.id })) as DebugProtocol.ScopesResponse['body'];
    const list = async (name: string) => {
      const scope = scopes.find((one) => one.name === name);
      if (scope === undefined) return [];
      const { variables: found } = (await request('variables', {
        variablesReference: scope.variablesReference,
      })) as DebugProtocol.VariablesResponse['body'];
      const list = found.map((one) => ({ ...one, name: one.name.replace(' (hidden)', '') }));
      if (frame === stackFrames[0])
        variables.push(...list.map((one) => `${one.name} :: ${gdbType(one.type ?? '', look.compiler)}`));
      return list.map((one) => `${one.name} = ${one.value}`);
    };
    frames.push({
      name: frame.name.replace(/\+0x[0-9a-f]+$/, ''),
      line: frame.line,
      arguments: await list('Arguments'),
      locals: await list('Locals'),
    });
  }
  const expressions: string[] = [];
  const types: string[] = [];
  for (const expression of look.expressions) {
    try {
      const body = (await request('evaluate', {
        expression,
        frameId: 1,
        context: 'watch',
      })) as DebugProtocol.EvaluateResponse['body'];
      if (isUnreadable(body.result)) throw new Error(body.result);
      expressions.push(body.result);
      types.push(gdbType(body.type ?? '', look.compiler));
    } catch {
      expressions.push('error');
      types.push('error');
    }
  }
  const pc = Number.parseInt(stackFrames[0].instructionPointerReference ?? '0', 16);
  return { pc, frames, variables: variables.length === 0 ? [''] : variables.sort(), expressions, types };
}
