/**
 * Data breakpoints: which bytes of memory an expression or an address names, and the id that a client keeps
 * them by (`0x1000,4`, `phys:0xb8000,2`).
 */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { evaluate, hex0x, type Point, sizeOf } from '../core/index.ts';
import { integer, type Json, required, text } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { formatReference, parseReference } from './memory.ts';
import { findVariable } from './program-variables.ts';
import { errorLine, RequestError } from './protocol-error.ts';
import { FIRST_REFERENCE } from './variable-references.ts';

type Info = DebugProtocol.DataBreakpointInfoResponse['body'];

const ACCESS = { read: 'read', write: 'write', readWrite: 'access' } as const;
const MAX_BYTES = 1 << 20;

/** What can be watched under a name; a null id says why nothing can. */
export async function dataBreakpointInfo(args: Json, debuggee: Debuggee): Promise<Info> {
  const name = required(args.name, 'name');
  const bytes = integer(args.bytes);
  if (bytes < 0 || bytes > MAX_BYTES) return { dataId: null, description: `a range has 1 to ${MAX_BYTES} bytes` };
  try {
    if (args.asAddress === true) {
      const address = await parseReference(name, debuggee);
      if (address.space === 'port') return { dataId: null, description: 'use a function breakpoint: port 0x3f8' };
      return info(formatReference(address), bytes || 1);
    }
    const reference = integer(args.variablesReference);
    if (reference >= FIRST_REFERENCE) {
      const { storage, type } = (await findVariable(reference, name, debuggee)).object;
      if (storage.kind !== 'memory') return { dataId: null, description: `${name} is not in memory` };
      return info(hex0x(storage.address), bytes || sizeOf(type) || 1);
    }
    if (reference > 0) return { dataId: null, description: `${name} is a register` };
    const { place } = await evaluate(name, await debuggee.evaluateContext(Math.max(integer(args.frameId, 1) - 1, 0)));
    if (place?.kind !== 'memory') return { dataId: null, description: `${name} is not in memory` };
    return info(hex0x(place.address), bytes || place.size);
  } catch (error) {
    return { dataId: null, description: errorLine(error) };
  }
}

function info(reference: string, length: number): Info {
  const description = `${length} ${length === 1 ? 'byte' : 'bytes'} at ${reference}`;
  return {
    dataId: `${reference},${length}`,
    description,
    accessTypes: ['read', 'write', 'readWrite'],
    canPersist: true,
  };
}

/** @throws RequestError */
export async function dataPoint(wanted: Json, debuggee: Debuggee): Promise<Point> {
  const match = /^(.+),(\d+)$/.exec(required(wanted.dataId, 'dataId'));
  const length = Number(match?.[2]);
  if (match === null || length < 1 || length > MAX_BYTES)
    throw new RequestError(`not a range of memory: ${text(wanted.dataId)}`);
  const address = await parseReference(match[1], debuggee);
  if (address.space === 'port') throw new RequestError('ports are not memory');
  const type = text(wanted.accessType, 'write');
  if (type !== 'read' && type !== 'write' && type !== 'readWrite')
    throw new RequestError(`unknown access type: ${type}`);
  return { kind: 'data', address, length, access: ACCESS[type] };
}
