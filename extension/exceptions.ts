/** Exception filters, and what is said about an exception that stopped the guest. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  EXCEPTION_NAMES,
  type Expression,
  evaluateTree,
  type FaultRecord,
  hex0x,
  type Point,
  parseExpression,
  type Stop,
} from '../core/index.ts';
import { asArray, asObject, type Json, optionalText, text } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { errorLine } from './protocol-error.ts';

const TRIPLE_FAULT = 'triple-fault';
const DESCRIPTIONS: readonly (readonly [vector: number, description: string])[] = [
  [0, 'divide error'],
  [1, 'debug'],
  [2, 'non-maskable interrupt'],
  [3, 'breakpoint'],
  [4, 'overflow'],
  [5, 'BOUND range exceeded'],
  [6, 'invalid opcode'],
  [7, 'no FPU'],
  [8, 'double fault'],
  [10, 'invalid TSS'],
  [11, 'segment not present'],
  [12, 'stack fault'],
  [13, 'general protection'],
  [14, 'page fault'],
  [16, 'FPU error'],
  [17, 'alignment check'],
  [18, 'machine check'],
  [19, 'SIMD error'],
];
const RESERVED = [9, 15, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31];
const CONDITION_HELP = 'expression, e.g. error & 4, cr2 < 0x1000, vector == 0x80, cpl == 3';

type Filter = DebugProtocol.ExceptionBreakpointsFilter & { readonly points: readonly Point[] };

const vectorPoint = (vector: number, source: 'exception' | 'interrupt' | 'software'): Point => ({
  kind: 'vector',
  vector,
  source,
});
const every = (source: 'interrupt' | 'software') =>
  Array.from({ length: 256 }, (_, vector) => vectorPoint(vector, source));

const FILTERS: readonly Filter[] = [
  { filter: TRIPLE_FAULT, label: 'Triple fault', description: 'The machine shuts down', default: true, points: [] },
  ...DESCRIPTIONS.map(
    ([vector, description]): Filter => ({
      filter: EXCEPTION_NAMES[vector],
      label: `${EXCEPTION_NAMES[vector]} ${description}`,
      default: false,
      supportsCondition: true,
      conditionDescription: CONDITION_HELP,
      points: [vectorPoint(vector, 'exception')],
    }),
  ),
  {
    filter: 'reserved',
    label: 'Reserved vectors',
    default: false,
    supportsCondition: true,
    conditionDescription: CONDITION_HELP,
    points: RESERVED.map((vector) => vectorPoint(vector, 'exception')),
  },
  {
    filter: 'software',
    label: 'INT n',
    description: 'Software interrupts',
    default: false,
    supportsCondition: true,
    conditionDescription: CONDITION_HELP,
    points: every('software'),
  },
  {
    filter: 'interrupt',
    label: 'Interrupt requests',
    description: 'Hardware interrupts',
    default: false,
    supportsCondition: true,
    conditionDescription: CONDITION_HELP,
    points: every('interrupt'),
  },
];

export function exceptionFilters(): DebugProtocol.ExceptionBreakpointsFilter[] {
  return FILTERS.map(({ points: _, ...filter }) => filter);
}

export class ExceptionFilters {
  private readonly debuggee: Debuggee;
  /** Point id → condition of its filter. */
  private readonly armed = new Map<number, Expression | undefined>();
  private readonly isDebugged: boolean;
  /** On by default, so on until a client says otherwise. */
  private tripleFaultStops: boolean;

  /** @param isDebugged false: nothing is armed */
  constructor(debuggee: Debuggee, isDebugged: boolean) {
    this.debuggee = debuggee;
    this.isDebugged = isDebugged;
    this.tripleFaultStops = isDebugged;
  }

  async set(args: Json): Promise<DebugProtocol.Breakpoint[]> {
    await this.removeAll();
    this.tripleFaultStops = false;
    const wanted = [
      ...asArray(args.filters).map((filter) => ({ id: text(filter), condition: undefined })),
      ...asArray(args.filterOptions)
        .map(asObject)
        .map((option) => ({ id: text(option.filterId), condition: optionalText(option.condition) })),
    ];
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const { id, condition } of wanted) answers.push(await this.arm(id, condition));
    return answers;
  }

  private async arm(id: string, condition: string | undefined): Promise<DebugProtocol.Breakpoint> {
    if (!this.isDebugged) return { verified: false, message: 'the guest runs without debugging' };
    const filter = FILTERS.find((candidate) => candidate.filter === id);
    if (filter === undefined) return { verified: false, message: `no exception filter is called ${id}` };
    if (id === TRIPLE_FAULT) {
      this.tripleFaultStops = true;
      return { verified: true };
    }
    try {
      const tree = condition === undefined ? undefined : parseExpression(condition);
      for (const point of filter.points) {
        const pointId = await this.debuggee.target.addPoint(point);
        if (pointId === undefined) return { verified: false, message: 'this machine has no vector points' };
        this.armed.set(pointId, tree);
      }
      return { verified: true };
    } catch (error) {
      return { verified: false, message: errorLine(error) };
    }
  }

  async removeAll(): Promise<void> {
    for (const id of this.armed.keys()) await this.debuggee.target.removePoint(id);
    this.armed.clear();
  }

  get stopsAtTripleFault(): boolean {
    return this.tripleFaultStops;
  }

  /** True when a vector stop is one the user asked for. A condition that cannot be decided stops. */
  async wants(stop: Stop, log: string[]): Promise<boolean> {
    const armed = stop.points.filter((id) => this.armed.has(id));
    if (armed.length === 0) return true;
    const fault = stop.exceptions?.at(-1);
    const extra = new Map<string, bigint>([['error', BigInt(fault?.errorCode ?? 0)]]);
    if (fault !== undefined) extra.set('vector', BigInt(fault.vector));
    if (fault?.cr2 !== undefined) extra.set('cr2', BigInt(fault.cr2 >>> 0));
    for (const id of armed) {
      const condition = this.armed.get(id);
      if (condition === undefined) return true;
      try {
        const { value } = await evaluateTree(condition, await this.debuggee.evaluateContext(0, extra));
        if (value !== 0n) return true;
      } catch (error) {
        log.push(`condition of an exception filter: ${errorLine(error)}`);
        return true;
      }
    }
    return false;
  }
}

