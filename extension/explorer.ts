/**
 * The scope Machine: descriptor tables, the task state segment, control registers, paging and devices as
 * variables, so that every client has them without views of its own.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluate, hex0x } from '../core/index.ts';
import { integer, type Json, required } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { controlVariables } from './explorer-control.ts';
import { devicesNode } from './explorer-devices.ts';
import { pagingNode, walkVariable } from './explorer-paging.ts';
import { tableVariables } from './explorer-tables.ts';
import { ExplorerTree, fact, type Node, type Range, slice, type Variable } from './explorer-tree.ts';
import { RequestError } from './protocol-error.ts';

const WALK = /^\s*(?:info\s+)?walk\s+(\S.*)$/s;
const ALL: Range = { start: 0, count: Number.POSITIVE_INFINITY };

export class Explorer {
  private readonly debuggee: Debuggee;
  private readonly tree = new ExplorerTree();

  constructor(debuggee: Debuggee) {
    this.debuggee = debuggee;
  }

  /** The other scopes and, in the innermost frame, this one: it shows where the machine is now. */
  async below(
    others: DebugProtocol.ScopesResponse['body'] | Promise<DebugProtocol.ScopesResponse['body']>,
    args: Json,
  ): Promise<DebugProtocol.ScopesResponse['body']> {
    const { scopes } = await others;
    if (integer(args.frameId, 1) > 1) return { scopes };
    const variablesReference = this.tree.open('machine', this.root());
    return { scopes: [...scopes, { name: 'Machine', variablesReference, expensive: true }] };
  }

  owns(args: Json): boolean {
    return ExplorerTree.owns(integer(args.variablesReference));
  }

  async variables(args: Json): Promise<DebugProtocol.VariablesResponse['body']> {
    const start = Math.max(integer(args.start), 0);
    const count = integer(args.count);
    const range = { start, count: count > 0 ? count : Number.POSITIVE_INFINITY };
    return { variables: await this.node(args).list(range) };
  }

  async setVariable(args: Json): Promise<DebugProtocol.SetVariableResponse['body']> {
    const node = this.node(args);
    const name = required(args.name, 'name');
    if (node.set === undefined) throw new RequestError(`${name} cannot be written`);
    const { value } = await evaluate(required(args.value, 'value'), await this.debuggee.evaluateContext());
    try {
      await node.set(name, value);
    } finally {
      this.debuggee.invalidate();
    }
    const after = (await node.list(ALL)).find((variable) => variable.name === name);
    return { value: after?.value ?? '', variablesReference: 0, memoryReference: after?.memoryReference };
  }

  /** `walk ADDRESS`; undefined when it is something else. */
  async evaluate(args: Json): Promise<DebugProtocol.EvaluateResponse['body'] | undefined> {
    const match = WALK.exec(required(args.expression, 'expression'));
    if (match === null || args.context === 'hover') return undefined;
    const context = await this.debuggee.evaluateContext(Math.max(integer(args.frameId, 1) - 1, 0));
    const { value } = await evaluate(match[1], context);
    const linear = Number(BigInt.asUintN(32, value));
    const walk = await walkVariable(hex0x(linear), linear, this.debuggee, this.tree);
    return { result: walk.value, variablesReference: walk.variablesReference, memoryReference: walk.memoryReference };
  }

  private node(args: Json): Node {
    const node = this.tree.find(integer(args.variablesReference));
    if (node === undefined) throw new RequestError(`there are no variables ${args.variablesReference}`);
    return node;
  }

  private root(): Node {
    return {
      list: async (range) => {
        const { debuggee, tree } = this;
        const registers = await debuggee.registers();
        const branch = (name: string, value: string, node: Node): Variable =>
          fact(name, value, { variablesReference: tree.open(name, node) });
        const all = [
          ...tableVariables(debuggee, tree, registers),
          ...controlVariables(debuggee, tree, registers),
          branch(
            'Paging',
            registers.cr0 >>> 31 ? `on, CR3 ${hex0x(registers.cr3)}` : 'off',
            pagingNode(debuggee, tree),
          ),
        ];
        if (debuggee.target.devices !== undefined) all.push(branch('Devices', '', devicesNode(debuggee, tree)));
        return slice(all, range);
      },
    };
  }
}
