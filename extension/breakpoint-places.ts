/**
 * Where a function breakpoint goes. The name field takes more than a symbol:
 *   main   *0x1234   0x1234   cs:0x10   07c0:0012   int 0x80   port 0x3f8   mode protected|real|paging|cpl|cr3
 */
import { ExpressionError, evaluate, linear, type Point } from '../core/index.ts';
import type { Debuggee } from './debuggee.ts';
import { spelledOut } from './memory.ts';
import { RequestError } from './protocol-error.ts';

const MODES = ['protected', 'real', 'paging', 'cpl', 'cr3'] as const;

/** @throws RequestError, ExpressionError with a line for the user */
export async function functionPoints(name: string, debuggee: Debuggee): Promise<Point[]> {
  const event = /^\s*(int|port|mode)\s+(\S.*)$/.exec(name);
  if (event !== null) return [await eventPoint(event[1], event[2].trim(), debuggee)];
  const addresses = debuggee.functionBreakAddresses(name.trim());
  if (addresses.length > 0) return addresses.map((address) => ({ kind: 'code', address: linear(address) }));
  // `*0x1234` is how gdb writes an address; without the star the expression is the address itself.
  const text = spelledOut(name.trim().replace(/^\*/, ''));
  const { value } = await evaluate(text, await debuggee.evaluateContext()).catch((error: unknown) => {
    if (error instanceof ExpressionError && /^\w+$/.test(text)) throw new RequestError(`no symbol is called ${text}`);
    throw error;
  });
  return [{ kind: 'code', address: linear(Number(BigInt.asUintN(32, value))) }];
}

async function eventPoint(kind: string, operand: string, debuggee: Debuggee): Promise<Point> {
  if (kind === 'mode') {
    const change = MODES.find((mode) => mode === operand);
    if (change === undefined) throw new RequestError(`mode is one of ${MODES.join(', ')}`);
    return { kind: 'mode', change };
  }
  // Interrupt numbers are often written with a trailing h.
  const digits = /^([0-9a-fA-F]+)h$/.exec(operand);
  const { value } = await evaluate(digits === null ? operand : `0x${digits[1]}`, await debuggee.evaluateContext());
  const limit = kind === 'int' ? 0xffn : 0xffffn;
  if (value < 0n || value > limit) throw new RequestError(`${kind} must be 0 to 0x${limit.toString(16)}`);
  if (kind === 'int') return { kind: 'vector', vector: Number(value), source: 'software' };
  return { kind: 'port', port: Number(value), length: 1, access: 'access' };
}
