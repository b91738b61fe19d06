/**
 * The points one client has set, by what it called them (`Z` type, address, kind), with the target's ids.
 * One `Z` packet may become several target points: its conditions are alternatives.
 */
import type { DebugTarget, PcMode, Point } from '../../core/index.ts';

/** 0 software and 1 hardware breakpoint (the same to us), 2 write, 3 read, 4 access watchpoint. */
export type PointType = 0 | 1 | 2 | 3 | 4;

export interface ClientPoint {
  readonly type: PointType;
  readonly address: number;
  /** Watched bytes; for code points a size of no meaning here. */
  readonly length: number;
  /** Alternatives; none = it always counts. */
  readonly conditions: readonly Uint8Array[];
  readonly ids: readonly number[];
}

const ACCESS = { 2: 'write', 3: 'read', 4: 'access' } as const;

export class PointTable {
  readonly #target: DebugTarget;
  readonly #pcMode: () => PcMode;
  readonly #byName = new Map<string, ClientPoint>();
  readonly #byId = new Map<number, ClientPoint>();

  /** @param pcMode how the client is shown EIP and ESP now */
  constructor(target: DebugTarget, pcMode: () => PcMode) {
    this.#target = target;
    this.#pcMode = pcMode;
  }

  /** Arms it, in place of one of the same name. False when the target has no such points. */
  async insert(type: PointType, address: number, length: number, conditions: readonly Uint8Array[]): Promise<boolean> {
    await this.remove(type, address, length);
    const ids: number[] = [];
    const alternatives: (Uint8Array | undefined)[] = conditions.length === 0 ? [undefined] : [...conditions];
    for (const condition of alternatives) {
      const id = await this.#target.addPoint(pointFor(type, address, length, condition, this.#pcMode()));
      if (id === undefined) {
        for (const armed of ids) await this.#target.removePoint(armed);
        return false;
      }
      ids.push(id);
    }
    const point = { type, address, length, conditions, ids };
    this.#byName.set(nameOf(type, address, length), point);
    for (const id of ids) this.#byId.set(id, point);
    return true;
  }

  /** Conditions are to read EIP and ESP as the client is shown them from now on. */
  async pcModeChanged(): Promise<void> {
    const conditional = [...this.#byName.values()].filter(({ conditions }) => conditions.length > 0);
    for (const { type, address, length, conditions } of conditional)
      await this.insert(type, address, length, conditions);
  }

  /** Removing what is not there is no error: `z` may be sent twice. */
  async remove(type: PointType, address: number, length: number): Promise<void> {
    const point = this.#byName.get(nameOf(type, address, length));
    if (point === undefined) return;
    this.#byName.delete(nameOf(type, address, length));
    await this.#disarm(point);
  }

  async clear(): Promise<void> {
    const points = [...this.#byName.values()];
    this.#byName.clear();
    for (const point of points) await this.#disarm(point);
  }

  /** The client's own points among those hit, first one first. */
  hits(ids: readonly number[]): ClientPoint[] {
    return ids.map((id) => this.#byId.get(id)).filter((point) => point !== undefined);
  }

  async #disarm(point: ClientPoint): Promise<void> {
    for (const id of point.ids) {
      this.#byId.delete(id);
      await this.#target.removePoint(id);
    }
  }
}

function nameOf(type: PointType, address: number, length: number): string {
  return `${type},${address},${length}`;
}

function pointFor(
  type: PointType,
  offset: number,
  length: number,
  condition: Uint8Array | undefined,
  pcMode: PcMode,
): Point {
  const address = { space: 'linear', offset } as const;
  if (type === 0 || type === 1) return { kind: 'code', address, condition, pcMode };
  return { kind: 'data', address, length, access: ACCESS[type], condition, pcMode };
}
