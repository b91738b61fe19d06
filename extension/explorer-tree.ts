/**
 * The tree below the scope Machine: nodes by name, and the numbers that a client knows them by. A node reads
 * the machine anew each time it is listed and keeps its number, so that the client's tree stays open from
 * stop to stop.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';

export type Variable = DebugProtocol.Variable;

/** The part of a long list that the client shows. */
export interface Range {
  readonly start: number;
  /** Infinity: to the end. */
  readonly count: number;
}

export interface Node {
  list(range: Range): Promise<Variable[]>;
  /** Writes the child of this name. Absent: all of it is read-only. @throws RequestError */
  set?(name: string, value: bigint): Promise<void>;
}

/** References below belong to other scopes. */
const FIRST = 0x4000_0000;

export class ExplorerTree {
  private readonly nodes: Node[] = [];
  private readonly byName = new Map<string, number>();

  static owns(reference: number): boolean {
    return reference >= FIRST;
  }

  /** The number of the node of this name. */
  open(name: string, node: Node): number {
    const known = this.byName.get(name);
    const index = known ?? this.nodes.length;
    this.nodes[index] = node;
    this.byName.set(name, index);
    return FIRST + index;
  }

  find(reference: number): Node | undefined {
    return this.nodes[reference - FIRST];
  }
}

/** A child that has no children and cannot be written. */
export function fact(name: string, value: string, more: Partial<Variable> = {}): Variable {
  return { name, value, variablesReference: 0, presentationHint: { attributes: ['readOnly'] }, ...more };
}

/** A child that can be written. */
export function field(name: string, value: string, more: Partial<Variable> = {}): Variable {
  return { name, value, variablesReference: 0, ...more };
}

export function slice<T>(items: readonly T[], { start, count }: Range): T[] {
  return items.slice(start, start + count);
}
