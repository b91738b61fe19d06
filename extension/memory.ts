/** Memory references (`0x…` linear, `phys:0x…`, `port:0x…`, `seg:off`), and reading and writing behind them. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { type Address, evaluate, hex0x } from '../core/index.ts';
import { integer, type Json, required } from './arguments.ts';
import type { Debuggee } from './debuggee.ts';
import { RequestError } from './protocol-error.ts';

/** Longest read that is answered in one piece; what is beyond it is left to further requests. */
const MAX_READ = 1 << 20;
const LAST = 0x1_0000_0000;

/** `07c0:0012`, hexadecimal without a prefix as stack frames show it, in the form expressions have. */
export function spelledOut(text: string): string {
  const pair = /^\s*([0-9a-f]{1,4}):([0-9a-f]{1,8})\s*$/i.exec(text);
  return pair === null ? text : `0x${pair[1]}:0x${pair[2]}`;
}

/** @throws RequestError, ExpressionError */
export async function parseReference(reference: string, debuggee: Debuggee): Promise<Address> {
  const spaced = /^\s*(phys|port):(.*)$/i.exec(reference);
  const expression = spaced === null ? reference : spaced[2];
  const value = (await evaluate(spelledOut(expression), await debuggee.evaluateContext())).value;
  const offset = Number(BigInt.asUintN(32, value));
  if (spaced === null) return { space: 'linear', offset };
  return { space: spaced[1].toLowerCase() === 'port' ? 'port' : 'physical', offset };
}

export function formatReference(address: Address): string {
  const prefix = address.space === 'linear' ? '' : address.space === 'port' ? 'port:' : 'phys:';
  return prefix + hex0x(address.offset);
}

/** The reference moved by `offset` bytes; undefined when that leaves the address space. */
async function moved(args: Json, debuggee: Debuggee): Promise<Address | undefined> {
  const base = await parseReference(required(args.memoryReference, 'memoryReference'), debuggee);
  const offset = base.offset + integer(args.offset);
  return offset >= 0 && offset < LAST ? { ...base, offset } : undefined;
}

export async function readMemory(args: Json, debuggee: Debuggee): Promise<DebugProtocol.ReadMemoryResponse['body']> {
  const wanted = Math.max(integer(args.count), 0);
  const address = await moved(args, debuggee);
  if (address === undefined) return { address: '0x00000000', unreadableBytes: wanted };
  const count = Math.min(wanted, MAX_READ, LAST - address.offset);
  const bytes = count === 0 ? new Uint8Array(0) : await debuggee.target.readMemory(address, count);
  const missing = wanted - bytes.length;
  return {
    address: formatReference(address),
    data: toBase64(bytes),
    unreadableBytes: missing > 0 ? missing : undefined,
  };
}

export async function writeMemory(args: Json, debuggee: Debuggee): Promise<DebugProtocol.WriteMemoryResponse['body']> {
  const bytes = fromBase64(required(args.data, 'data'));
  const address = await moved(args, debuggee);
  if (address === undefined) throw new RequestError('the address is outside of memory');
  const written = bytes.length === 0 ? 0 : await debuggee.target.writeMemory(address, bytes);
  debuggee.invalidate();
  if (written < bytes.length && args.allowPartial !== true) {
    throw new RequestError(
      `only ${written} of ${bytes.length} bytes could be written at ${formatReference(address)}: the rest is not mapped or read-only`,
    );
  }
  return { bytesWritten: written };
}

// Both hosts have btoa and atob; Buffer is Node's alone.
function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new RequestError('the data is not base64');
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
