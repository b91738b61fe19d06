/** Numbers that a client knows openable things by; they are good until the guest runs again. */
import type { DataObject } from '../core/index.ts';

/** References below are those of the registers. */
export const FIRST_REFERENCE = 100_000;
/** The explorer's are above. */
const LAST_REFERENCE = 0x4000_0000;
const MAX_REFERENCES = 1_000_000;

export type ScopeKind = 'arguments' | 'locals' | 'globals';
/** What a number stands for. */
export type Node =
  | { readonly kind: 'scope'; readonly frame: number; readonly scope: ScopeKind }
  | {
      readonly kind: 'object';
      readonly frame: number;
      readonly object: DataObject;
      /** An expression for it; undefined where there is none. */
      readonly expression: string | undefined;
    };

export class VariableReferences {
  private readonly nodes = new Map<number, Node>();
  private next = FIRST_REFERENCE;
  private stop: unknown;

  /** @param stop identifies the stop at which the references are good */
  add(node: Node, stop: unknown): number {
    this.expire(stop);
    if (this.nodes.size >= MAX_REFERENCES) return 0;
    this.nodes.set(this.next, node);
    return this.next++;
  }

  get(reference: number, stop: unknown): Node | undefined {
    this.expire(stop);
    return this.nodes.get(reference);
  }

  private expire(stop: unknown): void {
    if (stop === this.stop) return;
    this.stop = stop;
    this.nodes.clear();
    if (this.next > LAST_REFERENCE - MAX_REFERENCES) this.next = FIRST_REFERENCE;
  }
}
