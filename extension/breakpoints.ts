/**
 * Breakpoints of the client and the points of the target that stand for them: conditions, hit counts and
 * log messages. Conditions travel to the target as bytecode; what bytecode cannot say is decided here.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  compileExpression,
  type Expression,
  evaluateTree,
  hex0x,
  linear,
  namesIn,
  type Point,
  parseExpression,
  type Stop,
} from '../core/index.ts';
import { asArray, asObject, integer, type Json, optionalText, required, text } from './arguments.ts';
import { withMode } from './breakpoint-modes.ts';
import { functionPoints } from './breakpoint-places.ts';
import { dataPoint } from './data-breakpoints.ts';
import type { Debuggee } from './debuggee.ts';
import { interpolate } from './evaluation.ts';
import { parseHitCondition } from './hit-condition.ts';
import { parseReference } from './memory.ts';
import { errorLine, RequestError } from './protocol-error.ts';
import type { Sources } from './sources.ts';

export type BreakpointKind = 'source' | 'function' | 'instruction' | 'data';

interface Breakpoint {
  readonly id: number;
  readonly kind: BreakpointKind;
  readonly points: number[];
  /** Only when the target cannot decide it. */
  readonly condition?: Expression;
  readonly countsHit?: (hits: number) => boolean;
  readonly logMessage?: string;
  hits: number;
}

export interface Verdict {
  /** False: the guest is to go on as if nothing had been there. */
  readonly stop: boolean;
  readonly ids: readonly number[];
  readonly kind?: BreakpointKind;
  /** Lines for the Debug Console. */
  readonly log: readonly string[];
}

/** Lines below the wanted one that are looked at for code. */
const MAX_LINE_DISTANCE = 64;

export class Breakpoints {
  private readonly debuggee: Debuggee;
  private readonly sources: Sources;
  private readonly isDebugged: boolean;
  /** By what set them: `source:PATH`, `function`, `instruction`, `data`. */
  private readonly groups = new Map<string, Breakpoint[]>();
  /** What the client asked for in each group, and was told. */
  private readonly settings = new Map<string, Setting>();
  private readonly byPoint = new Map<number, Breakpoint>();
  private nextId = 1;

  /** @param isDebugged false: nothing is armed */
  constructor(debuggee: Debuggee, sources: Sources, isDebugged: boolean) {
    this.debuggee = debuggee;
    this.sources = sources;
    this.isDebugged = isDebugged;
  }

  async setSource(args: Json): Promise<DebugProtocol.Breakpoint[]> {
    const path = text(asObject(args.source).path);
    return this.replace(`source:${path}`, asArray(args.breakpoints), async (wanted) => {
      const files = path === '' ? [] : this.sources.resolve(path);
      const line = integer(wanted.line);
      const found = this.codeAt(files, line);
      if (found === undefined)
        return { message: files.length === 0 ? 'no debug information for this file' : 'no code on this line' };
      const points = found.addresses.map((address): Point => ({ kind: 'code', address: linear(address) }));
      return {
        kind: 'source',
        points,
        shown: {
          line: found.line,
          source: this.sources.present(found.file),
          instructionReference: hex0x(found.addresses[0]),
        },
      };
    });
  }

  async setFunction(args: Json): Promise<DebugProtocol.Breakpoint[]> {
    return this.replace('function', asArray(args.breakpoints), async (wanted) => {
      const points = await functionPoints(required(wanted.name, 'name'), this.debuggee);
      return { kind: 'function', points, shown: this.shownAt(points[0]) };
    });
  }

  async setInstruction(args: Json): Promise<DebugProtocol.Breakpoint[]> {
    return this.replace('instruction', asArray(args.breakpoints), async (wanted) => {
      const base = await parseReference(required(wanted.instructionReference, 'instructionReference'), this.debuggee);
      const address = { ...base, offset: (base.offset + integer(wanted.offset)) >>> 0 };
      const point: Point = { kind: 'code', address };
      return { kind: 'instruction', points: [point], shown: this.shownAt(point) };
    });
  }

  async setData(args: Json): Promise<DebugProtocol.Breakpoint[]> {
    return this.replace('data', asArray(args.breakpoints), async (wanted) => {
      return { kind: 'data', points: [await dataPoint(wanted, this.debuggee)], shown: {} };
    });
  }

  /** Lines of a file that have code. */
  locations(args: Json): DebugProtocol.BreakpointLocation[] {
    const files = this.sources.resolve(text(asObject(args.source).path));
    const first = integer(args.line, 1);
    const last = integer(args.endLine, first);
    const lines = files.flatMap((file) => this.debuggee.images.flatMap((image) => image.linesWithCode(file)));
    const within = [...new Set(lines)].filter((line) => line >= first && line <= last).sort((a, b) => a - b);
    return within.map((line) => ({ line }));
  }

  /** What the points of a stop mean. Ids that are not ours give an empty answer that stops. */
  async judge(stop: Stop): Promise<Verdict> {
    const hit = new Set(stop.points.map((id) => this.byPoint.get(id)).filter((found) => found !== undefined));
    if (hit.size === 0) return { stop: true, ids: [], log: [] };
    const log: string[] = [];
    const stopping: Breakpoint[] = [];
    for (const breakpoint of hit) {
      if (!(await this.counts(breakpoint, log))) continue;
      if (breakpoint.logMessage === undefined) stopping.push(breakpoint);
      else log.push(await interpolate(breakpoint.logMessage, this.debuggee));
    }
    return {
      stop: stopping.length > 0,
      ids: stopping.map((breakpoint) => breakpoint.id),
      kind: stopping[0]?.kind,
      log,
    };
  }

