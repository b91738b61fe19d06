/**
 * The points armed on a machine: ids, what the machine must watch for them, and which of them an event
 * really hits once conditions and scopes are looked at. Points live outside the guest: no memory of it
 * is ever changed, and a thousand cost what one costs.
 */
import { DESC_BIG } from '../isa/descriptors.ts';
import type { AccessHit } from '../machine/events.ts';
import { type AgentState, conditionHolds } from './agent-bytecode.ts';
import type { DebuggedMachine, DebuggedVcpu } from './debugged-machine.ts';
import { VcpuRegisters } from './machine-registers.ts';
import { GDB_ESP } from './register-table.ts';
import { shownRegister } from './register-view.ts';
import type { PcMode, Point } from './target.ts';

const CS = 1;
const GENERAL = 8;
/** CR3 without its cache-control bits. */
const CR3_BASE = 0xfffff000;

type Armed<Kind extends Point['kind']> = readonly [id: number, point: Extract<Point, { kind: Kind }>];

export class PointSet {
  readonly #machine: DebuggedMachine;
  readonly #points = new Map<number, Point>();
  /** Ids of code points by address. */
  readonly #code = new Map<number, number[]>();
  /** Linear addresses at which a run stops for its own purposes (`until`, stepping over). */
  #temporary: readonly number[] = [];
  #nextId = 1;
  /** Kinds whose list the machine has not been given yet. */
  readonly #stale = new Set<Point['kind']>();

  constructor(machine: DebuggedMachine) {
    this.#machine = machine;
  }

  /** The new point's id; undefined when no machine can watch for that. */
  add(point: Point): number | undefined {
    if (!isSupported(point)) return undefined;
    const id = this.#nextId++;
    this.#points.set(id, point);
    if (point.kind === 'code') {
      const ids = this.#code.get(point.address.offset);
      if (ids === undefined) this.#code.set(point.address.offset, [id]);
      else ids.push(id);
    }
    this.#stale.add(point.kind);
    return id;
  }

