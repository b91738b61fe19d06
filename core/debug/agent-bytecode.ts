/**
 * Evaluates GDB agent expressions (GDB manual, appendix F): the one form in which conditions reach the
 * machine, whoever wrote them. Values are 64 bits; every evaluation is bounded, and a program that
 * underflows, divides by zero or reads unmapped memory has no value.
 */
import {
  ADD,
  BIT_AND,
  BIT_NOT,
  BIT_OR,
  BIT_XOR,
  CONST8,
  CONST64,
  DIV_SIGNED,
  DIV_UNSIGNED,
  DUP,
  END,
  EQUAL,
  EXT,
  GOTO,
  IF_GOTO,
  LESS_SIGNED,
  LESS_UNSIGNED,
  LOG_NOT,
  LSH,
  MUL,
  PICK,
  POP,
  REF8,
  REF64,
  REG,
  REM_SIGNED,
  REM_UNSIGNED,
  ROT,
  RSH_SIGNED,
  RSH_UNSIGNED,
  SUB,
  SWAP,
  ZERO_EXT,
} from './agent-opcodes.ts';

/** What an expression may look at. */
export interface AgentState {
  /** Register by GDB number; undefined when there is none. */
  register(number: number): bigint | undefined;
  /** `length` bytes at a linear address; undefined when not all are mapped. */
  memory(address: number, length: number): Uint8Array | undefined;
}

/** Instructions one evaluation may execute; gdb's own programs are far shorter. */
export const MAX_AGENT_STEPS = 10_000;
const MAX_STACK = 256;

const unsigned = (value: bigint) => BigInt.asUintN(64, value);
const signed = (value: bigint) => BigInt.asIntN(64, value);
const truth = (value: boolean) => (value ? 1n : 0n);

/** Binary operators over `a op b`, b on top; undefined = no value. Values rest as unsigned 64 bits. */
const BINARY: ReadonlyMap<number, (a: bigint, b: bigint) => bigint | undefined> = new Map([
  [ADD, (a, b) => a + b],
  [SUB, (a, b) => a - b],
  [MUL, (a, b) => a * b],
  [DIV_SIGNED, (a, b) => (b === 0n ? undefined : signed(a) / signed(b))],
  [DIV_UNSIGNED, (a, b) => (b === 0n ? undefined : a / b)],
  [REM_SIGNED, (a, b) => (b === 0n ? undefined : signed(a) % signed(b))],
  [REM_UNSIGNED, (a, b) => (b === 0n ? undefined : a % b)],
  [LSH, (a, b) => (b > 63n ? 0n : a << b)],
  [RSH_SIGNED, (a, b) => signed(a) >> (b > 63n ? 63n : b)],
  [RSH_UNSIGNED, (a, b) => (b > 63n ? 0n : a >> b)],
  [BIT_AND, (a, b) => a & b],
  [BIT_OR, (a, b) => a | b],
  [BIT_XOR, (a, b) => a ^ b],
  [EQUAL, (a, b) => truth(a === b)],
  [LESS_SIGNED, (a, b) => truth(signed(a) < signed(b))],
  [LESS_UNSIGNED, (a, b) => truth(a < b)],
] satisfies [number, (a: bigint, b: bigint) => bigint | undefined][]);

/** The value left on top at `end`, as an unsigned 64-bit number; undefined when there is none. */
export function evaluateAgent(code: Uint8Array, state: AgentState): bigint | undefined {
  const stack: bigint[] = [];
  let pc = 0;
  for (let step = 0; step < MAX_AGENT_STEPS && pc < code.length; step++) {
    if (code[pc] === END) return stack.at(-1);
    const next = stepAgent(code, pc, stack, state);
    if (next === undefined || stack.length > MAX_STACK) return undefined;
    pc = next;
  }
  return undefined;
}

/** Whether a condition holds. One without a value holds: a stop too many can be seen, one too few cannot. */
export function conditionHolds(code: Uint8Array, state: AgentState): boolean {
  return evaluateAgent(code, state) !== 0n;
}

/** Executes the instruction at `pc` and answers where the next one is; undefined ends the evaluation. */
function stepAgent(code: Uint8Array, pc: number, stack: bigint[], state: AgentState): number | undefined {
  const op = code[pc];
  const binary = BINARY.get(op);
  if (binary !== undefined) {
    const b = stack.pop();
    const a = stack.pop();
    const value = a === undefined || b === undefined ? undefined : binary(a, b);
    if (value === undefined) return undefined;
    stack.push(unsigned(value));
    return pc + 1;
  }
  if (op >= CONST8 && op <= CONST64) {
    const size = 1 << (op - CONST8);
    const value = bigEndian(code, pc + 1, size);
    if (value === undefined) return undefined;
    stack.push(value);
    return pc + 1 + size;
  }
  if (op === REG) {
    const number = bigEndian(code, pc + 1, 2);
    const value = number === undefined ? undefined : state.register(Number(number));
    if (value === undefined) return undefined;
    stack.push(unsigned(value));
    return pc + 3;
  }
  if (op === GOTO) return jump(code, pc);
  const top = stack.pop();
  if (top === undefined) return undefined;
  return unary(code, pc, top, stack, state);
}

/** Instructions that take the top of the stack. */
function unary(code: Uint8Array, pc: number, top: bigint, stack: bigint[], state: AgentState): number | undefined {
  const op = code[pc];
  if (op >= REF8 && op <= REF64) {
    const size = 1 << (op - REF8);
    const bytes = state.memory(Number(BigInt.asUintN(32, top)), size);
    if (bytes === undefined || bytes.length < size) return undefined;
    stack.push(bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n));
    return pc + 1;
  }
  switch (op) {
    case LOG_NOT:
      stack.push(truth(top === 0n));
      return pc + 1;
    case BIT_NOT:
      stack.push(unsigned(~top));
      return pc + 1;
    case EXT:
      stack.push(unsigned(BigInt.asIntN(code[pc + 1] ?? 0, top)));
      return pc + 2;
    case ZERO_EXT:
      stack.push(BigInt.asUintN(code[pc + 1] ?? 0, top));
      return pc + 2;
    case IF_GOTO:
      return top === 0n ? pc + 3 : jump(code, pc);
    case DUP:
      stack.push(top, top);
      return pc + 1;
    case POP:
      return pc + 1;
    case SWAP: {
      const below = stack.pop();
      if (below === undefined) return undefined;
      stack.push(top, below);
      return pc + 1;
    }
    case PICK: {
      stack.push(top);
      const picked = stack.at(-1 - (code[pc + 1] ?? 0));
      if (picked === undefined) return undefined;
      stack.push(picked);
      return pc + 2;
    }
    case ROT: {
      // a b c -> c a b, c on top before.
      const b = stack.pop();
      const a = stack.pop();
      if (a === undefined || b === undefined) return undefined;
      stack.push(top, a, b);
      return pc + 1;
    }
    default:
      // Floating point, tracing and state variables: gdb does not use them in conditions on this target.
      return undefined;
  }
}

function jump(code: Uint8Array, pc: number): number | undefined {
  const target = bigEndian(code, pc + 1, 2);
  return target === undefined ? undefined : Number(target);
}

function bigEndian(code: Uint8Array, at: number, size: number): bigint | undefined {
  if (at + size > code.length) return undefined;
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(code[at + i]);
  return value;
}