  /** Places what names lines and functions anew, after symbols came or went. @returns those that changed */
  async rebind(): Promise<DebugProtocol.Breakpoint[]> {
    const changed: DebugProtocol.Breakpoint[] = [];
    for (const [key, { wanted, place, answers }] of [...this.settings]) {
      if (key !== 'function' && !key.startsWith('source:')) continue;
      const now = await this.replace(key, wanted, place, answers);
      changed.push(...now.filter((one, i) => JSON.stringify(one) !== JSON.stringify(answers[i])));
    }
    return changed;
  }

  async removeAll(): Promise<void> {
    for (const key of [...this.groups.keys()]) await this.clear(key);
  }

  private async counts(breakpoint: Breakpoint, log: string[]): Promise<boolean> {
    if (breakpoint.condition !== undefined) {
      try {
        const { value } = await evaluateTree(breakpoint.condition, await this.debuggee.evaluateContext());
        if (value === 0n) return false;
      } catch (error) {
        // A condition that cannot be decided stops, as in gdb: the user should see why.
        log.push(`condition of breakpoint ${breakpoint.id}: ${errorLine(error)}`);
        return true;
      }
    }
    breakpoint.hits++;
    return breakpoint.countsHit?.(breakpoint.hits) ?? true;
  }

  private async clear(key: string): Promise<void> {
    for (const breakpoint of this.groups.get(key) ?? []) {
      for (const point of breakpoint.points) {
        this.byPoint.delete(point);
        await this.debuggee.target.removePoint(point);
      }
    }
    this.groups.delete(key);
    this.settings.delete(key);
  }

  private async replace(
    key: string,
    wanted: readonly unknown[],
    place: (wanted: Json) => Promise<Placed>,
    before: readonly DebugProtocol.Breakpoint[] = [],
  ): Promise<DebugProtocol.Breakpoint[]> {
    const hits = new Map((this.groups.get(key) ?? []).map((one) => [one.id, one.hits]));
    await this.clear(key);
    const group: Breakpoint[] = [];
    this.groups.set(key, group);
    const answers: DebugProtocol.Breakpoint[] = [];
    for (const [i, item] of wanted.entries()) {
      const id = before[i]?.id ?? this.nextId++;
      answers.push(await this.arm(asObject(item), { id, hits: hits.get(id) ?? 0 }, group, place));
    }
    this.settings.set(key, { wanted, place, answers });
    return answers;
  }

  private async arm(
    wanted: Json,
    { id, hits }: Pick<Breakpoint, 'hits'> & { readonly id: number },
    group: Breakpoint[],
    place: (wanted: Json) => Promise<Placed>,
  ): Promise<DebugProtocol.Breakpoint> {
    if (!this.isDebugged) return { id, verified: false, message: 'the guest runs without debugging' };
    try {
      const placed = await place(wanted);
      if (placed.points === undefined)
        return { id, verified: false, message: placed.message, line: integer(wanted.line) || undefined };
      const condition = optionalText(wanted.condition);
      const names = this.debuggee.namesAt(placed.points[0]);
      const tree = condition === undefined ? undefined : parseExpression(condition, names.type);
      // Where a variable of the frame is, only the stopped frame tells.
      const bytecode =
        tree === undefined || namesIn(tree).some(names.isLocal) ? undefined : compileExpression(tree, names.symbol);
      const hitCondition = optionalText(wanted.hitCondition);
      const breakpoint: Breakpoint = {
        id,
        kind: placed.kind,
        points: [],
        condition: bytecode === undefined ? tree : undefined,
        countsHit: hitCondition === undefined ? undefined : parseHitCondition(hitCondition),
        logMessage: optionalText(wanted.logMessage),
        hits,
      };
      group.push(breakpoint);
      for (const point of placed.points) {
        const whole = await withMode(point, text(wanted.mode), this.debuggee);
        const pointId = await this.debuggee.target.addPoint({ ...whole, condition: bytecode });
        if (pointId === undefined) throw new RequestError('this machine has no such breakpoints');
        breakpoint.points.push(pointId);
        this.byPoint.set(pointId, breakpoint);
      }
      return { id, verified: true, ...placed.shown };
    } catch (error) {
      return { id, verified: false, message: errorLine(error), line: integer(wanted.line) || undefined };
    }
  }

  private shownAt(point: Point | undefined): DebugProtocol.Breakpoint | object {
    if (point?.kind !== 'code') return {};
    const row = this.debuggee.locate(point.address.offset);
    const place = row === undefined ? {} : { line: row.line, source: this.sources.present(row.file) };
    return { instructionReference: hex0x(point.address.offset), ...place };
  }

  /** The first line from `line` on that has code, and where to stop for it. */
  private codeAt(
    files: readonly string[],
    wanted: number,
  ): { file: string; line: number; addresses: readonly number[] } | undefined {
    for (const file of files) {
      for (const image of this.debuggee.images) {
        const line = image.nextLineWithCode(file, wanted);
        if (line === undefined || line > wanted + MAX_LINE_DISTANCE) continue;
        // The same source may be in several programs.
        const addresses = this.debuggee.images.flatMap((one) => one.addressesFor(file, line));
        return { file, line, addresses: [...new Set(addresses)] };
      }
    }
    return undefined;
  }
}

interface Setting {
  readonly wanted: readonly unknown[];
  readonly place: (wanted: Json) => Promise<Placed>;
  readonly answers: readonly DebugProtocol.Breakpoint[];
}

type Placed =
  | { readonly points?: undefined; readonly message: string }
  | {
      readonly kind: BreakpointKind;
      readonly points: readonly Point[];
      readonly shown: object;
      readonly message?: string;
    };