  remove(id: number): boolean {
    const point = this.#points.get(id);
    if (point === undefined) return false;
    this.#points.delete(id);
    if (point.kind === 'code') {
      const rest = (this.#code.get(point.address.offset) ?? []).filter((other) => other !== id);
      if (rest.length === 0) this.#code.delete(point.address.offset);
      else this.#code.set(point.address.offset, rest);
    }
    this.#stale.add(point.kind);
    return true;
  }

  /** Replaces the addresses that are the run's own and gives the machine what changed. */
  setTemporary(addresses: readonly number[]): void {
    if (this.#temporary.length > 0 || addresses.length > 0) this.#stale.add('code');
    this.#temporary = addresses;
    this.sync();
  }

  isTemporary(address: number): boolean {
    return this.#temporary.includes(address);
  }

  /** Gives the machine what changed. Called before it runs: clients arm many points one by one. */
  sync(): void {
    if (this.#stale.size === 0) return;
    for (const kind of this.#stale) this.#give(kind);
    this.#stale.clear();
  }

  /**
   * Code points at the vCPU's next instruction: they match its linear address or, in 32-bit code, its EIP: that of
   * a segment with a base is where symbols are. In 16-bit code EIP alone says nothing.
   */
  codeHits(vcpu: DebuggedVcpu): number[] {
    if (this.#code.size === 0) return [];
    const { eip } = vcpu.context;
    const linear = (vcpu.context.segmentBase(CS) + eip) >>> 0;
    const ids = this.#code.get(linear) ?? [];
    const wide = (vcpu.context.segmentAccess(CS) & DESC_BIG) !== 0;
    const byOffset = linear === eip || !wide ? [] : (this.#code.get(eip) ?? []);
    return this.#holding([...ids, ...byOffset], vcpu);
  }

  /** Those of the touched points that count. */
  accessHits(hits: readonly AccessHit[], vcpu: DebuggedVcpu): number[] {
    return this.#holding([...new Set(hits.map(({ id }) => id))], vcpu);
  }

  vectorHits(vector: number, source: 'exception' | 'interrupt' | 'software', vcpu: DebuggedVcpu): number[] {
    const matching = this.#of('vector').filter(
      ([, point]) => point.vector === vector && (point.source === 'any' || point.source === source),
    );
    return this.#holding(
      matching.map(([id]) => id),
      vcpu,
    );
  }

  modeHits(changes: readonly string[], vcpu: DebuggedVcpu): number[] {
    const matching = this.#of('mode').filter(([, point]) => changes.includes(point.change));
    return this.#holding(
      matching.map(([id]) => id),
      vcpu,
    );
  }

  get(id: number): Point | undefined {
    return this.#points.get(id);
  }

  #of<Kind extends Point['kind']>(kind: Kind): Armed<Kind>[] {
    return [...this.#points].filter(
      (entry): entry is [number, Extract<Point, { kind: Kind }>] => entry[1].kind === kind,
    );
  }

  #give(kind: Point['kind']): void {
    const machine = this.#machine;
    switch (kind) {
      case 'code': {
        const addresses = new Set(this.#code.keys());
        for (const address of this.#temporary) addresses.add(address);
        return machine.setCodePoints(addresses);
      }
      case 'data':
        return machine.setDataPoints(
          this.#of('data').map(([id, { address, length, access }]) => {
            const space = address.space === 'physical' ? 'physical' : 'linear';
            return { id, space, address: address.offset, length, access };
          }),
        );
      case 'port':
        return machine.setPortPoints(
          this.#of('port').map(([id, { port, length, access }]) => ({ id, port, length, access })),
        );
      case 'vector':
        return machine.setVectorPoints(this.#of('vector').map(([, { vector, source }]) => ({ vector, source })));
      case 'mode':
        return machine.setModePoints(this.#of('mode').map(([, { change }]) => change));
    }
  }

  #holding(ids: readonly number[], vcpu: DebuggedVcpu): number[] {
    return ids.filter((id) => {
      const point = this.#points.get(id);
      return point !== undefined && this.#holds(point, vcpu);
    });
  }

  #holds({ scope, condition, pcMode }: Point, vcpu: DebuggedVcpu): boolean {
    const { cr3, cpl } = vcpu.cpu;
    if (scope?.cr3 !== undefined && ((scope.cr3 ^ cr3) & CR3_BASE) !== 0) return false;
    if (scope?.cpl !== undefined && scope.cpl !== cpl) return false;
    if (condition === undefined) return true;
    return conditionHolds(condition, new VcpuAgentState(vcpu, this.#machine.steps, pcMode ?? 'offset'));
  }
}

function isSupported(point: Point): boolean {
  if (point.kind === 'code') return point.address.space === 'linear';
  return point.kind !== 'data' || point.address.space !== 'port';
}

/** What a condition sees of a vCPU. */
class VcpuAgentState implements AgentState {
  readonly #vcpu: DebuggedVcpu;
  readonly #steps: number;
  readonly #mode: PcMode;

  constructor(vcpu: DebuggedVcpu, steps: number, mode: PcMode) {
    this.#vcpu = vcpu;
    this.#steps = steps;
    this.#mode = mode;
  }

  register(number: number): bigint | undefined {
    // The common ones without anything made for them.
    if (number < GENERAL && number !== GDB_ESP) return BigInt(this.#vcpu.context.register(number));
    return this.#viewed(number);
  }

  memory(address: number, length: number): Uint8Array {
    return this.#vcpu.space.readLinear(address, length);
  }

  #viewed(number: number): bigint | undefined {
    const value = shownRegister(new VcpuRegisters(this.#vcpu, this.#steps), number, this.#mode);
    return typeof value === 'number' ? BigInt(value) : undefined;
  }
}
