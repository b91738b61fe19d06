/**
 * Variables of the program as a client shows them: the scopes of a frame, and objects that open into their
 * members. References are given out as they are asked for and are good until the guest runs again.
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import {
  type Child,
  childCount,
  childrenOf,
  type DataObject,
  type FormatContext,
  formatObject,
  hex0x,
  loadObject,
  plain,
  type ScopeVariable,
  StorageError,
  storageReader,
  typeName,
} from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { RequestError } from './protocol-error.ts';
import type { ScopeKind } from './variable-references.ts';

type Variable = DebugProtocol.Variable;

/** Children that are shown when the client does not say how many it wants. */
const MAX_CHILDREN = 10_000;

export async function formatContext(debuggee: Debuggee, frame: number): Promise<FormatContext> {
  const context = { registers: await debuggee.registersIn(frame), readMemory: debuggee.readMemory.bind(debuggee) };
  return { reader: storageReader(context), symbolAt: (address) => debuggee.symbolAt(address) };
}

/** Arguments, Locals and Globals of a frame, as far as it has any. */
export async function programScopes(frame: number, debuggee: Debuggee): Promise<DebugProtocol.Scope[]> {
  const scope = await debuggee.scopeIn(frame);
  if (!scope.isKnown) return [];
  const entry = (name: string, kind: ScopeKind, hint?: string): DebugProtocol.Scope => ({
    name,
    presentationHint: hint,
    variablesReference: debuggee.references.add({ kind: 'scope', frame, scope: kind }, debuggee.target.lastStop),
    expensive: false,
  });
  const scopes = scope.hasArguments ? [entry('Arguments', 'arguments', 'arguments')] : [];
  return [...scopes, entry('Locals', 'locals', 'locals'), { ...entry('Globals', 'globals'), expensive: true }];
}

export interface NamedObject {
  readonly name: string;
  readonly object: DataObject;
  readonly expression: string | undefined;
}

/** What a reference of ours opens into, from `start` on. @throws RequestError */
export async function programVariables(
  reference: number,
  start: number,
  count: number,
  debuggee: Debuggee,
): Promise<Variable[]> {
  const { frame, list } = await listed(reference, start, count > 0 ? count : MAX_CHILDREN, debuggee);
  const context = await formatContext(debuggee, frame);
  const shown: Variable[] = [];
  for (const item of list) shown.push(await presentObject(item, frame, debuggee, context));
  return shown;
}

async function listed(
  reference: number,
  start: number,
  count: number,
  debuggee: Debuggee,
): Promise<{ frame: number; list: NamedObject[] }> {
  const node = debuggee.references.get(reference, debuggee.target.lastStop);
  if (node === undefined) throw new RequestError(`there are no variables ${reference}`);
  if (node.kind === 'scope') {
    const scope = await debuggee.scopeIn(node.frame);
    const all = await (node.scope === 'arguments'
      ? scope.arguments()
      : node.scope === 'locals'
        ? scope.locals()
        : scope.globals());
    return { frame: node.frame, list: all.slice(start, start + count).map(named) };
  }
  const { reader } = await formatContext(debuggee, node.frame);
  try {
    const children = await childrenOf(node.object, reader, start, count);
    return { frame: node.frame, list: children.map((child) => childOf(child, node.expression)) };
  } catch (error) {
    if (error instanceof StorageError) throw new RequestError(error.message.replace(/^<(.*)>$/, '$1'));
    throw error;
  }
}

/** A variable that another hides has no expression of its own. */
function named(variable: ScopeVariable): NamedObject {
  const { name, isShadowed } = variable;
  return { name: isShadowed ? `${name} (hidden)` : name, object: variable, expression: isShadowed ? undefined : name };
}

function childOf(child: Child, parent: string | undefined): NamedObject {
  return { name: child.name, object: child.object, expression: childExpression(child, parent) };
}

function childExpression({ path }: Child, parent: string | undefined): string | undefined {
  if (parent === undefined) return undefined;
  if (path === '*') return `*${grouped(parent)}`;
  // What has no name of its own: its members are its parent's.
  return path === '' ? parent : `${grouped(parent)}${path}`;
}

function grouped(expression: string): string {
  return /^[\w.:$[\]]+$|^[\w.:$]+(->|\.|\[|\])[\w.:$>\-[\]]*$/.test(expression) ? expression : `(${expression})`;
}

/** An object as a line of a tree. */
export async function presentObject(
  { name, object, expression }: NamedObject,
  frame: number,
  debuggee: Debuggee,
  context: FormatContext,
): Promise<Variable> {
  const value = await formatObject(object, context);
  const isWritable = object.storage.kind === 'memory' || object.storage.kind === 'register';
  return {
    name,
    value,
    type: typeName(object.type),
    ...openable(object, expression, frame, debuggee),
    evaluateName: expression,
    memoryReference: await memoryReference(object, context),
    presentationHint: isWritable ? undefined : { attributes: ['readOnly'] },
  };
}

/** The reference behind which the parts of an object are, and how many there are. */
export function openable(
  object: DataObject,
  expression: string | undefined,
  frame: number,
  debuggee: Debuggee,
): { variablesReference: number; namedVariables?: number; indexedVariables?: number } {
  const { named: members, indexed } = childCount(object.type);
  if (members + indexed === 0 || object.storage.kind === 'absent') return { variablesReference: 0 };
  const node = { kind: 'object', frame, object, expression } as const;
  return {
    variablesReference: debuggee.references.add(node, debuggee.target.lastStop),
    namedVariables: members > 0 ? members : undefined,
    indexedVariables: indexed > 0 ? indexed : undefined,
  };
}

/** Memory behind an object: what a pointer points to, else where it lies. */
async function memoryReference(object: DataObject, context: FormatContext): Promise<string | undefined> {
  if (plain(object.type).kind === 'pointer') {
    try {
      const value = await loadObject(object, context.reader);
      if (plain(value.type).kind === 'pointer') return hex0x(Number(BigInt.asUintN(32, value.value)));
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }
  return object.storage.kind === 'memory' ? hex0x(object.storage.address) : undefined;
}

/** The variable of this name behind a reference. @throws RequestError */
export async function findVariable(
  reference: number,
  name: string,
  debuggee: Debuggee,
): Promise<NamedObject & { frame: number }> {
  const index = /^\[(\d+)\]$/.exec(name);
  const { frame, list } = await listed(
    reference,
    index === null ? 0 : Number(index[1]),
    index === null ? MAX_CHILDREN : 1,
    debuggee,
  );
  const found = list.find((item) => item.name === name);
  if (found === undefined) throw new RequestError(`there is no variable ${name}`);
  return { ...found, frame };
}
