/**
 * Prints a function body that our writer made as folded WebAssembly text, one statement a line. Knows the
 * instructions that core/wasm/opcodes.ts has, and calls by the signatures it is given.
 */
import * as op from '../../core/wasm/opcodes.ts';

export interface Signature {
  readonly name: string;
  readonly parameters: number;
  readonly result: boolean;
}

const names = new Map<number, string>();
for (const [name, code] of Object.entries(op)) {
  if (typeof code !== 'number' || ['I32', 'I64', 'VOID'].includes(name)) continue;
  // I32_LOAD8_U -> i32.load8_u, LOCAL_GET -> local.get, BR_TABLE -> br_table
  names.set(code, name.toLowerCase().replace(/^(i32|i64|local)_/, '$1.'));
}

const isLoad = (code: number) => code >= op.I32_LOAD && code < op.I32_STORE;
const isStore = (code: number) => code >= op.I32_STORE && code <= op.I32_STORE16 + 3;
const UNARY = /eqz|clz|ctz|popcnt|extend|wrap/;

class Reader {
  at = 0;
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.bytes[this.at++];
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  signed(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = BigInt(this.byte());
      value |= (byte & 0x7fn) << shift;
      if (byte < 0x80n) return BigInt.asIntN(Number(shift) + 7, value);
    }
  }
}

const WIDTH = 110;

/** Breaks an expression that is too long before its operands. */
function wrap(text: string, indent: string): string[] {
  if (indent.length + text.length <= WIDTH || text.startsWith('(if ')) return [indent + text];
  const operands: string[] = [];
  let depth = 0;
  let start = text.indexOf(' (');
  const head = text.slice(0, start);
  for (let at = start; at < text.length - 1; at++) {
    if (text[at] === '(' && depth++ === 0) start = at;
    if (text[at] === ')' && --depth === 0) operands.push(text.slice(start, at + 1));
  }
  const lines = operands.flatMap((operand) => wrap(operand, `${indent}  `));
  lines[lines.length - 1] += ')';
  return [indent + head, ...lines];
}

/**
 * @param code instructions, without local declarations and final end
 * @param locals names of the first locals (parameters); others are `$t0`, `$t1`, …
 */
export function wasmText(code: Uint8Array, locals: readonly string[], functions: readonly Signature[]): string[] {
  const reader = new Reader(code);
  const lines: string[] = [];
  const stack: string[] = [];
  let depth = 0;
  const say = (text: string) => lines.push(...wrap(text, '  '.repeat(depth)));
  const local = () => {
    const index = reader.unsigned();
    return `$${locals[index] ?? `t${index - locals.length}`}`;
  };
  const memory = (name: string) => {
    reader.byte();
    const offset = reader.unsigned();
    return offset === 0 ? name : `${name} offset=0x${offset.toString(16)}`;
  };
  const take = (count: number) => stack.splice(stack.length - count, count).join(' ');

  while (reader.at < code.length) {
    const byte = reader.byte();
    const name = names.get(byte);
    if (name === undefined) throw new Error(`no name for opcode ${byte.toString(16)}`);
    if (byte === op.LOCAL_GET) stack.push(`(local.get ${local()})`);
    else if (byte === op.LOCAL_SET) say(`(local.set ${local()} ${take(1)})`);
    else if (byte === op.LOCAL_TEE) stack.push(`(local.tee ${local()} ${take(1)})`);
    else if (byte === op.I32_CONST || byte === op.I64_CONST) stack.push(`(${name} ${reader.signed()})`);
    else if (isLoad(byte)) stack.push(`(${memory(name)} ${take(1)})`);
    else if (isStore(byte)) say(`(${memory(name)} ${take(2)})`);
    else if (byte === op.BLOCK || byte === op.LOOP || byte === op.IF) {
      reader.byte();
      say(byte === op.IF ? `(if ${take(1)}` : `(${name}`);
      depth++;
    } else if (byte === op.ELSE) {
      depth--;
      say('else');
      depth++;
    } else if (byte === op.END) {
      depth--;
      say(')');
    } else if (byte === op.BR) say(`(br ${reader.unsigned()})`);
    else if (byte === op.BR_IF) say(`(br_if ${reader.unsigned()} ${take(1)})`);
    else if (byte === op.RETURN) say(stack.length > 0 ? `(return ${take(1)})` : '(return)');
    else if (byte === op.CALL) {
      const { name: callee, parameters, result } = functions[reader.unsigned()];
      const call = `(call $${callee} ${take(parameters)})`;
      if (result) stack.push(call);
      else say(call);
    } else if (byte === op.DROP) say(`(drop ${take(1)})`);
    else if (byte === op.UNREACHABLE) say('(unreachable)');
    else stack.push(`(${name} ${take(byte === op.SELECT ? 3 : UNARY.test(name) ? 1 : 2)})`);
  }
  return lines;
}