/** One line for a fault: name, error code in words, place, cause. */
export function describeFault(fault: FaultRecord): string {
  const name = EXCEPTION_NAMES[fault.vector] ?? `interrupt ${hex0x(fault.vector, 2)}`;
  const code =
    fault.errorCode === undefined
      ? ''
      : fault.vector === 14
        ? ` (${pageFaultText(fault)})`
        : ` (error code ${hex0x(fault.errorCode, 4)})`;
  const cause = fault.cause === '' ? '' : `: ${fault.cause}`;
  return `${name}${code} at ${hex0x(fault.cs, 4)}:${hex0x(fault.eip)}, CPL ${fault.cpl}, step ${fault.step}${cause}`;
}

/** The page-fault error code in words (SDM vol. 3, 4.7). */
function pageFaultText(fault: FaultRecord): string {
  const code = fault.errorCode ?? 0;
  const access = code & 16 ? 'fetch from' : code & 2 ? 'write to' : 'read of';
  const page =
    code & 8 ? 'a page whose entry has reserved bits' : code & 1 ? 'a protected page' : 'a page that is not present';
  return `${code & 4 ? 'user' : 'supervisor'} ${access} ${page}, ${hex0x(fault.cr2 ?? 0)}`;
}

/** All faults of a stop, first one first, a line each. */
export function faultChain(stop: Stop): string[] {
  return (stop.exceptions ?? []).map(describeFault);
}

export function exceptionInfo(stop: Stop): DebugProtocol.ExceptionInfoResponse['body'] {
  const faults = stop.exceptions ?? [];
  const last = faults.at(-1);
  const chain = faultChain(stop);
  const isShutdown = stop.reason === 'triple-fault';
  const id = isShutdown
    ? 'triple fault'
    : last === undefined
      ? stop.reason
      : (EXCEPTION_NAMES[last.vector] ?? `interrupt ${hex0x(last.vector, 2)}`);
  const description = isShutdown
    ? ['The machine shut down by a triple fault.', ...chain].join('\n')
    : (chain.at(-1) ?? stop.message ?? id);
  const inner = chain
    .slice(0, -1)
    .reverse()
    .map(
      (message, i): DebugProtocol.ExceptionDetails => ({
        message,
        typeName: EXCEPTION_NAMES[faults[faults.length - 2 - i].vector],
      }),
    );
  return {
    exceptionId: id,
    description,
    breakMode: 'always',
    details: { message: description, typeName: id, innerException: inner.length === 0 ? undefined : inner },
  };
}
